/**
 * A target whose order has ended without having begun anything, while its install goes on: it is queued again, as if it had
 * not been ordered, and so are those of its group that have ended because of it. That is so where a maintenance window was
 * missed, where what was cancelled was resumed meanwhile, and where the member before it has left the fleet.
 */
import type { Report } from '../../../protocol/trust/statements.ts'
import type { Change, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { queuedForTheNextWindow } from '../windows/targets.ts'
import { hasNotInstalled, isForPeer, matesOf } from './ending-installs.ts'
import { isUnderWay } from './install-states.ts'
import { queuedOnceMore } from './new-target.ts'
import { isInFlight, isUnheard } from './ongoing.ts'

/** Null for any other report. */
export function beginAnew(state: ServiceCenterState, target: TargetRecord, report: Report): Change[] | null {
  const install = state.installs.get(target.install)
  if (install === undefined || state.clock.wallMs >= install.deadlineAt) return null
  // A pair of which one member has the patch is finished, also where the install has ended.
  const isHalfDone = report.state === 'cancelled' && matesOf(state, target).some((mate) => mate.state === 'installed')
  if (!isUnderWay(install.state)) return isHalfDone ? [queued(state, target)] : null
  const again = queuedForTheNextWindow(state, target, report)
  if (again !== null) return [again, ...thoseAfter(state, target)]
  if (report.state === 'cancelled') return [queued(state, target), ...thoseAfter(state, target)]
  if (report.refusal !== 'peer_not_at_patch') return null
  const isSettled = !matesOf(state, target).some((mate) => isInFlight(mate) || isUnheard(mate) || hasNotInstalled(mate))
  return isSettled ? [queued(state, target)] : null
}

function thoseAfter(state: ServiceCenterState, target: TargetRecord): Change[] {
  return matesOf(state, target)
    .filter(isForPeer)
    .map((mate) => queued(state, mate))
}

function queued({ clock }: ServiceCenterState, target: TargetRecord): Change {
  return { table: 'targets', row: queuedOnceMore(target, clock.wallMs) }
}
