/**
 * How long a target of an install has left, as far as anybody knows, and until what: until it has the patch where it was
 * ordered, and else until that comes which it waits for. What takes longer than was expected, or has no moment, is null.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import type { Applying } from '../windows/room.ts'
import { opensAt } from '../windows/waiting.ts'
import type { Placed } from './groups.ts'
import { isFinal, isUnderWay } from './install-states.ts'
import { isWaiting } from './ongoing.ts'
import { forerunnerOf } from './ordering.ts'

export type TimeLeft = {
  readonly secondsLeft: number | null
  /** Follows on "until"; empty where nothing is waited for, or nobody knows. */
  readonly leftUntil: string
}

export type Around = {
  readonly install: InstallRecord
  readonly manifest: Manifest
  /** What it takes on an appliance. */
  readonly secondsOn: (appliance: ApplianceRecord) => number
  readonly windowsAt: (appliance: ApplianceRecord) => Applying
  /** When what stands with the patch has stood, or null where nothing does. */
  readonly stoodAt: number | null
}

const NOBODY_KNOWS: TimeLeft = { secondsLeft: null, leftUntil: '' }

export function timeLeft(state: ServiceCenterState, placed: Placed, around: Around): TimeLeft {
  const { target, appliance } = placed
  if (isFinal(target.state)) return NOBODY_KNOWS
  const { wallMs } = state.clock
  const { install, manifest } = around
  if (isWaiting(target)) {
    if (!isUnderWay(install.state) || install.state === 'paused') return NOBODY_KNOWS
    const opens = install.outsideWindows ? null : opensAt(around.windowsAt(appliance), manifest, wallMs)
    if (opens !== null && opens > wallMs) return left(opens - wallMs, 'its maintenance window opens')
    return around.stoodAt === null ? NOBODY_KNOWS : left(around.stoodAt - wallMs, 'those before it have stood')
  }
  if (isSoaking(target, manifest)) {
    const watched = left(target.changedAt + manifest.verify.soakSeconds * 1000 - wallMs, 'it has been watched')
    if (watched.secondsLeft !== null) return watched
  }
  return left(expectedAt(state, placed, around.secondsOn) - wallMs, 'it has the patch')
}

/** When it would have the patch if it takes as long as expected, the member before it included. */
export function expectedAt(
  state: ServiceCenterState,
  { target, appliance }: Placed,
  secondsOn: Around['secondsOn'],
): number {
  const before = forerunnerOf(state, target)
  const first = before === null ? undefined : everEnrolled(state, before.peer)
  const seconds = secondsOn(appliance) + (first === undefined ? 0 : secondsOn(first))
  return (target.orderedAt ?? target.changedAt) + seconds * 1000
}

/** A restart comes first where there is one, and nobody knows when. */
function isSoaking({ state }: TargetRecord, { impact, verify }: Manifest): boolean {
  return state === 'verifying' && verify.soakSeconds > 0 && impact.restart !== 'reboot'
}

function left(ms: number, leftUntil: string): TimeLeft {
  return ms > 0 ? { secondsLeft: Math.ceil(ms / 1000), leftUntil } : NOBODY_KNOWS
}
