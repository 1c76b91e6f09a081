/**
 * What appliances report of their orders, and what it means for an install that nothing was heard for long: each changes
 * its target, and never another that has not ended because of it.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { Report } from '../../../protocol/trust/statements.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { unreachableSince } from '../replications.ts'
import type { ServiceCenterState } from '../state.ts'
import { beginAnew } from './beginning-anew.ts'
import { isFailure, isFinal, mayFollow, TARGET_MOVES } from './install-states.ts'
import { mayAwaitRestart, PICKUP_MS, silenceAllowedMs } from './install-times.ts'
import { targetsOf } from './ongoing.ts'
import { withPhase } from './phase-times.ts'
import { beginToStand } from './standing.ts'
import { whyToldHere } from './taking-back.ts'
import { waitsForPeer } from './target-facts.ts'

/** Something is being changed there; the first of them that is heard counts. */
const CHANGES: ReadonlySet<Report['state']> = new Set(['installing', 'verifying'])

/** What a report changes: its target, and of its group who ended for its sake. */
export function followReport(state: ServiceCenterState, report: Report): Change[] {
  const target = state.targets.get(report.install)?.get(report.from)
  if (target === undefined || target.order?.id !== report.orderId || report.counter <= target.counter) return []
  if (!mayFollow(TARGET_MOVES, target.state, report.state)) return []
  const again = beginAnew(state, target, report)
  if (again !== null) return again
  const { counter, reason, refusal, output, installedVersion } = report
  const row: TargetRecord = {
    ...target,
    state: report.state,
    counter,
    reason,
    refusal,
    output,
    installedVersion,
    phaseTimes: withPhase(target.phaseTimes, report),
    beganAt: target.beganAt ?? (CHANGES.has(report.state) ? state.clock.wallMs : null),
    stoodAt: report.state === 'installed' ? target.stoodAt : null,
    changedAt: state.clock.wallMs,
  }
  if (row.state === 'installed') beginToStand(state, row)
  if (isFinal(row.state)) state.silentSinceMs.delete(report.orderId)
  else state.silentSinceMs.set(report.orderId, state.clock.monotonicMs)
  return [{ table: 'targets', row }, ...(target.state === 'unknown' ? runsAgain(state, row) : [])]
}

/** An appliance of which nothing was heard has gone on after all: its install, which had ended without it, has not. */
function runsAgain(state: ServiceCenterState, target: TargetRecord): Change[] {
  const install = state.installs.get(target.install)
  if (install === undefined || (install.state !== 'done' && install.state !== 'halted')) return []
  const others = targetsOf(state, install.id).filter(({ appliance }) => appliance !== target.appliance)
  // What a failure has halted stays halted, and waits for nobody.
  if (others.some((other) => isFailure(other.state)) || others.some((other) => !isFinal(other.state))) return []
  return [{ table: 'installs', row: { ...install, state: 'running', reason: '' } }]
}

/** Where nothing was heard of an order for too long, that its end is not known; where it is late, that it is. */
export function whenLate(
  state: ServiceCenterState,
  { deadlineAt }: InstallRecord,
  target: TargetRecord,
  manifest: Manifest,
): Change[] {
  const appliance = state.appliances.get(target.appliance)
  if (target.order === null || isFinal(target.state) || appliance === undefined) return []
  const told = whyToldHere(state, target)
  if (told !== null && told !== target.reason) return [{ table: 'targets', row: { ...target, reason: told } }]
  // Measured from when this process heard of it, by the clock that nobody sets: a wall clock that jumps silences nobody.
  const now = state.clock.monotonicMs
  const waits = target.state === 'verifying' && state.sessions.has(target.appliance)
  const isHeard = waits && mayAwaitRestart(manifest, deadlineAt, state.clock.wallMs)
  const sinceMs = isHeard ? now : (state.silentSinceMs.get(target.order.id) ?? now)
  state.silentSinceMs.set(target.order.id, sinceMs)
  const silentMs = now - sinceMs
  if (silentMs > silenceAllowedMs(manifest)) {
    const reason = `nothing heard for ${Math.round(silentMs / 60_000)} minutes while ${target.state}`
    return [{ table: 'targets', row: { ...target, state: 'unknown', reason } }]
  }
  const hasNotBegun = target.counter === 0 || waitsForPeer(state, target)
  if (hasNotBegun && silentMs > PICKUP_MS && !state.sessions.has(target.appliance)) {
    const reason = `ordered, but ${appliance.name} is ${unreachableSince(appliance)}`
    if (reason !== target.reason) return [{ table: 'targets', row: { ...target, reason } }]
  }
  return []
}
