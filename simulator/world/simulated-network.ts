/**
 * Streams between the hosts of a world, as TCP gives them: opened, answered, delivered in order, held up and cut. Small
 * messages go ahead of pieces and cost latency only, but are counted; pieces are fluids that share links (flows.ts).
 * Nothing is lost, repeated or reordered inside a stream; what a stream had not delivered when it was cut is lost.
 */
import type { z } from 'zod'
import type { Channel } from '../../agent/core/events.ts'
import { assert, isBug } from '../../protocol/assert.ts'
import { decode, encode } from '../../protocol/codec.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { ControlMessage, PiecesMessage } from '../../protocol/messages.ts'
import type { Random } from '../../protocol/random.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import type { WanLimits } from '../../protocol/wan-limits.ts'
import { happens } from './child-random.ts'
import { Flows } from './flows.ts'
import { InterruptibleStreams, type Timing } from './interruptible-streams.ts'
import { pair } from './partitions.ts'
import { limitSite, newSite, placeIn, routeBetween, type Site, type SiteOptions } from './routes.ts'
import type { Dial, Host, Lane, Port, Stream } from './streams.ts'
import { laneFrom, listensAt, newPort, newStream, OTHER_END } from './streams.ts'

/** A host that is there says no at once; where nothing answers, the dialler gives up by itself. */
const REFUSED_MS = 10
const DIAL_TIMEOUT_MS = 10_000
/** CBOR, the frame and the names around the bytes of a piece. */
const PIECE_FRAME_BYTES = 110
/** What a message counts where it is not encoded: about what most of them are. */
const MESSAGE_BYTES = 120

/** What a fault does to one control message: how many copies arrive, and how much later than they should. */
export type Tampering = { copies: number; lateMs: number }

export { pair } from './partitions.ts'
export type { Host, NetworkEvent } from './streams.ts'

export type NetworkOptions = Timing & {
  readonly random: Random
  /** Every message passes through the codec, so a core that says what the wire does not know is found. */
  readonly checksMessages: boolean
}

export class SimulatedNetwork extends InterruptibleStreams {
  /** How long a piece takes between hosts that have no site. */
  pieceMs = 100
  /** The same for one pair of hosts, by `pair` of their names. */
  readonly pieceMsBetween = new Map<string, number>()
  /** A fault: decides about each control message. */
  tamper: ((from: Host, to: Host, message: ControlMessage) => Tampering | null) | null = null
  readonly sites = new Map<string, Site>()
  readonly #ports = new Map<PeerId, Port>()
  /** Of machines with the key of another one; nobody dials them. */
  readonly #beside = new Map<Host, Port>()
  readonly #heardMs = new Map<string, number>()
  readonly #options: NetworkOptions

  constructor(options: NetworkOptions) {
    super(options, new Flows(options.now, options.at))
    this.#options = options
  }

  addSite(name: string, options: SiteOptions): Site {
    assert(!this.sites.has(name), `one site only is called ${name}`)
    const site = newSite(name, options)
    this.sites.set(name, site)
    return site
  }

  join(host: Host, siteName: string | null = null): void {
    const site = siteName === null ? null : this.sites.get(siteName)
    assert(site !== undefined, `there is a site ${siteName}`)
    this.#ports.set(host.peer, newPort(host, site === null ? null : placeIn(site, host.name)))
  }

  /** A machine with the key of `original`, at the same site. */
  joinBeside(host: Host, original: Host): void {
    const site = this.#portOf(original).place?.site
    this.#beside.set(host, newPort(host, site === undefined ? null : placeIn(site, host.name)))
  }

