/**
 * Streams between the hosts of a world, as TCP gives them: opened, answered, delivered in order, held up and cut. Small
 * messages go ahead of pieces and cost latency only, but are counted; pieces are fluids that share links (flows.ts).
 * Nothing is lost, repeated or reordered inside a stream; what a stream had not delivered when it was cut is lost.
 */
import type { Channel } from '../../agent/core/events.ts'
import { assert } from '../../protocol/assert.ts'
import { decode, encode } from '../../protocol/codec.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { ControlMessage, PiecesMessage } from '../../protocol/messages.ts'
import type { Random } from '../../protocol/random.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { happens } from './child-random.ts'
import { Flows } from './flows.ts'
import { Partitions, pair } from './partitions.ts'
import { newSite, placeIn, routeBetween, type Site, type SiteOptions } from './routes.ts'
import { type Host, type Lane, laneFrom, newPort, newStream, OTHER_END, type Port, type Stream } from './streams.ts'

/** A host that is there says no at once; where nothing answers, the dialler gives up by itself. */
const REFUSED_MS = 10
const DIAL_TIMEOUT_MS = 10_000
/** A stream in which nothing arrives ends at both sides: the keep-alive of Yamux, and TCP's own patience. */
const SILENT_STREAM_MS = 60_000
/** CBOR, the frame and the names around the bytes of a piece. */
const PIECE_FRAME_BYTES = 110
/** What a message counts where it is not encoded: about what most of them are. */
const MESSAGE_BYTES = 120

/** What a fault does to one control message: how many copies arrive, and how much later than they should. */
export type Tampering = { copies: number; lateMs: number }

export { pair } from './partitions.ts'
export type { Host, NetworkEvent } from './streams.ts'

export type NetworkOptions = {
  readonly now: () => number
  readonly at: (timeMs: number, act: () => void) => void
  readonly random: Random
  /** Every message passes through the codec, so a core that says what the wire does not know is found. */
  readonly checksMessages: boolean
}

