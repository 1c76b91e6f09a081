/**
 * The exposure clock on the page of its patch: by organization, each appliance that is exposed and why, for whom the patch
 * is not meant and why; and a form for what its advisory says.
 */
import { SEVERITIES } from '../core/exposure/advisory.ts'
import type { ExposureDetail } from '../core/exposure/exposure-views.ts'
import { OrganizationTable } from './exposure-labels.tsx'
import { Fact } from './facts.tsx'
import { ActionForm, SelectField, TextField } from './form-fields.tsx'
import { Card } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { IfMay } from './reader.tsx'
import { applianceNamed, counted, duration, patchAddress, patchTitle, sentence, whatItHas } from './words.ts'

const SHOWN = 50
const OPEN_AT_MOST = 4

export const ExposureCard = ({ exposure }: { exposure: ExposureDetail }) => (
  <Card id="exposure" title="Exposure">
    <div data-live="exposure" data-operation="showExposure">
      <dl class="pf-v6-c-description-list pm-facts">
        <Fact term="Severity">{exposure.severity ?? 'not set'}</Fact>
        <Fact term="Advisory">
          {exposure.reference === '' ? 'none named' : exposure.reference}
          {exposure.publishedAt !== null && (
            <>
              , published <Moment at={exposure.publishedAt} />
            </>
          )}
        </Fact>
        <Fact term="Clock runs from">
          <Moment at={exposure.clockSince} />
          {exposure.publishedAt === null && ', its upload'}
        </Fact>
        <Fact term="Due">
          {exposure.clockDueAt === null ? 'no due date' : <Moment at={exposure.clockDueAt} />}
          {exposure.overdueSeconds > 0 && `, overdue by ${duration(exposure.overdueSeconds)}`}
        </Fact>
      </dl>
      <OrganizationTable name={patchTitle(exposure.patch)} organizations={exposure.organizations} />
      {exposure.appliances.length > 0 && <Exposed appliances={exposure.appliances} />}
      {exposure.notMeant.length > 0 && <NotMeant appliances={exposure.notMeant} />}
    </div>
    <IfMay do="set-advisories">
      <details id="advisory">
        <summary>Say what it is for</summary>
        <AdvisoryForm exposure={exposure} />
      </details>
    </IfMay>
  </Card>
)

const Exposed = ({ appliances }: Pick<ExposureDetail, 'appliances'>) => (
  <details id="exposed-appliances" open={appliances.length <= OPEN_AT_MOST}>
    <summary>{counted(appliances.length, 'exposed appliance')}</summary>
    <ul class="pm-appliances" role="list">
      {appliances.slice(0, SHOWN).map(({ name, organization, since, joinedLate, installedVersion, ...one }) => (
        <li>
          <a class="pm-name" href={applianceNamed(name)}>
            {name}
          </a>
          <span class="pm-quiet">
            {organization}, {whatItHas(installedVersion)}, since <Moment at={since} />
            {joinedLate && ', when it joined'}
            {one.overdueSeconds > 0 && `, overdue by ${duration(one.overdueSeconds)}`}:{' '}
            <WithMoments text={sentence(one.reason)} />
          </span>
        </li>
      ))}
      {appliances.length > SHOWN && <li class="pm-quiet">{appliances.length - SHOWN} more.</li>}
    </ul>
  </details>
)

const NotMeant = ({ appliances }: { appliances: ExposureDetail['notMeant'] }) => (
  <details id="not-exposed">
    <summary>Not applicable to {counted(appliances.length, 'appliance')}</summary>
    <ul class="pm-appliances" role="list">
      {appliances.slice(0, SHOWN).map(({ name, organization, reason }) => (
        <li>
          <a class="pm-name" href={applianceNamed(name)}>
            {name}
          </a>
          <span class="pm-quiet">
            {organization}: <WithMoments text={sentence(reason)} />
          </span>
        </li>
      ))}
      {appliances.length > SHOWN && <li class="pm-quiet">{appliances.length - SHOWN} more.</li>}
    </ul>
  </details>
)

const AdvisoryForm = ({ exposure }: { exposure: ExposureDetail }) => (
  <ActionForm action={`${patchAddress(exposure.patch)}/advisory`} operation="setAdvisory" button="Save">
    <div class="pm-fields">
      <SelectField
        {...{ id: 'advisory-severity', name: 'severity', label: 'Severity', value: exposure.severity ?? '' }}
        choices={[{ value: '', text: 'not set' }, ...SEVERITIES.map((value) => ({ value, text: value }))]}
      />
      <TextField
        {...{ id: 'advisory-reference', name: 'reference', label: 'Advisory', value: exposure.reference }}
        help="What others call it, such as DSA-5941-1."
      />
      <TextField
        {...{ id: 'advisory-published', name: 'publishedAt', label: 'Published', type: 'date' }}
        value={exposure.publishedAt?.slice(0, 10) ?? ''}
        help="In UTC. The clock runs from then; empty for the upload."
      />
      <TextField
        {...{ id: 'advisory-due', name: 'dueAt', label: 'Due', type: 'date' }}
        value={exposure.dueIsSet ? (exposure.clockDueAt?.slice(0, 10) ?? '') : ''}
        help="In UTC, in place of the days of its severity."
      />
    </div>
  </ActionForm>
)
