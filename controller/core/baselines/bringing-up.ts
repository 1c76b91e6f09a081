/**
 * Installs that begin by themselves, so that a place comes to its baseline: for whoever is behind, inside a maintenance
 * window of that place and nowhere else. Where no window is set nothing begins without a person. Once begun they are
 * installs as all others are, with the same policies, waves and budgets.
 */
import type { InstallId } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import { title } from '../patch-identity.ts'
import { livePatch } from '../publishing.ts'
import type { Change, InstallRecord, PatchRecord } from '../records.ts'
import { readiness } from '../replications.ts'
import { newTarget } from '../rollout/new-target.ts'
import { WAVE_SOAK_SECONDS } from '../rollout/standing.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { applyingAt } from '../windows/room.ts'
import { whyOutside } from '../windows/waiting.ts'
import type { Baseline } from './baseline.ts'
import { inWords } from './setting.ts'
import { standingOf } from './standing.ts'

/** Each costs a look at every appliance of its place. */
const EVERY_MS = 60_000

/** `tookMs` since the look before. */
export function bringUp(state: ServiceCenterState, tookMs: number): Change[] {
  const { monotonicMs } = state.clock
  if (Math.floor(monotonicMs / EVERY_MS) === Math.floor((monotonicMs - tookMs) / EVERY_MS)) return []
  return [...state.baselines.values()].flatMap((baseline) => bringUpTo(state, baseline))
}

function bringUpTo(state: ServiceCenterState, baseline: Baseline): Change[] {
  const patch = livePatch(state, baseline.patch)
  if (isRefusal(patch) || whyNotByItself(state, baseline, patch) !== null) return []
  const appliances = standingOf(state, baseline, patch)
    .behind.filter(({ isWanted }) => isWanted)
    .map(({ appliance }) => appliance)
    .filter((appliance) => readiness(state, patch.sha256, appliance) === true && state.sessions.has(appliance.peer))
  const deadlineAt = deadlineOf(state, baseline, appliances)
  if (appliances.length === 0 || isRefusal(deadlineAt)) return []
  const { organization, dataCenter, setBy } = baseline
  const { wallMs: at } = state.clock
  const startedBy = `the baseline that ${setBy} has set`
  const install: InstallRecord = {
    ...{ id: nextId(state.random) as InstallId, patch: patch.sha256, organizations: [organization], dataCenter },
    ...{ allowOutage: false, outsideWindows: false, state: 'planned', reason: '', startedAt: at, startedBy },
    ...{ deadlineAt, waveSoakSeconds: WAVE_SOAK_SECONDS.usual, continues: null, run: 1 },
  }
  const outcome = `on ${appliances.length} appliances, to come to the baseline for ${inWords(baseline)}`
  return [
    { table: 'installs', row: install },
    ...appliances.map(({ peer }): Change => ({ table: 'targets', row: newTarget(state, install, peer) })),
    ...notedFor([organization], { at, actor: startedBy, action: 'install', subject: title(patch), outcome }),
  ]
}

/** Why nothing begins there by itself at this moment, as a sentence, or null. */
export function whyNotByItself(
  state: ServiceCenterState,
  baseline: Baseline,
  { publication: { manifest } }: PatchRecord,
): string | null {
  const applying = applyingAt(state.windows.values(), baseline)
  if (applying.windows.length === 0)
    return 'no maintenance window is set for it, so nothing begins there by itself: start an install'
  return whyOutside(applying, { manifest, left: 1 }, state.clock.wallMs)
}