export class SimulatedNetwork {
  /** How long a piece takes between hosts that have no site. */
  pieceMs = 100
  /** The same for one pair of hosts, by `pair` of their names. */
  readonly pieceMsBetween = new Map<string, number>()
  /** A fault: decides about each control message. */
  tamper: ((from: Host, to: Host, message: ControlMessage) => Tampering | null) | null = null
  readonly sites = new Map<string, Site>()
  readonly #partitions = new Partitions()
  readonly #ports = new Map<PeerId, Port>()
  readonly #streams = new Set<Stream>()
  readonly #flows: Flows
  readonly #options: NetworkOptions

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#flows = new Flows(options.now, options.at)
  }

  addSite(name: string, options: SiteOptions): Site {
    const site = newSite(name, options)
    this.sites.set(name, site)
    return site
  }

  join(host: Host, siteName: string | null = null): void {
    const site = siteName === null ? null : this.sites.get(siteName)
    assert(site !== undefined, `there is a site ${siteName}`)
    this.#ports.set(host.peer, newPort(host, site === null ? null : placeIn(site, host.name)))
  }

  /** Ends every stream between the two at once, as a reset does, and lets none be opened. */
  cut(one: string, other: string): void {
    this.#partitions.cut(one, other)
    for (const stream of [...this.#streams]) {
      const { from, to } = stream.up
      if (this.#partitions.isCut(from.host.name, to.host.name)) this.#end(stream, 'the link was cut')
    }
  }

  /** From now on nothing gets from one to the other, and neither is told. */
  silence(from: string, to: string): void {
    this.#partitions.silence(from, to)
    this.#observePartitions()
  }

  /** A site's WAN link goes silent, both ways. */
  isolate(site: string): void {
    this.#partitions.isolate(site)
    this.#observePartitions()
  }

  rejoin(site: string): void {
    this.#partitions.rejoin(site)
    this.#observePartitions()
  }

  /** Lifts every cut and silence between the two. */
  mend(one: string, other: string): void {
    this.#partitions.mend(one, other)
    this.#observePartitions()
  }

  mendAll(): void {
    this.#partitions.mendAll()
    this.#observePartitions()
  }

  /** The process is gone: its streams end at the other side. After a loss of power nobody tells the other side. */
  leave(host: Host, { silently = false } = {}): void {
    for (const streams of Object.values(this.#portOf(host).streams)) {
      for (const stream of [...streams.values()]) {
        if (silently) this.#halfOpen(stream)
        else this.#end(stream, 'the connection was lost')
      }
    }
  }

  /** The host is there again: what is left of its old streams is answered with a reset. */
  answer(host: Host): void {
    for (const stream of [...this.#streams]) {
      if (stream.isHalfOpen && (stream.up.from.host === host || stream.up.to.host === host))
        this.#end(stream, 'reset by the other side')
    }
  }

  /** Only these may stay connected to `host`. */
  admit(host: Host, members: ReadonlySet<PeerId>): void {
    const { downlink, reader } = this.#portOf(host).streams
    for (const [peer, stream] of [...downlink, ...reader]) {
      if (!members.has(peer)) this.#end(stream, 'no longer a member')
    }
  }

  open(dialler: Host, channel: 'uplink' | 'source', peer: PeerId): void {
    const from = this.#portOf(dialler)
    const to = this.#ports.get(peer)
    const isSilent = to !== undefined && (this.#isSilent(from, to) || this.#isSilent(to, from))
    // A handshake of TCP, Noise and Yamux is about three round trips.
    const { latencyMs, links } = routeBetween(from.place, to?.place ?? null)
    const tookMs = isSilent ? DIAL_TIMEOUT_MS : REFUSED_MS + (links.length === 0 ? 0 : 6 * latencyMs)
    this.#after(tookMs, () => {
      const closed = (reason: string) => dialler.hear({ kind: 'closed', channel, peer, reason })
      if (to === undefined || isSilent || !to.host.isRunning || this.#partitions.isCut(dialler.name, to.host.name))
        closed('no answer')
      else if (!to.host.admits(dialler.peer)) closed('closed by the other side')
      else if (dialler.isRunning) this.#connect(from, channel, to)
    })
  }

  close(from: Host, channel: Channel, peer: PeerId): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream !== undefined) this.#end(stream, `closed by ${from.name}`)
  }

  sendControl(from: Host, channel: 'uplink' | 'downlink', peer: PeerId, message: ControlMessage): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream === undefined) return
    const lane = laneFrom(stream, channel)
    const other = OTHER_END[channel] as typeof channel
    const bytes = this.#options.checksMessages ? encode(message) : null
    const received = bytes === null ? message : asReceived(decode(ControlMessage, bytes, 'a control message'))
    const { copies, lateMs } = this.tamper?.(from, lane.to.host, message) ?? { copies: 1, lateMs: 0 }
    for (let copy = 0; copy < copies; copy++) {
      this.#carry(stream, lane, bytes?.byteLength ?? MESSAGE_BYTES, lateMs, (to) =>
        to.hear({ kind: 'control-received', channel: other, peer: from.peer, message: received }),
      )
    }
  }

  sendPieces(from: Host, channel: 'source' | 'reader', peer: PeerId, message: PiecesMessage): void {
    const stream = this.#portOf(from).streams[channel].get(peer)
    if (stream === undefined) return
    const other = OTHER_END[channel] as typeof channel
    const bytes = this.#options.checksMessages ? encode(message) : null
    const received = bytes === null ? message : asReceived(decode(PiecesMessage, bytes, 'a pieces message'))
    assert(received.kind !== 'piece', 'pieces are sent by sendPiece')
    this.#carry(stream, laneFrom(stream, channel), bytes?.byteLength ?? MESSAGE_BYTES, 0, (to) =>
      to.hear({ kind: 'pieces-received', channel: other, peer: from.peer, message: received }),
    )
  }

  /** `read` gives the bytes when its turn has come; where it throws, the reader is told that the patch is gone. */
  sendPiece(from: Host, peer: PeerId, piece: { patch: Sha256; index: number; bytes: number }, read: () => Uint8Array) {
    const stream = this.#portOf(from).streams.reader.get(peer)
    if (stream === undefined) {
      from.hear({ kind: 'piece-sent', peer })
      return
    }
    const lane = stream.down
    const { patch, index } = piece
    let bytes: Uint8Array | null = null
    this.#flows.send(lane.flow, {
      bytes: piece.bytes + PIECE_FRAME_BYTES,
      tookMs: this.#pieceMs(lane),
      begin: () => {
        bytes = attempt(read)
        from.hear({ kind: 'piece-sent', peer })
        if (bytes === null) this.sendPieces(from, 'reader', peer, { kind: 'gone', patch })
        return bytes !== null
      },
      end: () => {
        const isNextDoor = lane.route.links.length === 0
        this.#arrive(stream, lane, this.#options.now() + (isNextDoor ? 0 : lane.route.latencyMs), (to) => {
          if (bytes !== null) to.hearPiece(from.peer, patch, index, bytes)
        })
      },
    })
  }

  /** Tells of each source from which bytes of a piece are coming in. */
  tellMoving(host: Host): void {
    const port = this.#portOf(host)
    if (port.streams.source.size === 0) return
    for (const { down } of port.streams.source.values()) {
      if (down.flow.isMoving) host.hear({ kind: 'receiving', peer: down.from.host.peer })
    }
  }

  #pieceMs({ from, to }: Lane): number {
    if (this.pieceMsBetween.size === 0) return this.pieceMs
    return this.pieceMsBetween.get(pair(from.host.name, to.host.name)) ?? this.pieceMs
  }

  #connect(from: Port, channel: 'uplink' | 'source', to: Port): void {
    const before = from.streams[channel].get(to.host.peer)
    if (before !== undefined) this.#end(before, 'replaced by a newer stream')
    const stream = newStream(channel === 'uplink' ? 'control' : 'pieces', from, to)
    this.#streams.add(stream)
    from.streams[channel].set(to.host.peer, stream)
    to.streams[OTHER_END[channel]].set(from.host.peer, stream)
    to.host.hear({ kind: 'opened', channel: OTHER_END[channel], peer: from.host.peer })
    from.host.hear({ kind: 'opened', channel, peer: to.host.peer })
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
    if (lane.held.length === 0 && !this.#isSilent(lane.from, lane.to)) hear(lane.to.host)
    else lane.held.push(() => this.#deliver(stream, lane, hear))
  }

  #end(stream: Stream, reason: string): void {
    if (stream.hasEnded) return
    const { up, down, kind } = stream
    this.#forget(stream)
    const channel = kind === 'control' ? 'uplink' : 'source'
    const [dialler, listener] = [up.from, down.from]
    const other = OTHER_END[channel]
    if (dialler.streams[channel].get(listener.host.peer) === stream) {
      dialler.streams[channel].delete(listener.host.peer)
      dialler.host.hear({ kind: 'closed', channel, peer: listener.host.peer, reason })
    }
    if (listener.streams[other].get(dialler.host.peer) === stream) {
      listener.streams[other].delete(dialler.host.peer)
      listener.host.hear({ kind: 'closed', channel: other, peer: dialler.host.peer, reason })
    }
  }

  #forget(stream: Stream): void {
    stream.hasEnded = true
    this.#streams.delete(stream)
    this.#flows.drop(stream.up.flow)
    this.#flows.drop(stream.down.flow)
  }

  #halfOpen(stream: Stream): void {
    stream.isHalfOpen = true
    this.#flows.block(stream.up.flow)
    this.#flows.block(stream.down.flow)
    this.#after(SILENT_STREAM_MS, () => this.#end(stream, 'nobody answers'))
  }

  #observePartitions(): void {
    for (const stream of [...this.#streams]) {
      if (stream.isHalfOpen) continue
      const { up, down } = stream
      const [isUpSilent, isDownSilent] = [this.#isSilent(up.from, up.to), this.#isSilent(down.from, down.to)]
      // Where acknowledgements do not come back, bytes do not go on either.
      const isSilent = isUpSilent || isDownSilent
      for (const { flow } of [up, down]) this.#flows[isSilent ? 'block' : 'unblock'](flow)
      if (!isUpSilent) release(up)
      if (!isDownSilent) release(down)
      if (isSilent && stream.silentSinceMs === null) this.#watch(stream, this.#options.now())
      else if (!isSilent) stream.silentSinceMs = null
    }
  }

  #watch(stream: Stream, sinceMs: number): void {
    stream.silentSinceMs = sinceMs
    this.#after(SILENT_STREAM_MS, () => {
      if (stream.silentSinceMs === sinceMs) this.#end(stream, 'nothing came through for a minute')
    })
  }

  #isSilent(from: Port, to: Port): boolean {
    return this.#partitions.isSilent(from.where, to.where)
  }

  #after(delayMs: number, act: () => void): void {
    this.#options.at(this.#options.now() + delayMs, act)
  }

  #portOf(host: Host): Port {
    const port = this.#ports.get(host.peer)
    assert(port !== undefined, `${host.name} has joined the network`)
    return port
  }
}

/** In the order in which it came; `held` is empty before, so that nothing is held again. */
function release({ held }: Lane): void {
  for (const arrive of held.splice(0)) arrive()
}

function asReceived<Message>(message: Message): Exclude<Message, { refused: unknown }> {
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