  /** The process is gone: its streams end at the other side. After a loss of power nobody tells the other side. */
  leave(host: Host, { silently = false } = {}): void {
    for (const streams of Object.values(this.#portOf(host).streams)) {
      for (const stream of [...streams.values()]) {
        if (silently) this.halfOpen(stream)
        else this.end(stream, 'the connection was lost')
      }
    }
  }

  /** Only these may stay connected to `host`. */
  admit(host: Host, members: ReadonlySet<PeerId>): void {
    const { downlink, reader } = this.#portOf(host).streams
    for (const [peer, stream] of [...downlink, ...reader]) {
      if (!members.has(peer)) this.end(stream, 'no longer a member')
    }
  }

  open(dialler: Host, { channel, peer, addresses }: Dial): void {
    const from = this.#portOf(dialler)
    const isConnected = Object.values(from.streams).some((streams) => streams.has(peer))
    const there = this.#ports.get(peer)
    const to = isConnected || there === undefined || listensAt(there.host, addresses) ? there : undefined
    // A dial uses a connection that is there, also a dead one.
    const isDead = Object.values(from.streams).some((streams) => streams.get(peer)?.isHalfOpen === true)
    const isSilent = isDead || (to !== undefined && (this.isSilent(from, to) || this.isSilent(to, from)))
    const tookMs = isSilent ? DIAL_TIMEOUT_MS : dialMs(from, to)
    const { generation } = dialler
    this.after(tookMs, () => {
      if (dialler.generation !== generation) return
      const closed = (reason: string) => dialler.hear({ kind: 'closed', channel, peer, reason })
      if (isDead) this.hangUp(dialler, peer)
      if (to === undefined || isSilent || !to.host.isRunning || this.isCut(from, to)) closed('no answer')
      else if (!to.host.admits(dialler.peer)) closed('closed by the other side')
      else if (dialler.isRunning) this.#connect(from, channel, to)
    })
  }

  close(from: Host, channel: Channel, peer: PeerId): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream !== undefined) this.end(stream, `closed by ${from.name}`)
  }

  /** Ends all that is open with the peer. */
  hangUp(from: Host, peer: PeerId): void {
    const port = this.#portOf(from)
    for (const streams of Object.values(port.streams)) {
      const stream = streams.get(peer)
      if (stream !== undefined) this.giveUp(stream, port, `given up by ${from.name}`)
    }
  }

  /** Virtual time at which `to` was last told something by `from`, on a control stream. */
  heardMs(to: Host, from: PeerId): number | undefined {
    return this.#heardMs.get(`${to.peer} ${from}`)
  }

  sendControl(from: Host, channel: 'uplink' | 'downlink', peer: PeerId, message: ControlMessage): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream === undefined) return
    const lane = laneFrom(stream, channel)
    const other = OTHER_END[channel] as typeof channel
    const { received, bytes } = this.#throughCodec(ControlMessage, message)
    const { copies, lateMs } = this.tamper?.(from, lane.to.host, message) ?? { copies: 1, lateMs: 0 }
    for (let copy = 0; copy < copies; copy++) {
      this.#carry(stream, lane, bytes, lateMs, (to) => {
        this.#heardMs.set(`${to.peer} ${from.peer}`, this.#options.now())
        to.hear({ kind: 'control-received', channel: other, peer: from.peer, message: received })
      })
    }
  }

  sendPieces(from: Host, channel: 'source' | 'reader', peer: PeerId, message: PiecesMessage): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream === undefined) return
    const other = OTHER_END[channel] as typeof channel
    const { received, bytes } = this.#throughCodec(PiecesMessage, message)
    assert(received.kind !== 'piece', 'pieces are sent by sendPiece')
    this.#carry(stream, laneFrom(stream, channel), bytes, 0, (to) =>
      to.hear({ kind: 'pieces-received', channel: other, peer: from.peer, message: received }),
    )
  }

  /** What pieces may take of the WAN link at the host's site. */
  limit(host: Host, limits: WanLimits): void {
    const site = this.#portOf(host).place?.site
    if (site === undefined) return
    limitSite(site, limits)
  }

  /** The source is asked over so many connections: together they get as much more of a lossy path. */
  widen(from: Host, peer: PeerId, lanes: number): void {
    const stream = this.#portOf(from).streams.source.get(peer)
    if (stream === undefined) return
    const { down } = stream
    this.flows.raise(down.flow, down.route.ceilingBytesPerMs * lanes)
    this.after(down.route.latencyMs, () => {
      if (!stream.hasEnded) down.from.host.hear({ kind: 'reader-widened', peer: from.peer, lanes })
    })
  }

  /** `read` gives the bytes when its turn has come; where it throws, the sender is told. */
  sendPiece(from: Host, peer: PeerId, piece: { patch: Sha256; index: number; bytes: number }, read: () => Uint8Array) {
    const stream = this.#portOf(from).streams.reader.get(peer)
    if (stream === undefined) {
      from.hear({ kind: 'piece-sent', peer, patch: piece.patch, index: piece.index })
      return
    }
    const lane = stream.down
    const { patch, index } = piece
    let bytes: Uint8Array | null = null
    this.flows.send(lane.flow, {
      bytes: piece.bytes + PIECE_FRAME_BYTES,
      tookMs: this.#pieceMs(lane),
      begin: () => {
        const tried = attempt(read)
        if (tried instanceof Error) from.hear({ kind: 'piece-unreadable', peer, patch, index, reason: tried.message })
        else bytes = tried
        return bytes !== null
      },
      end: () => {
        from.hear({ kind: 'piece-sent', peer, patch, index })
        const isNextDoor = lane.route.links.length === 0
        this.#arrive(stream, lane, this.#options.now() + (isNextDoor ? 0 : lane.route.latencyMs), (to) => {
          if (bytes !== null) to.hearPiece(from.peer, patch, index, bytes)
        })
      },
    })
  }

  /** One byte of a piece; false where nobody reads any more. */
  tellReceiving(from: Host, peer: PeerId): boolean {
    const stream = this.#portOf(from).streams.reader.get(peer)
    if (stream === undefined) return false
    this.#carry(stream, stream.down, 1, 0, (to) => to.hear({ kind: 'receiving', peer: from.peer }))
    return true
  }

  /** Tells of each source from which bytes of a piece are coming in. */
  tellMoving(host: Host): void {
    const port = this.#portOf(host)
    if (port.streams.source.size === 0) return
    for (const { down } of port.streams.source.values()) {
      if (down.flow.isMoving) host.hear({ kind: 'receiving', peer: down.from.host.peer })
    }
  }

  /** What the other end makes of a message, and how long it is. */
  #throughCodec<Message>(schema: z.ZodType<Message>, message: Message): { received: Message; bytes: number } {
    if (!this.#options.checksMessages) return { received: message, bytes: MESSAGE_BYTES }
    const encoded = encode(message)
    const received = decode(schema, encoded, 'a message')
    assert(!isRefusal(received), `a core said what the wire does not know: ${JSON.stringify(received)}`)
    return { received: received as Message, bytes: encoded.byteLength }
  }

  #pieceMs({ from, to }: Lane): number {
    if (this.pieceMsBetween.size === 0) return this.pieceMs
    return this.pieceMsBetween.get(pair(from.host.name, to.host.name)) ?? this.pieceMs
  }

  #connect(from: Port, channel: 'uplink' | 'source', to: Port): void {
    for (const before of [from.streams[channel].get(to.host.peer), to.streams[OTHER_END[channel]].get(from.host.peer)])
      if (before !== undefined) this.end(before, 'replaced by a newer stream')
    const stream = newStream(channel === 'uplink' ? 'control' : 'pieces', from, to)
    this.streams.add(stream)
    from.streams[channel].set(to.host.peer, stream)
    to.streams[OTHER_END[channel]].set(from.host.peer, stream)
    to.host.hear({ kind: 'opened', channel: OTHER_END[channel], peer: from.host.peer, roundTripMs: 0 })
    const roundTripMs = stream.up.route.links.length === 0 ? 0 : 2 * stream.up.route.latencyMs
    from.host.hear({ kind: 'opened', channel, peer: to.host.peer, roundTripMs })
  }

  /** A message takes its turn after what the same host sent into the same stream before. */
  #carry(stream: Stream, lane: Lane, bytes: number, lateMs: number, hear: (to: Host) => void): void {
    const { route } = lane
    for (const link of route.links) link.messageBytes += bytes
    const isLost = route.lossRatio > 0 && happens(this.#options.random, route.lossRatio)
    const arrivesMs = this.#options.now() + route.latencyMs + (isLost ? route.retransmissionMs : 0)
    if (lateMs > 0) {
      this.#arrive(stream, lane, arrivesMs + lateMs, hear)
      return
    }
    lane.lastArrivalMs = Math.max(lane.lastArrivalMs, arrivesMs)
    this.#arrive(stream, lane, lane.lastArrivalMs, hear)
  }

  #arrive(stream: Stream, lane: Lane, timeMs: number, hear: (to: Host) => void): void {
    this.#options.at(timeMs, () => this.#deliver(stream, lane, hear))
  }

  #deliver(stream: Stream, lane: Lane, hear: (to: Host) => void): void {
    if (stream.hasEnded || stream.isHalfOpen) return
    if (lane.held.length === 0 && !this.isSilent(lane.from, lane.to)) hear(lane.to.host)
    else lane.held.push(() => this.#deliver(stream, lane, hear))
  }

  #portOf(host: Host): Port {
    const port = this.#beside.get(host) ?? this.#ports.get(host.peer)
    assert(port !== undefined, `${host.name} has joined the network`)
    return port
  }
}

/** A stream on a connection that is there costs one round trip; TCP, Noise and Yamux before it cost three more. */
function dialMs(from: Port, to: Port | undefined): number {
  const { latencyMs, links } = routeBetween(from.place, to?.place ?? null)
  if (links.length === 0 || to === undefined) return REFUSED_MS
  const isConnected = Object.values(from.streams).some((streams) => streams.has(to.host.peer))
  return isConnected ? 2 * latencyMs : REFUSED_MS + 8 * latencyMs
}

function attempt(read: () => Uint8Array): Uint8Array | Error {
  try {
    return read()
  } catch (error) {
    if (isBug(error)) throw error
    return error as Error
  }
}
