/**
 * What is said on control streams: from above, by an appliance that reaches the Service Center through this one, and
 * by other members of the own group. Of what is signed each goes to whoever decides about it; what cannot be believed is
 * not acknowledged, and changes nothing.
 */

import type { PeerId } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type Envelope, open } from '../../protocol/trust/envelope.ts'
import { Heard } from '../../protocol/trust/ledger-statements.ts'
import {
  LeaseAnswer,
  LeaseRelease,
  LeaseRequest,
  OrderOutcome,
  OrderQuestion,
} from '../../protocol/trust/pair-statements.ts'
import {
  Acknowledgement,
  Cancellation,
  type Letter,
  Membership,
  Order,
  Publication,
  Roster,
  Staging,
  Withdrawal,
} from '../../protocol/trust/statements.ts'
import { betweenHeard, passDown, passOn } from './between-members.ts'
import { clocksCompared } from './comparing-clocks.ts'
import type { AgentEffect } from './events.ts'
import { proveAnew, published, withdrawn } from './holding.ts'
import { orderCancelled } from './install/cancelling.ts'
import { copyAhead } from './install/copying-ahead.ts'
import { outcomeTold } from './install/following.ts'
import { leaseReleased, leaseRequested } from './install/granting.ts'
import { orderArrived } from './install/installing.ts'
import { leaseAnswered } from './install/leasing.ts'
import { orderAsked } from './install/outcomes.ts'
import { releaseAcknowledged } from './install/releasing.ts'
import { sealedEntry } from './ledger.ts'
import { acknowledge, acknowledged, forgetFormer, forwardDown, forwardUp, resendDown } from './letters.ts'
import { limitsChanged } from './limiting.ts'
import { ledgerCompared, tellOrders } from './lost-ledger.ts'
import { admission, introductions, mayAttach } from './neighbours.ts'
import { pull } from './pulling.ts'
import type { AgentState } from './state.ts'
import { uplinkHeld } from './uplink.ts'

/** On the uplink: from the Service Center itself, or passed on by the depot. */
export function saidFromAbove(state: AgentState, peer: PeerId, message: ControlMessage): AgentEffect[] {
  if (state.uplink.phase !== 'up' || state.uplink.peer !== peer) return []
  state.uplink.lastHeardAtMs = state.clock.monotonicMs
  switch (message.kind) {
    case 'letter':
      if (message.letter.to !== state.identity.peer) return forwardDown(state, message.letter)
      return message.letter.from === state.membership?.serviceCenter
        ? read(state, message.letter)
        : saidByMember(state, message.letter)
    case 'held':
      if (message.peer === state.identity.peer) return uplinkHeld(state, peer, message.reason)
      return passHeld(state, message)
    case 'pong':
      state.timesHeld = 0
      return clocksCompared(state, peer, message.wallMs)
    case 'enrollment':
      return [{ kind: 'answer-enrollment', peer: message.peer, appliance: message.appliance, answer: message.answer }]
    default:
      return []
  }
}

/** To the tenant, which goes away by itself. */
function passHeld(state: AgentState, message: Extract<ControlMessage, { kind: 'held' }>): AgentEffect[] {
  const { peer } = message
  return state.attached.has(peer) ? [{ kind: 'send-control', channel: 'downlink', peer, message }] : []
}

/** On the stream of an appliance that reaches the Service Center through this one. */
export function saidFromBelow(state: AgentState, peer: PeerId, message: ControlMessage): AgentEffect[] {
  if (state.attached.has(peer)) state.heardBelowMs.set(peer, state.clock.monotonicMs)
  switch (message.kind) {
    case 'greeting': {
      state.attached.set(peer, message.greeting)
      const above: AgentEffect[] =
        state.uplink.phase === 'up'
          ? [up(state.uplink.peer, { kind: 'attached', peer, greeting: message.greeting })]
          : []
      return [...above, ...resendDown(state, peer)]
    }
    case 'ping':
      // Whoever is not answered goes on to another member of the depot, which may still reach the Service Center.
      if (state.uplink.phase !== 'up') return []
      return [
        { kind: 'send-control', channel: 'downlink', peer, message: { kind: 'pong', wallMs: state.clock.wallMs } },
      ]
    case 'letter':
      if (message.letter.from !== peer || !mayAttach(state, peer)) return []
      if (message.letter.to === state.membership?.serviceCenter) return forwardUp(state, message.letter)
      return passOn(state, message.letter)
    default:
      return []
  }
}

