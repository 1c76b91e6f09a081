/**
 * What people and scripts are shown of baselines: whom each is for, how many keep to it, and who does not, with the reason
 * and what happens next.
 */
import { isRefusal } from '../../../protocol/refusals.ts'
import { nameOf } from '../patch-identity.ts'
import { livePatch } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'
import type { Baseline } from './baseline.ts'
import { whyNotByItself } from './bringing-up.ts'
import { standingOf } from './standing.ts'

export type BehindView = { appliance: string; role: string; has: string | null; reason: string }
export type BaselineView = {
  organization: string
  dataCenter: string
  kind: string
  patch: { id: string; name: string; version: string; architecture: string | null }
  setAt: string
  setBy: string
  keeping: number
  behind: BehindView[]
  /** What happens by itself, or what somebody has to do; empty where all keep to it. */
  next: string
}

/** By Data Center, organization and kind. */
export function baselineViews(state: ServiceCenterState): BaselineView[] {
  const key = ({ dataCenter, organization, kind, patch }: BaselineView) =>
    [dataCenter, organization, kind, patch.name].join('\0')
  return [...state.baselines.values()]
    .flatMap((baseline) => baselineView(state, baseline))
    .sort((left, right) => (key(left) < key(right) ? -1 : 1))
}

function baselineView(state: ServiceCenterState, baseline: Baseline): BaselineView[] {
  const record = state.patches.get(baseline.patch)
  if (record === undefined) return []
  const { organization, dataCenter, kind, setAt, setBy } = baseline
  const shown = {
    ...{ organization, dataCenter, kind, setAt: new Date(setAt).toISOString(), setBy },
    patch: { id: record.sha256, ...nameOf(record) },
  }
  const live = livePatch(state, baseline.patch)
  if (isRefusal(live)) return [{ ...shown, keeping: 0, behind: [], next: `${live.message}: set another one` }]
  const { keeping, behind } = standingOf(state, baseline, live)
  const list = behind.map(({ appliance: { name, role }, has, reason }) => ({ appliance: name, role, has, reason }))
  return [{ ...shown, keeping, behind: list, next: behind.length === 0 ? '' : nextOf(state, baseline, behind) }]
}

function nextOf(
  state: ServiceCenterState,
  baseline: Baseline,
  behind: ReturnType<typeof standingOf>['behind'],
): string {
  const live = livePatch(state, baseline.patch)
  if (isRefusal(live)) return live.message
  if (!behind.some(({ isWanted }) => isWanted)) return 'nothing begins by itself for those that are behind now'
  return (
    whyNotByItself(state, baseline, live) ?? 'an install begins by itself within a minute, for those that are ready'
  )
}
