/**
 * The network as the cores see it: channels by kind and peer, opened and closed by effects, heard of by events. It
 * decides nothing but what the allow-list says; a stream of a kind that its peer may not open is cut at once.
 */
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { DialAddress, ListenAddress, PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_CONTROL_MESSAGE_BYTES, MAX_PIECES_MESSAGE_BYTES } from '../../../protocol/limits.ts'
import {
  CONTROL_PROTOCOL,
  ControlMessage,
  ENROLL_PROTOCOL,
  LANE_PROTOCOL,
  PIECES_PROTOCOL,
  PiecesMessage,
} from '../../../protocol/messages.ts'
import { pieceHash } from '../../../protocol/pieces.ts'
import { WIRE_BYTES_PER_BYTE } from '../../../protocol/wan-limits.ts'
import type { AgentEffect, AgentEvent, Channel, Slot } from '../../core/events.ts'
import { EnrollingPeers } from './enrolling-peers.ts'
import { addressesOfHost, type HostOptions, startHost } from './host.ts'
import { type LaneStream, Lanes } from './lanes.ts'
import { MessageStream } from './message-stream.ts'
import { Pace } from './pace.ts'
import { ReaderLanes } from './reader-lanes.ts'

export type NetworkEvent = Extract<
  AgentEvent,
  {
    kind:
      | 'opened'
      | 'closed'
      | 'control-received'
      | 'pieces-received'
      | 'piece-received'
      | 'receiving'
      | 'reader-widened'
      | 'piece-sent'
      | 'enrollment-requested'
  }
>
export type NetworkEffect = Extract<
  AgentEffect,
  {
    kind:
      | 'open'
      | 'close'
      | 'limit'
      | 'widen'
      | 'send-control'
      | 'send-pieces'
      | 'send-piece'
      | 'answer-enrollment'
      | 'admit'
  }
>

/** Of a stream that the other side opened. */
const ACCEPTED = { roundTripMs: 0, addresses: [] as readonly DialAddress[] }
/** `receiving` is told at most this often for each source. */
const RECEIVING_EVERY_MS = 500

export type NetworkOptions = Omit<HostOptions, 'mayConnect'> & {
  readonly announce: readonly string[]
  readonly deliver: (event: NetworkEvent) => void
  /** Whether what goes to this peer crosses the WAN. */
  readonly isOverWan: (peer: PeerId) => boolean
  /** Waits, where too much that was delivered has not been dealt with yet; nothing more is read meanwhile. */
  readonly room: () => Promise<void> | undefined
  /** Reads a stored piece for a reader; rejects when it is not there any more. */
  readonly readPiece: (patch: Sha256, index: number) => Promise<Uint8Array>
}

type Held =
  | { control: MessageStream<ControlMessage> }
  /** `lanes` of a source: the connections over which it is asked. */
  | { pieces: MessageStream<PiecesMessage>; lanes: Lanes | null }

export class Network {
  readonly #options: NetworkOptions
  readonly #channels = new Map<string, Held>()
  readonly #enrolling: EnrollingPeers
  readonly #readerLanes: ReaderLanes
  readonly #pace = { down: new Pace(), up: new Pace() }
  readonly #slots = new Map<Slot, Uint8Array>()
  #nextSlot = 0
  #members: ReadonlySet<PeerId> = new Set()
  #mayEnroll: ReadonlySet<PeerId> = new Set()
  #host: Libp2p | undefined

