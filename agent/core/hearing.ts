/**
 * What is said on control streams: from above, by an appliance that reaches the Service Center through this one, and
 * by other members of the own group. What is signed is opened once (trust.ts) and goes to whoever decides about it; what cannot
 * be believed changes nothing.
 */
import { unreachable } from '../../protocol/assert.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type Envelope, purposeOf } from '../../protocol/trust/envelope.ts'
import type { Letter, Membership, Roster } from '../../protocol/trust/statements.ts'
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
import { policyArrived } from './taking-policies.ts'
import { type FromServiceCenter, fromMember, fromServiceCenter, handedOn, type Trusted } from './trust.ts'
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

/** Of a member of its own group. */
function saidByMember(state: AgentState, letter: Letter): AgentEffect[] {
  const said = fromMember(trusted(state), letter) ?? handedOn(trusted(state), letter.envelope)
  if (said === null)
    return [log('ignored a letter of a member of its group', { payloadType: letter.envelope.payloadType })]
  if (isRefusal(said)) return []
  switch (said.kind) {
    case 'lease-request':
      return leaseRequested(state, said.statement)
    case 'lease-answer':
      return leaseAnswered(state, said.statement)
    case 'lease-release':
      return leaseReleased(state, said.statement, said.envelope)
    case 'order-question':
      return orderAsked(state, said.statement)
    case 'order-outcome':
      return outcomeTold(state, said.statement)
    case 'acknowledgement':
      return releaseAcknowledged(state, said.statement)
    case 'publication':
      return published(state, said.statement, said.envelope)
    default:
      return unreachable(said)
  }
}

/** A signed statement for this appliance; what came here is not sent again, whatever was made of it. */
function read(state: AgentState, letter: Letter): AgentEffect[] {
  const said = fromServiceCenter(trusted(state), letter)
  if (said === null) return [log('ignored a letter', { payloadType: letter.envelope.payloadType })]
  if (isRefusal(said)) {
    const line = `${purposeOf(letter.envelope.payloadType)} refused: ${said.message}`
    return [log(line, { code: said.refused }), ...acknowledge(state, letter)]
  }
  if (said.kind === 'acknowledgement') return acknowledged(state, said.statement)
  return [...told(state, said), ...acknowledge(state, letter)]
}

function told(state: AgentState, said: Exclude<FromServiceCenter, { kind: 'acknowledgement' }>): AgentEffect[] {
  switch (said.kind) {
    case 'publication':
      return published(state, said.statement, said.envelope)
    case 'withdrawal':
      return withdrawn(state, said.statement, said.envelope)
    case 'roster':
      return rosterArrived(state, said.statement, said.envelope)
    case 'membership':
      return membershipArrived(state, said.statement, said.envelope)
    case 'order':
      return orderArrived(state, said.statement)
    case 'cancellation':
      return orderCancelled(state, said.statement)
    case 'staging':
      return copyAhead(state, said.statement)
    case 'policy':
      return policyArrived(state, said.statement)
    case 'heard':
      return ledgerCompared(state, said.statement)
    default:
      return unreachable(said)
  }
}

export function trusted({ identity, root, membership }: AgentState): Trusted {
  return { self: identity.peer, root, membership }
}

function rosterArrived(state: AgentState, roster: Roster, envelope: Envelope): AgentEffect[] {
  if (roster.version <= (state.roster?.version ?? -1)) return []
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
function membershipArrived(state: AgentState, membership: Membership, envelope: Envelope): AgentEffect[] {
  const known = state.membership
  if (known === null) return []
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
