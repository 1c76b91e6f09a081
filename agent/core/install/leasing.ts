/**
 * Asking for the lease of the group: before anything interrupts this appliance, every other member has to promise that it
 * serves until this is over, by an answer to a question of a moment ago. Until all have, the attempt waits and says for
 * whom; it ends with its order. policies/pair-serves.ts says what is enough.
 *
 * Of two members that ask at once the one with the lower peer id goes first (after Ricart and Agrawala, "An optimal
 * algorithm for mutual exclusion in computer networks", 1981); the other takes its questions back (granting.ts).
 */
import { isOfAgent } from '../../../protocol/bundle/manifest.ts'
import { equalBytes } from '../../../protocol/hashing.ts'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { refuse } from '../../../protocol/refusals.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { LeaseAnswer, LeaseRequest } from '../../../protocol/trust/pair-statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import { leasesEntry } from '../ledger.ts'
import { report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { type Asking, type Attempt, enter, replicaOf } from './attempt.ts'
import { groupPeers, newNonce, promised } from './leases.ts'
import { answeredOnTrial } from './on-trial.ts'
import { judgeTime } from './policies/order-time.ts'
import { LEASE_FRESH_MS, whyNobodyServes, whyNotAlone, whySwitchedInVain } from './policies/pair-serves.ts'
import { whyRelaying } from './policies/relaying.ts'
import { whyNobodyWouldSee } from './policies/seen.ts'
import { preflight } from './preflight.ts'
import { owe } from './releasing.ts'
import { refused } from './reverting.ts'
import { leased } from './running.ts'
import { whyMendedFirst } from './staging.ts'
import { handOver, handsOver } from './switching.ts'

/** After an answer that is no promise. */
const ASK_AGAIN_MS = 3_000
/** What was looked at longer ago is looked at again before anything runs. */
const LOOKED_LATELY_MS = 60_000
/** An answer that comes sooner is not worth a report that it is waited for. */
const TOLD_AFTER_MS = 2_000
/** Whoever waits says so again after this time, so that nobody takes it for lost. */
const REPORT_EVERY_MS = 10 * 60_000

/** A patch that interrupts nothing, as its publisher says, may be installed beside a peer that does not serve. */
export function needsLease(state: AgentState, { order }: Attempt): boolean {
  return replicaOf(state, order).publication.manifest.impact.restart !== 'none'
}

export function lease(state: AgentState, attempt: Attempt, follows: Asking['follows']): AgentEffect[] {
  const now = state.clock.monotonicMs
  enter(attempt, 'leasing')
  const asking: Asking = {
    ...{ follows, number: attempt.lease ?? 0, nonce: new Uint8Array(), askedAtMs: now, answers: new Map() },
    ...{ sinceMs: now, reportedAtMs: Number.NEGATIVE_INFINITY, reason: '' },
  }
  attempt.asking = asking
  return [...ask(state, attempt, asking), ...goOn(state, attempt, asking)]
}

/** With the clock: asks anew. */
export function tendLease(state: AgentState, attempt: Attempt): AgentEffect[] {
  const { asking } = attempt
  if (asking === null) return []
  const waitedMs = state.clock.monotonicMs - asking.askedAtMs
  const isRefused = [...asking.answers.values()].some(({ answer }) => answer !== 'granted')
  const asks = waitedMs > LEASE_FRESH_MS || (isRefused && waitedMs >= ASK_AGAIN_MS)
  return [...(asks ? ask(state, attempt, asking) : []), ...goOn(state, attempt, asking)]
}

function ask(state: AgentState, { order: { orderId: order } }: Attempt, asking: Asking): AgentEffect[] {
  const { leases, identity, clock } = state
  for (const [peer, { answer }] of asking.answers) if (answer === 'granted') asking.answers.delete(peer)
  if (asking.number < leases.number || asking.number === 0) asking.number = leases.number + 1
  const isKnown = leases.asked?.order === order && leases.asked.number === asking.number
  leases.number = asking.number
  leases.asked = { order, number: asking.number }
  asking.nonce = newNonce(state.random)
  asking.askedAtMs = clock.monotonicMs
  const question = { from: identity.peer, order, number: asking.number, nonce: asking.nonce, askedAt: clock.wallMs }
  const peers = groupPeers(state) ?? []
  return [
    ...(isKnown ? [] : [{ kind: 'record' as const, entries: [leasesEntry(state)] }]),
    ...peers.flatMap(({ peer }) => sendToMember(state, peer, seal(LeaseRequest, { ...question, to: peer }, identity))),
  ]
}

/** Begins where nothing is in the way any more, and else says what is, or ends with its order. */
function goOn(state: AgentState, attempt: Attempt, asking: Asking): AgentEffect[] {
  const now = state.clock.monotonicMs
  const expired = judgeTime(attempt.order, state.clock.wallMs, state.clockAheadMs)
  if (expired !== null) {
    const words = asking.reason === '' ? expired.message : `${expired.message}, and until then it ${asking.reason}`
    return refused(state, attempt, refuse(expired.refused, words))
  }
  const facts = {
    peers: groupPeers(state),
    answers: asking.answers,
    promisedTo: promised(state)?.to.name ?? null,
    allowOutage: attempt.order.allowOutage,
    askedForMs: now - asking.askedAtMs,
    waitedMs: now - asking.sinceMs,
  }
  const noPeer = whyNobodyServes(facts)
  if (noPeer !== null) return refused(state, attempt, refuse('no_peer', noPeer))
  const relaying = attempt.gaveUp ? null : whyRelaying(localReaders(state), facts.waitedMs)
  const unseen = isOfAgent(replicaOf(state, attempt.order).publication.manifest)
    ? whyNobodyWouldSee(state.uplink.phase === 'up')
    : null
  const reason = whyNotAlone(facts) ?? relaying ?? unseen
  const inVain = attempt.gaveUp ? whySwitchedInVain(facts.waitedMs, reason) : null
  if (inVain !== null) return refused(state, attempt, refuse('switchover_failed', inVain))
  if (reason === null) {
    // What is being looked at is seen as it was before anything runs.
    if (state.looking.asked !== null) return []
    // Copies may have been found wrong while the others were asked.
    const lost = asking.follows === 'install' ? whyMendedFirst(state, attempt.order) : null
    if (lost !== null && attempt.gaveUp) return refused(state, attempt, lost)
    if (lost !== null || now - attempt.lookedAtMs > LOOKED_LATELY_MS) return preflight(state, attempt)
    return handsOver(state, attempt, asking) ? handOver(state, attempt, asking) : leased(state, attempt, asking)
  }
  if (now - asking.sinceMs < TOLD_AFTER_MS || (reason === asking.reason && now - asking.reportedAtMs < REPORT_EVERY_MS))
    return []
  asking.reason = reason
  asking.reportedAtMs = now
  return report(state, attempt.order, { state: 'preflight', reason })
}

/** Of its own Data Center: whoever takes a patch over the WAN goes on elsewhere. */
function localReaders({ readers }: AgentState): { queued: number; sending: number }[] {
  return [...readers.values()].flatMap(({ wan, queue, sending }) => (wan ? [] : [{ queued: queue.length, sending }]))
}

/** A promise for nothing that is wanted any more is given back. */
export function leaseAnswered(state: AgentState, said: LeaseAnswer): AgentEffect[] {
  const { from } = said
  // A number that is given back is never asked for again: the release of it may come late.
  state.leases.number = Math.max(state.leases.number, said.number)
  const { attempt } = state.orders
  if (attempt?.phase === 'on-trial') return answeredOnTrial(state, attempt, said)
  const asking = attempt?.asking ?? null
  if (attempt === null || asking === null || !equalBytes(said.nonce, asking.nonce)) {
    const isOurs = attempt?.order.orderId === said.order
    // It names the highest number that it has heard, perhaps that of what is asked for now.
    const before = state.leases.asked === null ? said.number : Math.min(said.number, state.leases.asked.number - 1)
    return said.answer === 'granted' && !isOurs ? owe(state, [{ to: from, order: said.order, number: before }]) : []
  }
  asking.answers.set(from, said)
  return [...(said.answer === 'granted' ? promiseOver(state, from) : []), ...goOn(state, attempt, asking)]
}

/** It serves and asks for nothing: what it was promised is over. */
function promiseOver(state: AgentState, from: PeerId): AgentEffect[] {
  if (state.leases.granted?.to !== from) return []
  state.leases.granted = null
  return [{ kind: 'record', entries: [leasesEntry(state)] }]
}
