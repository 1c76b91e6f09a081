/**
 * What the simulated network knows of hosts and of the streams between them: one control stream and one of pieces each
 * way between two hosts, each with two directions of its own.
 */
import type { AgentEffect, AgentEvent, Channel } from '../../agent/core/events.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { Flow } from './flows.ts'
import type { Whereabouts } from './partitions.ts'
import { type Place, type Route, routeBetween } from './routes.ts'

export type NetworkEvent = Extract<
  AgentEvent,
  {
    kind:
      | 'opened'
      | 'closed'
      | 'control-received'
      | 'pieces-received'
      | 'receiving'
      | 'reader-widened'
      | 'piece-sent'
      | 'piece-unreadable'
  }
>

export type Host = {
  readonly name: string
  readonly peer: PeerId
  readonly isRunning: boolean
  /** Where it listens; whoever has no such list is found wherever it is dialled. */
  readonly addresses?: readonly string[]
  /** Another one for each process: what one dialled concerns no later one. */
  readonly generation: number
  admits(peer: PeerId): boolean
  hear(event: NetworkEvent): void
  /** Keeps the bytes of a piece that has come in. */
  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void
}

export type Dial = Pick<Extract<AgentEffect, { kind: 'open' }>, 'channel' | 'peer' | 'addresses'>

export type Port = {
  readonly host: Host
  readonly place: Place | null
  readonly where: Whereabouts
  readonly streams: Record<Channel, Map<PeerId, Stream>>
}

/** One direction of a stream. */
export type Lane = {
  readonly from: Port
  readonly to: Port
  readonly route: Route
  readonly flow: Flow
  lastArrivalMs: number
  /** What came into a silence: TCP sends it again when the silence is over. */
  readonly held: (() => void)[]
}

export type Stream = {
  readonly kind: 'control' | 'pieces'
  /** From whoever dialled, who knows it as uplink or source; the other knows it as downlink or reader. */
  readonly up: Lane
  readonly down: Lane
  hasEnded: boolean
  /** One end lost power: nobody answers any more, and nobody was told. */
  isHalfOpen: boolean
  /** Virtual time since when it has been silent, one way at least. */
  silentSinceMs: number | null
}

export const OTHER_END: Record<Channel, Channel> = {
  uplink: 'downlink',
  downlink: 'uplink',
  source: 'reader',
  reader: 'source',
}

export function newPort(host: Host, place: Place | null): Port {
  const streams = { uplink: new Map(), downlink: new Map(), source: new Map(), reader: new Map() }
  return { host, place, where: { name: host.name, site: place?.site.name ?? null }, streams }
}

export function newStream(kind: Stream['kind'], dialler: Port, listener: Port): Stream {
  return {
    kind,
    up: newLane(dialler, listener),
    down: newLane(listener, dialler),
    hasEnded: false,
    isHalfOpen: false,
    silentSinceMs: null,
  }
}

function newLane(from: Port, to: Port): Lane {
  const route = routeBetween(from.place, to.place)
  return { from, to, route, flow: new Flow(route.links, route.ceilingBytesPerMs), lastArrivalMs: 0, held: [] }
}

export function listensAt({ addresses: own, peer }: Host, dialled: readonly string[]): boolean {
  return own === undefined || dialled.length === 0 || own.some((address) => dialled.includes(`${address}/p2p/${peer}`))
}

/** The direction in which the holder of this end sends. */
export function laneFrom(stream: Stream, channel: Channel): Lane {
  return channel === 'uplink' || channel === 'source' ? stream.up : stream.down
}