/** Another member of the depot: for this appliance, or for one that is attached here. */
export function saidBetween(
  state: AgentState,
  channel: 'uplink' | 'downlink',
  peer: PeerId,
  message: ControlMessage,
): AgentEffect[] {
  const heard = betweenHeard(state, channel, peer, message)
  if (message.kind !== 'letter') return heard
  const { letter } = message
  if (letter.to !== state.identity.peer) return [...heard, ...passDown(state, letter)]
  return [...heard, ...(letter.from === peer ? saidByMember(state, letter) : [])]
}

/** Of a member of its own group; each opens only what that one has signed itself. */
function saidByMember(state: AgentState, letter: Letter): AgentEffect[] {
  switch (letter.envelope.payloadType) {
    case LeaseRequest.payloadType:
      return leaseRequested(state, letter)
    case LeaseAnswer.payloadType:
      return leaseAnswered(state, letter)
    case LeaseRelease.payloadType:
      return leaseReleased(state, letter)
    case OrderQuestion.payloadType:
      return orderAsked(state, letter)
    case OrderOutcome.payloadType:
      return outcomeTold(state, letter)
    case Acknowledgement.payloadType:
      return releaseAcknowledged(state, letter)
    default:
      return [log('ignored a letter of a member of its group', { payloadType: letter.envelope.payloadType })]
  }
}

/** A signed statement for this appliance. What cannot be believed is not acknowledged, and changes nothing. */
function read(state: AgentState, letter: Letter): AgentEffect[] {
  switch (letter.envelope.payloadType) {
    case Acknowledgement.payloadType:
      return acknowledged(state, letter.envelope)
    case Publication.payloadType:
      return [...published(state, letter.envelope), ...acknowledge(state, letter)]
    case Withdrawal.payloadType:
      return [...withdrawn(state, letter.envelope), ...acknowledge(state, letter)]
    case Roster.payloadType:
      return [...rosterArrived(state, letter.envelope), ...acknowledge(state, letter)]
    case Membership.payloadType:
      return [...membershipArrived(state, letter.envelope), ...acknowledge(state, letter)]
    case Order.payloadType:
      return [...orderArrived(state, letter.envelope), ...acknowledge(state, letter)]
    case Cancellation.payloadType:
      return [...orderCancelled(state, letter.envelope), ...acknowledge(state, letter)]
    case Staging.payloadType:
      return [...copyAhead(state, letter.envelope), ...acknowledge(state, letter)]
    case Heard.payloadType:
      return [...ledgerCompared(state, letter.envelope), ...acknowledge(state, letter)]
    default:
      return [log('ignored a letter', { payloadType: letter.envelope.payloadType })]
  }
}

function rosterArrived(state: AgentState, envelope: Envelope): AgentEffect[] {
  const roster = open(Roster, envelope, [state.root])
  if (isRefusal(roster)) return [log(roster.message, { code: roster.refused })]
  if (roster.to !== state.identity.peer || roster.version <= (state.roster?.version ?? -1)) return []
  state.roster = roster
  return [
    { kind: 'record', entries: [sealedEntry('roster', envelope), ...forgetFormer(state)] },
    admission(state),
    ...limitsChanged(state, roster.limits),
    ...introductions(state),
    ...pull(state),
  ]
}

/** The same key in the same place; of two memberships the later one holds. In another epoch nothing is proven yet. */
function membershipArrived(state: AgentState, envelope: Envelope): AgentEffect[] {
  const known = state.membership
  const membership = open(Membership, envelope, [state.root])
  if (isRefusal(membership)) return [log(membership.message, { code: membership.refused })]
  if (known === null || membership.appliance !== state.identity.peer) return []
  if (membership.epoch < known.epoch || membership.enrolledAt <= known.enrolledAt) return []
  state.membership = membership
  const entry = sealedEntry('membership', envelope)
  if (membership.epoch > known.epoch) {
    const line = log('is trusted again, and proves all that it holds anew', { epoch: membership.epoch })
    const { entries, effects } = proveAnew(state)
    return [{ kind: 'record', entries: [entry, ...entries] }, line, ...tellOrders(state), ...effects]
  }
  return [{ kind: 'record', entries: [entry] }, log('was renamed', { from: known.name, to: membership.name })]
}

export function up(peer: PeerId, message: ControlMessage): AgentEffect {
  return { kind: 'send-control', channel: 'uplink', peer, message }
}

function log(line: string, fields: Record<string, string | number>): AgentEffect {
  return { kind: 'log', line, fields }
}
