/**
 * An appliance as a function from events to effects. `step` dispatches, the modules beside it decide; each gets the
 * state and returns what should happen. It reads no clock, waits for nothing and touches no device, so the same code
 * runs on an appliance, in the Service Center's seed, in tests and in the simulator.
 */
import { unreachable } from '../../protocol/assert.ts'
import { type Envelope, open } from '../../protocol/envelope.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import {
  Acknowledgement,
  Heard,
  type Letter,
  Membership,
  Order,
  Publication,
  Roster,
  Withdrawal,
} from '../../protocol/statements.ts'
import { clocksCompared } from './comparing-clocks.ts'
import type { AgentEffect, AgentEvent, Channel } from './events.ts'
import { discard, proveAnew, published, seeded, storeAnswered, tendDiscards, withdrawn } from './holding.ts'
import { settled, surveyed, tendAttempt } from './install/going-on.ts'
import { detected, judged, orderArrived, stepEnded } from './install/installing.ts'
import { stopAsked } from './install/stopping.ts'
import { sealedEntry } from './ledger.ts'
import { acknowledge, acknowledged, forgetFormer, forwardDown, forwardUp, resendDown } from './letters.ts'
import { limitsChanged, tendLimits } from './limiting.ts'
import { packagesChanged, tendLooking } from './looking-again.ts'
import { ledgerCompared, tellOrders } from './lost-ledger.ts'
import { tendMachine } from './machine.ts'
import { admission, introductions, mayAttach } from './neighbours.ts'
import { doubt, doubtedByReader, doubtPiece, pieceReadBack, tendProving } from './proving.ts'
import { pieceReceived, pull, receiving, sourceOpened, sourceSaid } from './pulling.ts'
import { readerClosed, readerOpened, readerSaid, readerWidened } from './relaying.ts'
import { tendGrants } from './seeding.ts'
import { measureServing, pieceSent, pieceUnreadable, tellWaiting } from './serving.ts'
import { tendSilence } from './silence.ts'
import { measureSources, sourceClosed } from './sources.ts'
import type { AgentState } from './state.ts'
import { tellProgress } from './telling.ts'
import { tendUplink, uplinkClosed, uplinkHeld, uplinkOpened } from './uplink.ts'
import { tendWidths } from './widening.ts'

export function step(state: AgentState, event: AgentEvent): AgentEffect[] {
  switch (event.kind) {
    case 'tick': {
      const tookMs = event.clock.monotonicMs - state.clock.monotonicMs
      measureServing(state, tookMs)
      state.clock = event.clock
      measureSources(state)
      return [
        ...tendLimits(state, tookMs),
        ...tendSilence(state, tookMs),
        ...tendUplink(state),
        ...pull(state),
        ...tendGrants(state),
        ...tellWaiting(state),
        ...tendWidths(state),
        ...tendDiscards(state),
        ...tendMachine(state),
        ...tendAttempt(state),
        ...tendLooking(state),
        ...tendProving(state, tookMs),
        ...tellProgress(state),
      ]
    }
    case 'opened':
      return opened(state, event.channel, event.peer, event.roundTripMs)
    case 'closed':
      return closed(state, event.channel, event.peer, event.reason)
    case 'control-received':
      return event.channel === 'uplink'
        ? saidFromAbove(state, event.peer, event.message)
        : saidFromBelow(state, event.peer, event.message)
    case 'pieces-received':
      if (event.channel === 'source') return sourceSaid(state, event.peer, event.message)
      return [...readerSaid(state, event.peer, event.message), ...doubted(state, event.message)]
    case 'piece-received':
      return pieceReceived(state, event)
    case 'receiving':
      return receiving(state, event.peer)
    case 'reader-widened':
      return readerWidened(state, event.peer, event.lanes)
    case 'piece-sent':
      return pieceSent(state, event.peer, event.patch, event.index)
    case 'piece-unreadable':
      return [...pieceUnreadable(state, event), ...doubtPiece(state, event.patch, event.index)]
    case 'piece-read-back':
      return pieceReadBack(state, event)
    case 'enrollment-requested':
      if (state.uplink.phase !== 'up') {
        const { appliance } = event.request
        return [{ kind: 'answer-enrollment', peer: event.peer, appliance, answer: null }]
      }
      return [up(state.uplink.peer, { kind: 'enrolling', peer: event.peer, request: event.request })]
    case 'seeded':
      return seeded(state, event)
    case 'unseeded':
      return discard(state, event.patch)
    case 'holders-told':
      if (!state.replicas.has(event.patch)) return []
      state.holders.set(event.patch, event.holders)
      return pull(state)
    case 'stop-asked':
      return stopAsked(state, event)
    case 'limited':
      return limitsChanged(state, event.limits)
    case 'settled':
      return settled(state, event.patch)
    case 'step-ended':
      // Perhaps it failed because the copy is not what it was.
      return [
        ...stepEnded(state, event.step, event.patch, event.outcome),
        ...(event.step === 'install' && !event.outcome.ok ? doubt(state, event.patch) : []),
      ]
    case 'judged':
      return [
        ...judged(state, event.patch, event.refusal),
        ...(event.refusal?.refused === 'not_replicated' ? doubt(state, event.patch) : []),
      ]
    case 'surveyed':
      return surveyed(state, event.machine)
    case 'detected':
      return state.replicas.has(event.patch) ? detected(state, event.patch, event.found) : []
    case 'packages-changed':
      return packagesChanged(state)
    case 'partial-opened':
    case 'piece-stored':
    case 'sealed':
    case 'corrupt':
    case 'discarded':
    case 'store-failed': {
      const replica = state.replicas.get(event.patch)
      return replica === undefined ? [] : storeAnswered(state, replica, event)
    }
    default:
      return unreachable(event)
  }
}

