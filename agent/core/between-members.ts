/**
 * Letters between the members of one group, such as what they say to each other about a lease. A Service Provider appliance
 * talks to the other members of its depot itself, over a control stream that is opened when there is something to say and
 * closed when there was nothing for a while. A tenant appliance hands its letter to its depot, which gives it to the
 * addressee unopened, or to the other members of the depot where that one is attached to one of them. Nothing of this is
 * kept: whoever asks asks again, and the Service Center may be away.
 */
import { type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { Letter } from '../../protocol/trust/statements.ts'
import type { AgentEffect } from './events.ts'
import { sendDown, sendUp } from './letters.ts'
import { addressesOf, depotMembers } from './neighbours.ts'
import { giveUp } from './silence.ts'
import type { AgentState } from './state.ts'

const PING_EVERY_MS = 10_000
const CLOSED_AFTER_MS = 60_000
/** Of a stream that is being opened; the oldest letter goes, and is asked for again. */
const MAX_WAITING_LETTERS = 32

/** The control streams with one other member of the depot, beside those of the two to the Service Center. */
export type Between = {
  /** The one that this appliance opens. */
  own: 'closed' | 'opening' | 'open'
  /** The other member has opened one. */
  theirs: boolean
  /** Until the stream is open. */
  waiting: Letter[]
  /** Monotonic. */
  usedAtMs: number
  heardAtMs: number
  pingAtMs: number
}

/** From this appliance to another member of its group. */
export function sendToMember(state: AgentState, to: PeerId, envelope: Envelope): AgentEffect[] {
  const letter = { to, from: state.identity.peer, envelope }
  if (state.membership?.kind === SERVICE_PROVIDER) return sendAcross(state, to, letter)
  return sendUp(state, letter)
}

export function isOfOwnDepot(state: AgentState, peer: PeerId): boolean {
  return state.membership?.kind === SERVICE_PROVIDER && depotMembers(state).some((member) => member.peer === peer)
}

/** A letter of an attached appliance to another member of its group. */
export function passOn(state: AgentState, letter: Letter): AgentEffect[] {
  if (!areOfOneGroup(state, letter)) return []
  if (state.attached.has(letter.to)) return [sendDown(letter.to, letter)]
  return depotMembers(state).flatMap(({ peer }) => sendAcross(state, peer, letter))
}

/** A letter that another member of the depot passes on goes to whoever is attached here, and no further. */
export function passDown(state: AgentState, letter: Letter): AgentEffect[] {
  return areOfOneGroup(state, letter) && state.attached.has(letter.to) ? [sendDown(letter.to, letter)] : []
}

function areOfOneGroup({ roster }: AgentState, { from, to }: Letter): boolean {
  const [one, other] = [from, to].map((peer) => roster?.members.find((member) => member.peer === peer))
  if (one === undefined || other === undefined || from === to || one.kind === SERVICE_PROVIDER) return false
  return one.organization === other.organization && one.dataCenter === other.dataCenter && one.group === other.group
}

function sendAcross(state: AgentState, peer: PeerId, letter: Letter): AgentEffect[] {
  const between = betweenWith(state, peer)
  between.usedAtMs = state.clock.monotonicMs
  const message: ControlMessage = { kind: 'letter', letter }
  if (between.own === 'open') return [{ kind: 'send-control', channel: 'uplink', peer, message }]
  if (between.theirs) return [{ kind: 'send-control', channel: 'downlink', peer, message }]
  between.waiting = [...between.waiting, letter].slice(-MAX_WAITING_LETTERS)
  if (between.own === 'opening') return []
  between.own = 'opening'
  return [{ kind: 'open', channel: 'uplink', peer, addresses: addressesOf(state, peer) }]
}

function betweenWith(state: AgentState, peer: PeerId): Between {
  const known = state.between.get(peer)
  if (known !== undefined) return known
  const now = state.clock.monotonicMs
  const between: Between = {
    ...{ own: 'closed', theirs: false, waiting: [] },
    ...{ usedAtMs: now, heardAtMs: now, pingAtMs: now + PING_EVERY_MS },
  }
  state.between.set(peer, between)
  return between
}

export function betweenOpened(state: AgentState, channel: 'uplink' | 'downlink', peer: PeerId): AgentEffect[] {
  const between = betweenWith(state, peer)
  between.heardAtMs = state.clock.monotonicMs
  if (channel === 'downlink') {
    between.theirs = true
    return []
  }
  between.own = 'open'
  between.pingAtMs = state.clock.monotonicMs + PING_EVERY_MS
  const letters = between.waiting.splice(0)
  return letters.map((letter) => ({ kind: 'send-control', channel, peer, message: { kind: 'letter', letter } }))
}

/** Whether it was such a stream. What waited is asked for again by whoever needs it. */
export function betweenClosed(state: AgentState, channel: 'uplink' | 'downlink', peer: PeerId): boolean {
  const between = state.between.get(peer)
  if (between === undefined) return false
  if (channel === 'uplink') between.own = 'closed'
  else between.theirs = false
  between.waiting = []
  if (between.own === 'closed' && !between.theirs) state.between.delete(peer)
  return true
}

/** Says that something was heard, and answers a ping: whoever has opened the stream asks whether it is alive. */
export function betweenHeard(
  state: AgentState,
  channel: 'uplink' | 'downlink',
  peer: PeerId,
  { kind }: ControlMessage,
): AgentEffect[] {
  const between = state.between.get(peer)
  if (between === undefined) return []
  between.heardAtMs = state.clock.monotonicMs
  if (kind !== 'ping') return []
  return [{ kind: 'send-control', channel, peer, message: { kind: 'pong', wallMs: state.clock.wallMs } }]
}

/** One that is silent is given up, and one on which there is nothing to say is closed by whoever opened it. */
export function tendBetween(state: AgentState): AgentEffect[] {
  const now = state.clock.monotonicMs
  return [...state.between].flatMap(([peer, between]): AgentEffect[] => {
    const { own, theirs, usedAtMs, heardAtMs } = between
    if (own === 'opening') return []
    if (now - heardAtMs > state.settings.silenceMs) {
      if (theirs) betweenClosed(state, 'downlink', peer)
      if (own !== 'open') return [{ kind: 'close', channel: 'downlink', peer }]
      betweenClosed(state, 'uplink', peer)
      return [giveUp(state, 'uplink', peer)]
    }
    if (own !== 'open') return []
    if (now - usedAtMs > CLOSED_AFTER_MS) return [{ kind: 'close', channel: 'uplink', peer }]
    if (now < between.pingAtMs) return []
    between.pingAtMs = now + PING_EVERY_MS
    return [{ kind: 'send-control', channel: 'uplink', peer, message: { kind: 'ping' } }]
  })
}
