/**
 * An appliance as a function from events to effects. `step` dispatches, the modules beside it decide; each gets the
 * state and returns what should happen. It reads no clock, waits for nothing and touches no device, so the same code
 * runs on an appliance, in the Service Center's seed, in tests and in the simulator.
 */
import { unreachable } from '../../protocol/assert.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import { tellNews } from './announcing.ts'
import { betweenClosed, betweenOpened, isOfOwnDepot, tendBetween } from './between-members.ts'
import type { AgentEffect, AgentEvent, Channel } from './events.ts'
import { saidBetween, saidFromAbove, saidFromBelow, up } from './hearing.ts'
import { discard, seeded, storeAnswered, tendDiscards } from './holding.ts'
import { importAsked, importLeft, pieceImported } from './importing.ts'
import { checked } from './install/checked.ts'
import { tendFollowing } from './install/following.ts'
import { settled, surveyed, tendAttempt } from './install/going-on.ts'
import { beginNext, stepEnded } from './install/installing.ts'
import { detected, judged } from './install/preflighting.ts'
import { tendReleases } from './install/releasing.ts'
import { stopAsked } from './install/stopping.ts'
import { hookEnded } from './install/switched.ts'
import { forgive, lateBy } from './lateness.ts'
import { limitsChanged, tendLimits } from './limiting.ts'
import { packagesChanged, tendLooking } from './looking-again.ts'
import { tendMachine } from './machine.ts'
import { mayAttach } from './neighbours.ts'
import { doubt, doubtedByReader, doubtPiece, pieceReadBack, tendProving } from './proving.ts'
import { pieceReceived, pull, receiving, sourceOpened, sourceSaid } from './pulling.ts'
import { readerClosed, readerOpened, readerSaid, readerWidened } from './relaying.ts'
import { tendGrants } from './seeding.ts'
import { measureServing, pieceSent, pieceUnreadable, tellWaiting } from './serving.ts'
import { tendSilence } from './silence.ts'
import { measureSources, sourceClosed } from './sources.ts'
import type { AgentState } from './state.ts'
import { tellProgress } from './telling.ts'
import { tendUplink, uplinkClosed, uplinkOpened } from './uplink.ts'
import { tendWidths } from './widening.ts'

export function step(state: AgentState, event: AgentEvent): AgentEffect[] {
  const effects = happened(state, event)
  return state.orders.queue.length === 0 ? effects : [...effects, ...beginNext(state)]
}

function happened(state: AgentState, event: AgentEvent): AgentEffect[] {
  switch (event.kind) {
    case 'tick': {
      const tookMs = event.clock.monotonicMs - state.clock.monotonicMs
      measureServing(state, tookMs)
      state.clock = event.clock
      forgive(state, lateBy(tookMs, state.settings.tickMs))
      measureSources(state)
      return [
        ...tendLimits(state, tookMs),
        ...tendSilence(state),
        ...tendUplink(state),
        ...tendBetween(state),
        ...pull(state),
        ...tendGrants(state),
        ...tellNews(state),
        ...tellWaiting(state),
        ...tendWidths(state),
        ...tendDiscards(state),
        ...tendMachine(state),
        ...tendAttempt(state),
        ...tendReleases(state),
        ...tendFollowing(state),
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
      if (isOfOwnDepot(state, event.peer)) return saidBetween(state, event.channel, event.peer, event.message)
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
    case 'import-asked':
      return importAsked(state, event)
    case 'piece-imported':
      return pieceImported(state, event)
    case 'import-left':
      return importLeft(state, event.visitor)
    case 'limited':
      return limitsChanged(state, event.limits)
    case 'configured':
      state.settings = { ...state.settings, ...event.settings }
      return []
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
    case 'checked':
      return checked(state, event.round, event.results)
    case 'hook-ended':
      return hookEnded(state, event.hook, event.outcome)
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
      if (isOfOwnDepot(state, peer)) return betweenOpened(state, channel, peer)
      // It was a member of the depot when it was dialled, and has left: what is above is dialled by name.
      if (state.uplink.phase !== 'dialling' || state.uplink.peer !== peer) return [{ kind: 'close', channel, peer }]
      return uplinkOpened(state, peer)
    case 'downlink':
      if (isOfOwnDepot(state, peer)) return betweenOpened(state, channel, peer)
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
      return betweenClosed(state, channel, peer) ? [] : uplinkClosed(state, peer, reason)
    case 'downlink':
      if (betweenClosed(state, channel, peer)) return []
      if (!state.attached.delete(peer)) return []
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
