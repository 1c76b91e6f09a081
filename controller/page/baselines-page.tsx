/**
 * Baselines: what each kind of appliance of an organization in a Data Center shall have, who does not keep to that and why,
 * and what happens next. All of its forms work without scripts.
 */
import type { BaselineView } from '../core/baselines/baseline-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { ActionForm, type Choice, SelectField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { Question } from './question.tsx'
import { IfMay, readerMay } from './reader.tsx'
import {
  APPLIANCES,
  applianceNamed,
  BASELINES,
  counted,
  elementId,
  patchAddress,
  patchReference,
  patchTitle,
  sentence,
  whatItHas,
} from './words.ts'

/** A long list is told by its first and a number; the command line and the API have it whole. */
const SHOWN_BEHIND = 50
const OPEN_AT_MOST = 4

type Shown = { baselines: BaselineView[]; places: Choice[]; patches: string[] }

export const BaselinesPage = ({ baselines, places, patches }: Shown) => (
  <Layout title="Baselines" current={BASELINES}>
    <PageHeader heading="Baselines" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    <Card id="baselines" title="What appliances shall have">
      <div id="baselines-refusal" role="alert" />
      <div data-live="baselines">
        {baselines.length === 0 ? (
          <Alert tone="info" title="No baseline is set.">
            A baseline says which version of a patch all appliances of a place shall have. Who does not keep to it is
            listed here, and brought up in its maintenance windows.
          </Alert>
        ) : (
          <BaselineTable baselines={baselines} />
        )}
      </div>
    </Card>
    {places.length > 0 && patches.length > 0 && (
      <IfMay do="install">
        <Card id="baseline" title="Set a baseline">
          <ActionForm action={BASELINES} operation="setBaseline" button="Set">
            <div class="pm-fields">
              <SelectField
                {...{
                  id: 'baseline-place',
                  name: 'place',
                  label: 'For',
                  value: places[0]?.value ?? '',
                  choices: places,
                }}
              />
              <SelectField
                {...{ id: 'baseline-patch', name: 'patch', label: 'Patch', value: patches[0] ?? '' }}
                choices={patches.map((value) => ({ value, text: value }))}
              />
            </div>
          </ActionForm>
        </Card>
      </IfMay>
    )}
  </Layout>
)

const HEADINGS = ['For', 'Baseline', 'Keep to it', 'Do not', 'Actions']

const BaselineTable = ({ baselines }: { baselines: BaselineView[] }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Baselines" data-operation="listBaselines">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {baselines.map((baseline) => (
        <Row baseline={baseline} />
      ))}
    </tbody>
  </table>
)

const Row = ({ baseline }: { baseline: BaselineView }) => {
  const { organization, dataCenter, kind, patch, setAt, setBy, keeping, behind, next } = baseline
  const id = elementId('baseline', organization, dataCenter, kind, patch.name)
  return (
    <tr class="pf-v6-c-table__tr" id={id}>
      <td class="pf-v6-c-table__td" data-label="For">
        {organization}
        <div class="pm-quiet">
          {dataCenter}, {kind}
        </div>
      </td>
      <td class="pf-v6-c-table__td" data-label="Baseline">
        <a href={patchAddress(patch)}>{patchTitle(patch)}</a>
        <div class="pm-quiet">
          set <Moment at={setAt} /> by {setBy}
        </div>
      </td>
      <td class="pf-v6-c-table__td" data-label="Keep to it">
        <Label tone={behind.length === 0 ? 'success' : 'warning'} text={`${keeping}/${keeping + behind.length}`} />
      </td>
      <td class="pf-v6-c-table__td pm-reason" data-label="Do not">
        {behind.length > 0 && <Behind id={id} baseline={baseline} />}
        {next !== '' && (
          <p>
            <WithMoments text={sentence(next)} />
          </p>
        )}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        {readerMay('install') && (
          <Question
            id={`${id}-remove`}
            button="Remove"
            label={`Remove the baseline ${patchReference(patch)} of ${organization} in ${dataCenter}, ${kind}`}
            agree="Remove it"
            question="Nothing begins for it by itself any more; what is installed stays."
            action={`${BASELINES}/remove`}
            operation="removeBaseline"
            outcome="baselines-refusal"
            fields={{ organization, dataCenter, kind, patch: patch.id }}
          />
        )}
      </td>
    </tr>
  )
}

const Behind = ({ id, baseline: { behind } }: { id: string; baseline: BaselineView }) => (
  <details id={`${id}-behind`} open={behind.length <= OPEN_AT_MOST}>
    <summary>{counted(behind.length, 'appliance')}</summary>
    <ul class="pm-appliances" role="list">
      {behind.slice(0, SHOWN_BEHIND).map(({ appliance, role, has, reason }) => (
        <li>
          <a class="pm-name" href={applianceNamed(appliance)}>
            {appliance}
          </a>
          <span class="pm-quiet">
            {role}, {whatItHas(has)}: <WithMoments text={sentence(reason)} />
          </span>
        </li>
      ))}
      {behind.length > SHOWN_BEHIND && <li class="pm-quiet">{behind.length - SHOWN_BEHIND} more.</li>}
    </ul>
  </details>
)
