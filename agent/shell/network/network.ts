/**
 * The network as the cores see it: channels by kind and peer, opened and closed by effects, heard of by events. It
 * decides nothing but what the allow-list says; a stream of a kind that its peer may not open is cut at once.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { DialAddress, ListenAddress, PeerId } from '../../../protocol/identifiers.ts'
import {
  CONTROL_PROTOCOL,
  ENROLL_PROTOCOL,
  type Inquiry,
  type InquiryAnswer,
  PIECES_PROTOCOL,
  PIECES_PROTOCOL_BEFORE,
  ROUND_TRIP_PROTOCOL,
} from '../../../protocol/messages.ts'
import type { AgentEffect, AgentEvent, Channel } from '../../core/events.ts'
import { ControlStreams } from './control-streams.ts'
import { EnrollingPeers } from './enrolling-peers.ts'
import { addressesOfHost, type HostOptions, startHost } from './host.ts'
import { type Answering, Inquiries } from './inquiries.ts'
import { laneAddresses } from './lanes/lane-addresses.ts'
import { type PieceEvent, PieceStreams, type PieceStreamsOptions } from './piece-streams.ts'
import type { ReceivedPieces } from './received-pieces.ts'
import { RoundTrips } from './round-trips.ts'

export type NetworkEvent = Extract<
  AgentEvent,
  { kind: 'opened' | 'closed' | 'control-received' | 'enrollment-requested' | PieceEvent['kind'] }
>
export type NetworkEffect = Extract<
  AgentEffect,
  {
    kind:
      | 'open'
      | 'close'
      | 'hang-up'
      | 'limit'
      | 'probe'
      | 'widen'
      | 'send-control'
      | 'send-pieces'
      | 'send-piece'
      | 'answer-enrollment'
      | 'admit'
  }
>

export type NetworkOptions = Omit<HostOptions, 'mayConnect' | 'acceptLane'> &
  Omit<PieceStreamsOptions, 'deliver'> & {
    readonly announce: readonly string[]
    /** Null where nobody is answered. */
    readonly answering: Answering | null
    readonly deliver: (event: NetworkEvent) => void
  }

const MEMBERS_ONLY = 'only members may open this protocol'

type Held = { abort(reason: string): void }
type Holding = {
  readonly channel: Channel
  readonly peer: PeerId
  readonly connection: Connection
  /** Where the peer listens, as far as who opens the channel knows. */
  readonly addresses: readonly DialAddress[]
}

export class Network {
  readonly #options: NetworkOptions
  readonly #channels = new Map<string, Held>()
  readonly #control: ControlStreams
  readonly #enrolling: EnrollingPeers
  readonly #pieces: PieceStreams
  readonly #roundTrips = new RoundTrips()
  #members: ReadonlySet<PeerId> = new Set()
  #mayEnroll: ReadonlySet<PeerId> = new Set()
  #host: Libp2p | undefined
  #inquiries: Inquiries | undefined

