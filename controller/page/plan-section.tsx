/**
 * The plan of an install as somebody reads it before agreeing: what it does to pairs, what may fail, and its waves, each
 * with its pairs in the order in which they begin. A short plan is open; of a long one each wave opens by itself, with so
 * many pairs as somebody may read, and all of it is in the file.
 */
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import type {
  InstallPlan,
  PlannedMember,
  PlannedPair,
  PlannedPatch,
  PlannedWave,
} from '../core/rollout/install-plan.ts'
import { Fact } from './facts.tsx'
import { Label } from './labels.tsx'
import { Alert } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { PlanPicture } from './plan-picture.tsx'
import {
  aboutSoLong,
  betweenWaves,
  expectedTime,
  neededFirst,
  planImpact,
  planStandings,
  planSummary,
  waveTitle,
  whatGoesFirst,
  whatMayFail,
} from './plan-words.ts'
import { counted, dataCenterTitle, duration, SYSTEM_PATCHES, sentence, whatItHas } from './words.ts'

/** More is too long to be read before a person agrees. */
const OPEN_AT_MOST_PAIRS = 4
const SHOWN_PAIRS = 50

export const PlanSection = ({ plan }: { plan: InstallPlan | Refusal }) =>
  isRefusal(plan) ? (
    <Alert tone="warning" title="It cannot begin">
      <p>{sentence(plan.message)}</p>
    </Alert>
  ) : (
    <section aria-labelledby="plan-title" id="plan" data-operation="planInstall">
      <h3 class="pf-v6-c-title pf-m-md" id="plan-title">
        Plan
      </h3>
      <p>
        {planSummary(plan)}: {planStandings(plan)}.
      </p>
      {whatGoesFirst(plan).map((text) => (
        <p>{text}</p>
      ))}
      {plan.needs.length > 0 && <Needs plan={plan} />}
      <dl class="pf-v6-c-description-list pm-facts">
        <Fact term="Impact">{planImpact(plan)}</Fact>
        <Fact term="Time">
          {expectedTime(plan).map((text) => (
            <p>{text}</p>
          ))}
        </Fact>
        {betweenWaves(plan).map((text) => (
          <Fact term="Between waves">{text}</Fact>
        ))}
        <Fact term="What may fail">
          {whatMayFail(plan).map((text) => (
            <p>{text}</p>
          ))}
        </Fact>
        <Fact term="Whoever waits">
          May begin until <Moment at={plan.deadline} />, and ends as cancelled then.
        </Fact>
        {plan.windows.length > 0 && (
          <Fact term="Maintenance windows">
            {plan.windows.map((window) => (
              <p>{window}</p>
            ))}
          </Fact>
        )}
        {plan.beside.length > 0 && (
          <Fact term="Beside it">
            {plan.beside.map(({ install, patch }) => (
              <p>
                Install {install} of {patch} goes on for some of the same pairs.
              </p>
            ))}
          </Fact>
        )}
      </dl>
      <PlanPicture plan={plan} />
      {plan.waves.map((wave) => (
        <Wave wave={wave} open={plan.counts.pairs <= OPEN_AT_MOST_PAIRS} />
      ))}
      <p>
        <a href={fileOf(plan)} download="plan.json">
          Save the plan as a file
        </a>
      </p>
    </section>
  )

/** Offered, and never added silently. */
const Needs = ({ plan }: { plan: InstallPlan }) => (
  <Alert tone="info" title="Other patches are needed first">
    {neededFirst(plan).map((text) => (
      <p>{text}</p>
    ))}
    <p>
      <a href={withNeeds(plan)}>Plan them together</a>
    </p>
  </Alert>
)

const Wave = ({ wave, open }: { wave: PlannedWave; open: boolean }) => (
  <details class="pm-rest pm-wave" id={`wave-${wave.wave}`} open={open}>
    <summary>
      <span>
        {waveTitle(wave)}{' '}
        <span class="pm-quiet">
          {counted(wave.pairs.length, 'pair')}, {counted(wave.appliances, 'appliance')}
          {aboutSoLong(wave.expectedSeconds)}
        </span>
      </span>
    </summary>
    <ol class="pm-appliances" role="list">
      {wave.pairs.slice(0, SHOWN_PAIRS).map((pair) => (
        <Pair pair={pair} />
      ))}
    </ol>
    {wave.pairs.length > SHOWN_PAIRS && (
      <p class="pm-quiet">{wave.pairs.length - SHOWN_PAIRS} more pairs are not shown here; the file names them all.</p>
    )}
  </details>
)

const Pair = ({ pair }: { pair: PlannedPair }) => (
  <li>
    <span class="pm-name">{pair.organization}</span>
    <span class="pm-quiet">
      {dataCenterTitle(pair.dataCenter)}
      {pair.unprotectedSeconds > 0 &&
        (pair.members.length > 1
          ? `, without a stand-in for ${duration(pair.unprotectedSeconds)}`
          : `, interrupted for ${duration(pair.unprotectedSeconds)}`)}
    </span>
    <ol class="pm-members">
      {pair.members.map((member) => (
        <Member member={member} />
      ))}
    </ol>
  </li>
)

const Member = ({ member }: { member: PlannedMember }) => (
  <li>
    <span class="pm-name">{member.appliance}</span>{' '}
    <span class="pm-quiet">
      {member.role}, {whatItHas(member.has)}
    </span>{' '}
    <Label tone={TONES[member.standing]} text={STANDINGS[member.standing]} />
    {member.reason !== '' && (
      <span class="pm-quiet">
        {' '}
        <WithMoments text={sentence(member.reason)} />
      </span>
    )}
  </li>
)

const STANDINGS = { ready: 'ready', waits: 'waits', refuses: 'would refuse it', installed: 'at it already' } as const
const TONES = { ready: 'success', waits: 'waiting', refuses: 'warning', installed: 'success' } as const

function fileOf(plan: InstallPlan): string {
  const { allowOutage, outsideWindows, waveSoakSeconds } = plan
  const query = queryOf(plan, plan.first)
  if (allowOutage) query.set('allowOutage', 'true')
  if (outsideWindows) query.set('outsideWindows', 'true')
  if (waveSoakSeconds > 0) query.set('waveSoakSeconds', String(waveSoakSeconds))
  return `/api/v1/patches/${plan.patch.id}/install-plan?${query}`
}

function withNeeds(plan: InstallPlan): string {
  const { allowOutage, outsideWindows, waveSoakSeconds } = plan
  const query = queryOf(plan, [...plan.needs, ...plan.first])
  if (allowOutage) query.set('allowOutage', 'yes')
  if (outsideWindows) query.set('outsideWindows', 'yes')
  if (waveSoakSeconds > 0) query.set('waveSoakMinutes', String(waveSoakSeconds / 60))
  return `${SYSTEM_PATCHES}/${plan.patch.id}/install?${query}`
}

function queryOf({ organizations, dataCenter }: InstallPlan, first: readonly PlannedPatch[]): URLSearchParams {
  return new URLSearchParams([
    ...organizations.map((name): [string, string] => ['organization', name]),
    ['dataCenter', dataCenter],
    ...first.map(({ id }): [string, string] => ['first', id]),
  ])
}