  private constructor(options: NetworkOptions) {
    this.#options = options
    this.#enrolling = new EnrollingPeers((peer, request) =>
      options.deliver({ kind: 'enrollment-requested', peer, request }),
    )
    this.#readerLanes = new ReaderLanes(options, this.#pace)
  }

  static async start(options: NetworkOptions): Promise<Network> {
    const network = new Network(options)
    const host = await startHost({
      ...options,
      mayConnect: (peer) => network.#members.has(peer) || network.#mayEnroll.has(peer),
    })
    network.#host = host
    await host.handle(
      CONTROL_PROTOCOL,
      (stream, { remotePeer }) => network.#accept('downlink', peerOf(remotePeer), stream),
      { maxInboundStreams: 2 },
    )
    await host.handle(
      PIECES_PROTOCOL,
      (stream, { remotePeer }) => network.#accept('reader', peerOf(remotePeer), stream),
      { maxInboundStreams: 2 },
    )
    await host.handle(LANE_PROTOCOL, (stream, { remotePeer }) => network.#acceptLane(stream, peerOf(remotePeer)), {
      maxInboundStreams: 1,
    })
    await host.handle(
      ENROLL_PROTOCOL,
      (stream, { remotePeer }) => network.#acceptEnrollment(stream, peerOf(remotePeer)),
      { maxInboundStreams: 1 },
    )
    host.addEventListener('connection:open', ({ detail: connection }) => {
      const isStranger = connection.direction === 'inbound' && !network.#members.has(peerOf(connection.remotePeer))
      if (isStranger) network.#enrolling.connected(connection)
    })
    return network
  }

  get addresses(): ListenAddress[] {
    return addressesOfHost(this.#running, this.#options.announce)
  }

  perform(effect: NetworkEffect): void {
    switch (effect.kind) {
      case 'open':
        this.#open(effect.channel, effect.peer, effect.addresses)
        break
      case 'close':
        this.#cut(effect.channel, effect.peer, 'closed here')
        break
      case 'limit':
        this.#pace.down.limit(bytesPerMs(effect.limits.downBitsPerSecond))
        this.#pace.up.limit(bytesPerMs(effect.limits.upBitsPerSecond))
        break
      case 'widen':
        this.#lanes(effect.peer)?.widen(effect.lanes)
        break
      case 'send-control':
        this.#control(effect.channel, effect.peer)?.send(effect.message)
        break
      case 'send-pieces':
        if (effect.channel === 'source') this.#lanes(effect.peer)?.send(effect.message)
        else this.#pieces(effect.channel, effect.peer)?.send(effect.message)
        break
      case 'send-piece':
        this.#sendPiece(effect.peer, effect.patch, effect.index)
        break
      case 'answer-enrollment':
        this.#enrolling.answer(effect.peer, effect.appliance, effect.answer)
        break
      case 'admit':
        this.#admit(effect.members, effect.enrolling)
        break
    }
  }

  /** The bytes of a received piece, which are forgotten here with this call. */
  takeSlot(slot: Slot): Uint8Array | undefined {
    const bytes = this.#slots.get(slot)
    this.#slots.delete(slot)
    return bytes
  }

  async stop(): Promise<void> {
    await this.#running.stop()
  }

  get #running(): Libp2p {
    if (this.#host === undefined) throw new Error('the network has not started')
    return this.#host
  }

  #open(channel: 'uplink' | 'source', peer: PeerId, addresses: readonly DialAddress[]): void {
    const protocol = channel === 'uplink' ? CONTROL_PROTOCOL : PIECES_PROTOCOL
    const dialled = async (): Promise<{ stream: Stream; roundTripMs: number }> => {
      const connection = await this.#running.dial(addresses.map((address) => multiaddr(address)))
      const asked = performance.now()
      const stream = await connection.newStream(protocol)
      return { stream, roundTripMs: performance.now() - asked }
    }
    dialled().then(
      ({ stream, roundTripMs }) => this.#hold(channel, peer, stream, { roundTripMs, addresses }),
      (error: Error) => this.#options.deliver({ kind: 'closed', channel, peer, reason: dialFailure(error) }),
    )
  }

  #accept(channel: 'downlink' | 'reader', peer: PeerId, stream: Stream): void {
    if (this.#members.has(peer)) this.#hold(channel, peer, stream)
    else stream.abort(new Error('only members may open this protocol'))
  }

  /** A further connection to a source, for requests and pieces only. */
  async #dialLane(peer: PeerId, addresses: readonly DialAddress[], onEnd: () => void): Promise<LaneStream> {
    const connection = await this.#running.dial(
      addresses.map((address) => multiaddr(address)),
      { force: true },
    )
    const stream = await connection.newStream(LANE_PROTOCOL)
    return new MessageStream(stream, {
      room: this.#options.room,
      pace: this.#pace,
      onBytes: this.#receivingFrom(peer),
      schema: PiecesMessage,
      maxMessageBytes: MAX_PIECES_MESSAGE_BYTES,
      what: 'a message of the pieces protocol',
      onMessage: (message) => this.#piecesMessage('source', peer, message),
      onEnd: () => {
        connection.abort(new Error('its stream has ended'))
        onEnd()
      },
    })
  }

  #hold(
    channel: Channel,
    peer: PeerId,
    stream: Stream,
    { roundTripMs, addresses }: { roundTripMs: number; addresses: readonly DialAddress[] } = ACCEPTED,
  ): void {
    const key = `${channel} ${peer}`
    const before = this.#channels.get(key)
    const shared = {
      room: this.#options.room,
      onEnd: (reason: string) => {
        if (this.#channels.get(key) !== held) return
        this.#channels.delete(key)
        if ('lanes' in held) held.lanes?.end()
        if (channel === 'reader') this.#readerLanes.end(peer)
        this.#options.deliver({ kind: 'closed', channel, peer, reason })
      },
    }
    const held: Held =
      channel === 'uplink' || channel === 'downlink'
        ? {
            control: new MessageStream(stream, {
              ...shared,
              schema: ControlMessage,
              maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
              what: 'a control message',
              onMessage: (message) => this.#options.deliver({ kind: 'control-received', channel, peer, message }),
            }),
          }
        : {
            lanes: null,
            pieces: new MessageStream(stream, {
              ...shared,
              ...(this.#options.isOverWan(peer) ? { pace: this.#pace } : {}),
              ...(channel === 'source' ? { onBytes: this.#receivingFrom(peer) } : {}),
              schema: PiecesMessage,
              maxMessageBytes: MAX_PIECES_MESSAGE_BYTES,
              what: 'a message of the pieces protocol',
              onMessage: (message) => this.#piecesMessage(channel, peer, message),
            }),
          }
    if (channel === 'source' && 'pieces' in held)
      held.lanes = new Lanes(held.pieces, (onEnd) => this.#dialLane(peer, addresses, onEnd))
    this.#channels.set(key, held)
    if (before !== undefined) {
      streamOf(before).abort('replaced by a newer stream')
      this.#options.deliver({ kind: 'closed', channel, peer, reason: 'replaced by a newer stream' })
    }
    this.#options.deliver({ kind: 'opened', channel, peer, roundTripMs })
  }

  /** Only of a source: that the same peer answers on another stream says nothing about the pieces. */
  #receivingFrom(peer: PeerId): () => void {
    let lastTold = 0
    return () => {
      const now = performance.now()
      if (now - lastTold < RECEIVING_EVERY_MS) return
      lastTold = now
      this.#options.deliver({ kind: 'receiving', peer })
    }
  }

  #piecesMessage(channel: 'source' | 'reader', peer: PeerId, message: PiecesMessage): void {
    if (message.kind !== 'piece') this.#options.deliver({ kind: 'pieces-received', channel, peer, message })
    else if (channel === 'source') {
      const slot = this.#nextSlot++ as Slot
      this.#slots.set(slot, message.bytes)
      const { patch, index, bytes } = message
      this.#lanes(peer)?.answered(patch, index)
      this.#options.deliver({ kind: 'piece-received', peer, patch, index, hash: pieceHash(bytes), slot })
    } else this.#cut(channel, peer, 'a reader never sends pieces')
  }

  #sendPiece(peer: PeerId, patch: Sha256, index: number): void {
    const sent = (): void => this.#options.deliver({ kind: 'piece-sent', peer })
    const stream = this.#readerLanes.answerOn(peer, patch, index) ?? this.#pieces('reader', peer)
    if (stream === undefined) sent()
    else {
      stream.sendLater(() =>
        this.#options
          .readPiece(patch, index)
          .then(
            (bytes): PiecesMessage => ({ kind: 'piece', patch, index, bytes }),
            // It went away since it was requested; the reader is told.
            (): PiecesMessage => ({ kind: 'gone', patch }),
          )
          .finally(sent),
      )
    }
  }

  #acceptLane(stream: Stream, peer: PeerId): void {
    if (this.#members.has(peer) && this.#pieces('reader', peer) !== undefined) this.#readerLanes.accept(peer, stream)
    else stream.abort(new Error('only a reader may have further connections'))
  }

  #acceptEnrollment(stream: Stream, peer: PeerId): void {
    if (this.#mayEnroll.has(peer)) this.#enrolling.accept(peer, stream)
    else stream.abort(new Error('only the bearer of a token may enroll'))
  }

  #admit(members: ReadonlySet<PeerId>, enrolling: ReadonlySet<PeerId>): void {
    this.#members = members
    this.#mayEnroll = enrolling
    for (const connection of this.#running.getConnections()) {
      const peer = peerOf(connection.remotePeer)
      if (connection.direction === 'inbound' && !members.has(peer) && !enrolling.has(peer)) {
        connection.abort(new Error('no longer a member'))
      }
    }
  }

  #cut(channel: Channel, peer: PeerId, reason: string): void {
    const held = this.#channels.get(`${channel} ${peer}`)
    if (held !== undefined) streamOf(held).abort(reason)
  }

  #control(channel: Channel, peer: PeerId): MessageStream<ControlMessage> | undefined {
    const held = this.#channels.get(`${channel} ${peer}`)
    return held !== undefined && 'control' in held ? held.control : undefined
  }

  #lanes(peer: PeerId): Lanes | null {
    const held = this.#channels.get(`source ${peer}`)
    return held !== undefined && 'lanes' in held ? held.lanes : null
  }

  #pieces(channel: Channel, peer: PeerId): MessageStream<PiecesMessage> | undefined {
    const held = this.#channels.get(`${channel} ${peer}`)
    return held !== undefined && 'pieces' in held ? held.pieces : undefined
  }
}

function streamOf(held: Held): { abort(reason: string): void } {
  return 'control' in held ? held.control : held.pieces
}

function peerOf(peer: { toString(): string }): PeerId {
  return peer.toString() as PeerId
}

function bytesPerMs(bitsPerSecond: number | null): number | null {
  return bitsPerSecond === null ? null : bitsPerSecond / 8 / 1000 / WIRE_BYTES_PER_BYTE
}

function dialFailure(error: Error): string {
  const causes = error instanceof AggregateError ? error.errors.map((cause: Error) => cause.message) : [error.message]
  return causes.join('; ')
}
