/**
 * Which orders that are out are taken back, by a cancellation that the appliance obeys while it has changed nothing: those
 * of an install that was cancelled or has halted. Only the first of a pair is told: one that waits for it hears from it how
 * that ended, so the two stay equal whichever comes first, the cancellation or the installer. And whoever waits for a
 * member that cannot tell any more, or of which two machines may speak, is told here.
 */
import type { PeerId } from '../../../protocol/identifiers.ts'
import { isDoubtful } from '../cloned-keys.ts'
import type { InstallRecord, TargetRecord } from '../records.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { matesOf } from './ending-installs.ts'
import { isFinal, isUnderWay } from './install-states.ts'
import { isInFlight, isUnheard } from './ongoing.ts'
import { forerunnerOf } from './ordering.ts'

/** It answers whoever asks every fifteen seconds. */
const TELLS_WITHIN_MS = 2 * 60_000

/** Why, or null. */
export function whyTakenBack(state: ServiceCenterState, target: TargetRecord): string | null {
  const install = state.installs.get(target.install)
  if (install === undefined || !(isInFlight(target) || isUnheard(target))) return null
  const first = forerunnerOf(state, target)
  if (first === null) {
    if (isUnderWay(install.state)) return null
    const isFinished = matesOf(state, target).some((mate) => mate.state === 'installed')
    return isFinished ? null : `its install was ${install.state}${install.reason === '' ? '' : `: ${install.reason}`}`
  }
  if (target.state !== 'queued') return null
  const leader = state.targets.get(target.install)?.get(first.peer)
  const name = everEnrolled(state, first.peer)?.name ?? 'the other member'
  if (leader?.order?.id !== first.order || !state.appliances.has(first.peer))
    return `${name}, which comes first, cannot tell any more whether it has installed it`
  const silent = whyToldHere(state, target)
  if (silent !== null) return silent
  return isHeldForKey(state, install, first.peer)
    ? `two machines may have the key of ${name}, which comes first: what one of them says is not enough`
    : null
}

/**
 * The first has ended long ago, as it told the Service Center, and the second has not heard it: what answers at its place
 * now is another machine with its key, or another ledger.
 */
export function whyToldHere(state: ServiceCenterState, target: TargetRecord): string | null {
  const first = forerunnerOf(state, target)
  const leader = first === null ? undefined : state.targets.get(target.install)?.get(first.peer)
  if (leader === undefined || first === null || leader.order?.id !== first.order || target.state !== 'queued')
    return null
  const { wallMs, monotonicMs } = state.clock
  // After the deadline nobody is ordered anew: then it is better to wait.
  if (!isFinal(leader.state) || wallMs >= (state.installs.get(target.install)?.deadlineAt ?? 0)) return null
  // By both clocks, since one may be set: long after the first has ended, the second has said nothing of it.
  const silentSinceMs = (target.order === null ? undefined : state.silentSinceMs.get(target.order.id)) ?? monotonicMs
  if (wallMs - leader.changedAt <= TELLS_WITHIN_MS || monotonicMs - silentSinceMs <= TELLS_WITHIN_MS) return null
  // It has heard, perhaps, and is in line behind what it is at.
  const atIt = [...(state.unsettledOn.get(target.appliance)?.values() ?? [])].some(
    (other) => isInFlight(other) && other.state !== 'queued',
  )
  if (atIt) return null
  const name = everEnrolled(state, first.peer)?.name ?? 'the other member'
  return `${name}, which comes first, ended as ${leader.state} and does not tell it any more`
}

/** As the policy key-doubtful holds whoever has not been ordered yet. */
function isHeldForKey(state: ServiceCenterState, { patch, allowOutage }: InstallRecord, peer: PeerId): boolean {
  const restart = state.patches.get(patch)?.publication.manifest.impact.restart
  return !allowOutage && restart !== 'none' && isDoubtful(state, peer)
}

/** Who waits for a member whose key two machines may have. */
export function waitsForDoubtful(state: ServiceCenterState, peer: PeerId): TargetRecord[] {
  if (!isDoubtful(state, peer)) return []
  return [...state.unsettled.values()].filter((target) => forerunnerOf(state, target)?.peer === peer)
}
