/**
 * Streams between the hosts of a world: opened, answered, delivered in order and cut, as events at virtual times.
 * Every message passes through the codec, so a core that says what the wire does not know is found here.
 */
import type { AgentEvent, Channel } from '../../agent/core/events.ts'
import { assert } from '../../protocol/assert.ts'
import { decode, encode } from '../../protocol/codec.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { ControlMessage, PiecesMessage } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'

const MESSAGE_MS = 5
const REFUSED_MS = 10

export type Host = {
  readonly name: string
  readonly peer: PeerId
  readonly isRunning: boolean
  admits(peer: PeerId): boolean
  hear(event: NetworkEvent): void
  /** Keeps the bytes of a piece that has come in. */
  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void
}
export type NetworkEvent = Extract<
  AgentEvent,
  { kind: 'opened' | 'closed' | 'control-received' | 'pieces-received' | 'piece-sent' }
>

/** One stream; `dialler` knows it as uplink or source, `listener` as downlink or reader. */
type Stream = { readonly key: string; dialler: Host; listener: Host; busyUntilMs: Map<Host, number> }

const OTHER_END: Record<Channel, Channel> = {
  uplink: 'downlink',
  downlink: 'uplink',
  source: 'reader',
  reader: 'source',
}

export class SimulatedNetwork {
  /** How long a piece takes between two hosts, by their names; `pieceMs` for the others. */
  readonly pieceMsBetween = new Map<string, number>()
  pieceMs = 100
  readonly #hosts = new Map<PeerId, Host>()
  readonly #streams = new Map<string, Stream>()
  readonly #cuts = new Set<string>()
  readonly #now: () => number
  readonly #at: (timeMs: number, act: () => void) => void

  constructor(now: () => number, at: (timeMs: number, act: () => void) => void) {
    this.#now = now
    this.#at = at
  }

  join(host: Host): void {
    this.#hosts.set(host.peer, host)
  }

  cut(one: string, other: string): void {
    this.#cuts.add(pair(one, other))
    for (const stream of this.#streams.values()) {
      if (this.#isCut(stream.dialler, stream.listener)) this.#end(stream, 'the link was cut')
    }
  }

  mend(one: string, other: string): void {
    this.#cuts.delete(pair(one, other))
  }

  /** The host is gone: its streams end at the other side. */
  leave(host: Host): void {
    for (const stream of [...this.#streams.values()]) {
      if (stream.dialler === host || stream.listener === host) this.#end(stream, 'the connection was lost')
    }
  }

  open(dialler: Host, channel: 'uplink' | 'source', peer: PeerId): void {
    const listener = this.#hosts.get(peer)
    this.#at(this.#now() + REFUSED_MS, () => {
      if (listener === undefined || !listener.isRunning || this.#isCut(dialler, listener)) {
        dialler.hear({ kind: 'closed', channel, peer, reason: 'no answer' })
      } else if (!listener.admits(dialler.peer)) {
        dialler.hear({ kind: 'closed', channel, peer, reason: 'closed by the other side' })
      } else if (dialler.isRunning) {
        const key = keyOf(dialler, channel, peer)
        const before = this.#streams.get(key)
        if (before !== undefined) this.#end(before, 'replaced by a newer stream')
        this.#streams.set(key, { key, dialler, listener, busyUntilMs: new Map() })
        listener.hear({ kind: 'opened', channel: OTHER_END[channel], peer: dialler.peer })
        dialler.hear({ kind: 'opened', channel, peer })
      }
    })
  }

  close(from: Host, channel: Channel, peer: PeerId): void {
    const stream = this.#streams.get(keyOf(from, channel, peer))
    if (stream !== undefined) this.#end(stream, `closed by ${from.name}`)
  }

  sendControl(from: Host, channel: 'uplink' | 'downlink', peer: PeerId, message: ControlMessage): void {
    const other = OTHER_END[channel] as typeof channel
    const received = throughCodec(decode(ControlMessage, encode(message), 'a control message'))
    this.#carry(from, channel, peer, MESSAGE_MS, (to) =>
      to.hear({ kind: 'control-received', channel: other, peer: from.peer, message: received }),
    )
  }

  sendPieces(from: Host, channel: 'source' | 'reader', peer: PeerId, message: PiecesMessage): void {
    const other = OTHER_END[channel] as typeof channel
    const received = throughCodec(decode(PiecesMessage, encode(message), 'a message of the pieces protocol'))
    assert(received.kind !== 'piece', 'pieces are sent by sendPiece')
    this.#carry(from, channel, peer, MESSAGE_MS, (to) =>
      to.hear({ kind: 'pieces-received', channel: other, peer: from.peer, message: received }),
    )
  }

  /** `read` gives the bytes when the piece leaves; where it throws, the reader is told that the patch is gone. */
  sendPiece(from: Host, peer: PeerId, patch: Sha256, index: number, read: () => Uint8Array): void {
    const to = this.#hosts.get(peer)
    const tookMs = this.pieceMsBetween.get(pair(from.name, to?.name ?? '')) ?? this.pieceMs
    this.#carry(from, 'reader', peer, tookMs, (receiver) => {
      from.hear({ kind: 'piece-sent', peer })
      const bytes = attempt(read)
      if (bytes !== null) receiver.hearPiece(from.peer, patch, index, bytes)
      else {
        const message = { kind: 'gone' as const, patch }
        receiver.hear({ kind: 'pieces-received', channel: 'source', peer: from.peer, message })
      }
    })
  }

  /** Takes its turn after what the same host sent into the same stream before. */
  #carry(from: Host, channel: Channel, peer: PeerId, tookMs: number, arrive: (to: Host) => void): void {
    const stream = this.#streams.get(keyOf(from, channel, peer))
    if (stream === undefined) return
    const to = stream.dialler === from ? stream.listener : stream.dialler
    const arrivesAtMs = Math.max(this.#now(), stream.busyUntilMs.get(from) ?? 0) + tookMs
    stream.busyUntilMs.set(from, arrivesAtMs)
    this.#at(arrivesAtMs, () => {
      if (this.#streams.get(stream.key) === stream) arrive(to)
    })
  }

  #end(stream: Stream, reason: string): void {
    const { dialler, listener, key } = stream
    this.#streams.delete(key)
    const channel = key.startsWith('control') ? 'uplink' : 'source'
    dialler.hear({ kind: 'closed', channel, peer: listener.peer, reason })
    listener.hear({ kind: 'closed', channel: OTHER_END[channel], peer: dialler.peer, reason })
  }

  #isCut(one: Host, other: Host): boolean {
    return this.#cuts.has(pair(one.name, other.name))
  }
}

export function pair(one: string, other: string): string {
  return [one, other].sort().join(' - ')
}

function keyOf(host: Host, channel: Channel, peer: PeerId): string {
  switch (channel) {
    case 'uplink':
      return `control ${host.peer} ${peer}`
    case 'downlink':
      return `control ${peer} ${host.peer}`
    case 'source':
      return `pieces ${host.peer} ${peer}`
    case 'reader':
      return `pieces ${peer} ${host.peer}`
  }
}

function throughCodec<Message>(message: Message): Exclude<Message, { refused: unknown }> {
  assert(!isRefusal(message), `a core said what the wire does not know: ${JSON.stringify(message)}`)
  return message as Exclude<Message, { refused: unknown }>
}

function attempt(read: () => Uint8Array): Uint8Array | null {
  try {
    return read()
  } catch (error) {
    assert(error instanceof Error, 'a store throws errors')
    return null
  }
}