  private constructor(options: NetworkOptions) {
    this.#options = options
    this.#enrolling = new EnrollingPeers((peer, request) =>
      options.deliver({ kind: 'enrollment-requested', peer, request }),
    )
    this.#pieces = new PieceStreams(options)
    this.#control = new ControlStreams(options.room)
  }

  static async start(options: NetworkOptions): Promise<Network> {
    const network = new Network(options)
    const host = await startHost({
      ...options,
      mayConnect: (peer) => network.#members.has(peer) || network.#mayEnroll.has(peer),
      acceptLane: (socket, proven) => network.#pieces.expectedLanes.accept(socket, proven),
    })
    network.#host = host
    await host.handle(CONTROL_PROTOCOL, (stream, connection) => network.#accept('downlink', connection, stream), {
      maxInboundStreams: 2,
    })
    await host.handle(
      [PIECES_PROTOCOL, PIECES_PROTOCOL_BEFORE],
      (stream, connection) => network.#accept('reader', connection, stream),
      { maxInboundStreams: 2 },
    )
    await host.handle(
      ROUND_TRIP_PROTOCOL,
      (stream, { remotePeer }) =>
        network.#members.has(peerOf(remotePeer)) ? stream.close() : stream.abort(new Error(MEMBERS_ONLY)),
      { maxInboundStreams: 4 },
    )
    await host.handle(
      ENROLL_PROTOCOL,
      (stream, { remotePeer }) => network.#acceptEnrollment(stream, peerOf(remotePeer)),
      { maxInboundStreams: 1 },
    )
    network.#inquiries = await Inquiries.open(host, options.answering, (peer) => network.#control.connectionWith(peer))
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
      case 'hang-up':
        this.#hangUp(effect.peer, 'given up for its silence')
        break
      case 'limit':
        this.#pieces.limit(effect.limits)
        break
      case 'probe':
        this.#roundTrips.probe(effect.peers, (addresses) => this.#dial(addresses))
        break
      case 'widen':
        this.#pieces.widen(effect.peer, effect.lanes)
        break
      case 'send-control':
        this.#control.send(effect.channel, effect.peer, effect.message)
        break
      case 'send-pieces':
        if (effect.channel === 'source') this.#pieces.toSource(effect.peer, effect.message)
        else this.#pieces.toReader(effect.peer, effect.message)
        break
      case 'send-piece':
        this.#pieces.sendPiece(effect.peer, effect.patch, effect.index)
        break
      case 'answer-enrollment':
        this.#enrolling.answer(effect.peer, effect.appliance, effect.answer)
        break
      case 'admit':
        this.#admit(effect.members, effect.enrolling)
        break
    }
  }

  async ask(via: PeerId, inquiry: Inquiry): Promise<InquiryAnswer> {
    return this.#inquiries?.ask(via, inquiry) ?? { kind: 'silent', reason: 'the network has just started' }
  }

  /** The pieces that `piece-received` told of. */
  get received(): ReceivedPieces {
    return this.#pieces.received
  }

  async stop(): Promise<void> {
    await this.#running.stop()
  }

  get #running(): Libp2p {
    if (this.#host === undefined) throw new Error('the network has not started')
    return this.#host
  }

  #open(channel: 'uplink' | 'source', peer: PeerId, addresses: readonly DialAddress[]): void {
    const protocols = channel === 'uplink' ? [CONTROL_PROTOCOL] : [PIECES_PROTOCOL, PIECES_PROTOCOL_BEFORE]
    const dialled = async (): Promise<{ connection: Connection; stream: Stream; roundTripMs: number }> => {
      const connection = addresses.length > 0 ? await this.#dial(addresses) : this.#connectionOf(peer)
      try {
        const roundTripMs = await this.#roundTrips.measure(peer, connection)
        return { connection, stream: await connection.newStream(protocols), roundTripMs }
      } catch (error) {
        // One that does not answer is dead, and a dial would give the same one again.
        if (isTimeOut(error)) this.#hangUp(peer, 'it does not answer')
        // So is one of which the other end has taken its leave and the socket has not ended, as behind a proxy.
        else if (error instanceof Error && error.name === 'ConnectionClosedError') connection.abort(error)
        throw error
      }
    }
    dialled().then(
      ({ connection, stream, roundTripMs }) =>
        this.#hold({ channel, peer, connection, addresses }, stream, roundTripMs),
      (error: Error) => this.#options.deliver({ kind: 'closed', channel, peer, reason: dialFailure(error) }),
    )
  }

  /** Of a peer that dialled us: the one that carries its control stream. */
  #connectionOf(peer: PeerId): Connection {
    const connection = this.#control.connectionWith(peer)
    if (connection === undefined) throw new Error('it is not connected')
    return connection
  }

  #dial(addresses: readonly DialAddress[]): Promise<Connection> {
    return this.#running.dial(addresses.map((address) => multiaddr(address)))
  }

  #accept(channel: 'downlink' | 'reader', connection: Connection, stream: Stream): void {
    const peer = peerOf(connection.remotePeer)
    if (!this.#members.has(peer)) return stream.abort(new Error(MEMBERS_ONLY))
    this.#hold({ channel, peer, connection, addresses: [] }, stream)
  }

  #hold({ channel, peer, connection, addresses }: Holding, stream: Stream, roundTripMs = 0): void {
    const key = `${channel} ${peer}`
    const before = this.#channels.get(key)
    const onEnd = (reason: string): void => {
      if (this.#channels.get(key) !== held) return
      this.#channels.delete(key)
      this.#options.deliver({ kind: 'closed', channel, peer, reason })
    }
    const held: Held =
      channel === 'source'
        ? this.#pieces.openSource(peer, stream, { addresses: laneAddresses(connection, addresses), onEnd })
        : channel === 'reader'
          ? this.#pieces.openReader(peer, stream, { onEnd })
          : this.#control.open({ channel, peer, connection }, stream, {
              onMessage: (message) => this.#options.deliver({ kind: 'control-received', channel, peer, message }),
              onEnd,
            })
    this.#channels.set(key, held)
    if (before !== undefined) {
      before.abort('replaced by a newer stream')
      this.#options.deliver({ kind: 'closed', channel, peer, reason: 'replaced by a newer stream' })
    }
    this.#options.deliver({ kind: 'opened', channel, peer, roundTripMs })
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

  #hangUp(peer: PeerId, reason: string): void {
    for (const connection of this.#running.getConnections()) {
      if (peerOf(connection.remotePeer) === peer) connection.abort(new Error(reason))
    }
  }

  #cut(channel: Channel, peer: PeerId, reason: string): void {
    this.#channels.get(`${channel} ${peer}`)?.abort(reason)
  }
}

function peerOf(peer: { toString(): string }): PeerId {
  return peer.toString() as PeerId
}

function isTimeOut(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}

function dialFailure(error: Error): string {
  const causes = error instanceof AggregateError ? error.errors.map((cause: Error) => cause.message) : [error.message]
  return causes.join('; ')
}
