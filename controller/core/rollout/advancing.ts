/**
 * How an install goes on: with orders for those who may begin, with reasons for those who wait, with an end when every
 * target has ended. The Service Center orders and counts; whether anything is installed is decided on the appliance.
 */

import { lackingAuthorizations, unapprovedInTime } from '../approvals/authorizing.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { endDataCenters, membersOf, overdrawn } from './budgets.ts'
import { companionsOf, endWithCompanions, haltTogether, laterThan } from './companions.ts'
import { endBehindPeers, endLeftBehind, endWaiting, outcomeOf } from './ending-installs.ts'
import { whenLate } from './following.ts'
import { isFinal, isUnderWay } from './install-states.ts'
import { elsewhere, isWaiting, targetsOf } from './ongoing.ts'
import { sealOrders } from './ordering.ts'
import { planRollout } from './plan.ts'
import { noteStood } from './standing.ts'
import { cancelPaused } from './steering.ts'
import { factsOf } from './target-facts.ts'

/**
 * The next step of one install, as changes: orders for those who may start, reasons for those who wait, an end when every
 * target has ended. What was halted or cancelled goes on only with the pairs that have begun. Applied again at once it changes nothing.
 */
export function advance(state: ServiceCenterState, install: InstallRecord): Change[] {
  const patch = state.patches.get(install.patch)
  if (patch === undefined) return []
  const targets = targetsOf(state, install.id)
  const haveEnded = targets.every(({ state }) => isFinal(state))
  if (haveEnded && !isUnderWay(install.state)) return []
  const late = targets.flatMap((target) => whenLate(state, install, target, patch.publication.manifest))
  if (late.length > 0) return late
  const members = membersOf(state, targets)
  const spent = isUnderWay(install.state) ? overdrawn(members, install.run) : null
  if (spent !== null) return haltTogether(state, install, spent)
  const stopped = isUnderWay(install.state) ? endDataCenters(state, install, members) : []
  if (stopped.length > 0) return stopped
  const elsewhereStopped = isUnderWay(install.state) ? stopCompanions(state, install) : []
  if (elsewhereStopped.length > 0) return elsewhereStopped
  const withOthers = endWithCompanions(state, install, targets)
  if (withOthers.length > 0) return withOthers
  const leftBehind = isUnderWay(install.state) ? [] : endLeftBehind(state, install, targets)
  if (leftBehind.length > 0) return leftBehind
  const behind = endBehindPeers(state, targets)
  if (behind.length > 0) return behind
  if (haveEnded) return [{ table: 'installs', row: { ...install, ...outcomeOf(state, targets) } }]
  if (state.clock.wallMs > install.deadlineAt && install.state === 'paused') return cancelPaused(state, install)
  if (state.clock.wallMs > install.deadlineAt)
    return endWaiting(state, targets, `the deadline of the install has passed${unapprovedInTime(state, install)}`)
  return order(state, install, targets)
}

/** What has gone wrong with another that goes together with it is dealt with before anybody else is ordered. */
function stopCompanions(state: ServiceCenterState, install: InstallRecord): Change[] {
  for (const other of companionsOf(state, install)) {
    if (!isUnderWay(other.state)) continue
    const members = membersOf(state, targetsOf(state, other.id))
    const spent = overdrawn(members, other.run)
    if (spent !== null) return haltTogether(state, other, spent)
    const stopped = endDataCenters(state, other, members)
    if (stopped.length > 0) return stopped
  }
  return []
}

function order(state: ServiceCenterState, install: InstallRecord, targets: TargetRecord[]): Change[] {
  if (!targets.some(isWaiting)) return []
  const stood = noteStood(state, install, membersOf(state, targets))
  if (stood.length > 0) return stood
  const lacking = lackingAuthorizations(state, install, targets)
  if (lacking.length > 0) return lacking
  const facts = factsOf(state, install, targets)
  const manifest = state.patches.get(install.patch)?.publication.manifest
  if (manifest === undefined) return []
  const plan = planRollout({ install, manifest, targets: facts, elsewhere: elsewhere(state, install) }, state.clock)
  const starting = new Set(plan.start)
  const byPeer = new Map(facts.map((fact) => [fact.appliance.peer, fact]))
  const begin = plan.start.flatMap((peer) => byPeer.get(peer) ?? [])
  const together = starting.size === 0 ? [] : [install, ...laterThan(state, install)]
  const begins = together
    .filter(({ state }) => state === 'planned')
    .map((planned): Change => ({ table: 'installs', row: { ...planned, state: 'running' } }))
  const told = facts.flatMap(({ target, appliance }): Change[] => {
    const reason = starting.has(appliance.peer) ? undefined : plan.waiting.get(appliance.peer)
    return reason === undefined || reason === target.reason ? [] : [{ table: 'targets', row: { ...target, reason } }]
  })
  return [...begins, ...sealOrders(state, install, { begin, members: facts, wave: plan.wave }), ...told]
}
