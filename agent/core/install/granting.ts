/**
 * Another member of the group asks whether it may be interrupted. It may while this appliance serves, is about to begin
 * nothing, and has promised nothing to a third one; then this appliance promises to serve, and writes that down before it
 * says so. A promise is repeated to whoever has it, since the answer may have been lost; and where another one needs it,
 * since who has it may have lost its ledger, know nothing of it, and then gives it back (leasing.ts).
 */
import { type Envelope, envelopeDigest, seal } from '../../../protocol/trust/envelope.ts'
import { LeaseAnswer, LeaseRelease, LeaseRequest } from '../../../protocol/trust/pair-statements.ts'
import { Acknowledgement } from '../../../protocol/trust/statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import { leasesEntry } from '../ledger.ts'
import type { AgentState } from '../state.ts'
import { type Asking, holdsPair, type PeerAnswer, replicaOf } from './attempt.ts'
import { newNonce, peerCalled, promised } from './leases.ts'
import { owe } from './releasing.ts'

const GRANTED: PeerAnswer = { answer: 'granted', reason: '' }
/** Whoever asks is told no every few seconds, for as long as an install takes. */
const REMIND_EVERY_MS = 15_000

export function leaseRequested(state: AgentState, request: LeaseRequest): AgentEffect[] {
  const { from } = request
  if (peerCalled(state, from) === undefined) return []
  const said = judge(state, request)
  const { order, nonce } = request
  const granted = said.answer === 'granted' ? promise(state, request) : []
  const answer = { from: state.identity.peer, to: from, order, nonce, number: state.leases.number, ...said }
  return [
    ...granted,
    ...sendToMember(state, from, seal(LeaseAnswer, { ...answer, answeredAt: state.clock.wallMs }, state.identity)),
    ...remind(state, from),
  ]
}

/** It answers no question of a member that is at it, which goes on as before. */
function remind(state: AgentState, asker: LeaseRequest['from']): AgentEffect[] {
  const { leases, clock, identity } = state
  const grant = promised(state)?.grant
  if (grant === undefined || grant.to === asker || clock.monotonicMs < leases.remindAtMs) return []
  leases.remindAtMs = clock.monotonicMs + REMIND_EVERY_MS
  const { to, order, number } = grant
  const said = { from: identity.peer, to, order, number, nonce: newNonce(state.random), ...GRANTED }
  return sendToMember(state, to, seal(LeaseAnswer, { ...said, answeredAt: clock.wallMs }, identity))
}

function judge(state: AgentState, { from, order, number }: LeaseRequest): PeerAnswer {
  const { attempt } = state.orders
  const { leases } = state
  if (attempt !== null && holdsPair(attempt)) {
    const { name, version } = replicaOf(state, attempt.order).publication
    return { answer: 'busy', reason: `has not ended its own install of ${name}@${version}` }
  }
  if (leases.broken !== null) return { answer: 'broken', reason: leases.broken.reason }
  const promise = promised(state)
  if (promise !== null && promise.grant.to !== from)
    return { answer: 'busy', reason: `has promised to serve until the install of ${promise.to.name} has ended` }
  const isRepeated = promise?.grant.order === order
  if (number < leases.number && !isRepeated) return { answer: 'busy', reason: 'was asked for something newer before' }
  // Whoever is at something already goes first all the same: it lets nobody begin beside it.
  const isAtIt = attempt?.asking?.answers.get(from)?.answer === 'busy'
  if (attempt !== null && attempt.asking !== null && state.identity.peer < from && !isAtIt)
    return { answer: 'busy', reason: 'has asked for the same at the same time, and goes first' }
  return GRANTED
}

/** Whoever had asked itself takes its own questions back: what others have promised it is not wanted now. */
function promise(state: AgentState, { from, order, number }: LeaseRequest): AgentEffect[] {
  const { leases, clock } = state
  const { granted } = leases
  if (granted?.to === from && granted.order === order && granted.number >= number) return []
  const asking = state.orders.attempt?.asking ?? null
  const back = asking === null ? [] : takeBack(state, asking, from)
  leases.number = Math.max(leases.number, number)
  leases.granted = { to: from, order, number, since: clock.wallMs }
  return [...back, { kind: 'record', entries: [leasesEntry(state)] }]
}

function takeBack(state: AgentState, asking: Asking, from: LeaseRequest['from']): AgentEffect[] {
  const { asked } = state.leases
  const others = [...asking.answers].filter(([peer, { answer }]) => answer === 'granted' && peer !== from)
  asking.nonce = new Uint8Array()
  // A release that is late then ends nothing that is promised later.
  asking.number = 0
  asking.askedAtMs = state.clock.monotonicMs
  for (const [peer] of others) asking.answers.delete(peer)
  asking.answers.set(from, { answer: 'busy', reason: 'has asked for the same at the same time, and goes first' })
  return asked === null
    ? []
    : owe(
        state,
        others.map(([peer]) => ({ to: peer, ...asked })),
      )
}

/** Another member needs nothing any more of what it has asked for up to this number: this appliance is free again. */
export function leaseReleased(state: AgentState, said: LeaseRelease, envelope: Envelope): AgentEffect[] {
  const { from } = said
  const { granted } = state.leases
  const isOver = granted?.to === from && granted.number <= said.number
  if (isOver) state.leases.granted = null
  const letters = [envelopeDigest(envelope)]
  const acknowledgement = seal(Acknowledgement, { from: state.identity.peer, letters }, state.identity)
  return [
    ...(isOver ? [{ kind: 'record' as const, entries: [leasesEntry(state)] }] : []),
    ...sendToMember(state, from, acknowledgement),
  ]
}