/** A reader that was sent a wrong piece says so, and so the copy here is looked at. */
function doubted(state: AgentState, message: Extract<AgentEvent, { kind: 'pieces-received' }>['message']) {
  const replica = state.replicas.get(message.patch)
  return message.kind === 'wrong' && replica !== undefined ? doubtedByReader(state, replica, message.index) : []
}

function opened(state: AgentState, channel: Channel, peer: PeerId, roundTripMs: number): AgentEffect[] {
  switch (channel) {
    case 'uplink':
      return uplinkOpened(state, peer)
    case 'downlink':
      if (!mayAttach(state, peer)) return [{ kind: 'close', channel, peer }]
      state.attached.set(peer, null)
      state.heardBelowMs.set(peer, state.clock.monotonicMs)
      return []
    case 'source':
      return sourceOpened(state, peer, roundTripMs)
    case 'reader':
      return readerOpened(state, peer)
    default:
      return unreachable(channel)
  }
}

function closed(state: AgentState, channel: Channel, peer: PeerId, reason: string): AgentEffect[] {
  switch (channel) {
    case 'uplink':
      return uplinkClosed(state, peer, reason)
    case 'downlink':
      state.attached.delete(peer)
      state.heardBelowMs.delete(peer)
      return state.uplink.phase === 'up' ? [up(state.uplink.peer, { kind: 'detached', peer })] : []
    case 'source':
      return sourceClosed(state, peer, reason)
    case 'reader':
      return readerClosed(state, peer)
    default:
      return unreachable(channel)
  }
}

/** On the uplink: from the Service Center itself, or passed on by the depot. */
function saidFromAbove(state: AgentState, peer: PeerId, message: ControlMessage): AgentEffect[] {
  if (state.uplink.phase !== 'up' || state.uplink.peer !== peer) return []
  state.uplink.lastHeardAtMs = state.clock.monotonicMs
  switch (message.kind) {
    case 'letter':
      if (message.letter.to !== state.identity.peer) return forwardDown(state, message.letter)
      return read(state, message.letter)
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
function saidFromBelow(state: AgentState, peer: PeerId, message: ControlMessage): AgentEffect[] {
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
      return message.letter.from === peer && mayAttach(state, peer) ? forwardUp(state, message.letter) : []
    default:
      return []
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

function up(peer: PeerId, message: ControlMessage): AgentEffect {
  return { kind: 'send-control', channel: 'uplink', peer, message }
}

function log(line: string, fields: Record<string, string | number>): AgentEffect {
  return { kind: 'log', line, fields }
}
