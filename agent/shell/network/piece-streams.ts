/**
 * The pieces protocol on the network: messages of sources and readers over a stream of libp2p each, and the bytes of pieces
 * over lanes beside it, or over the stream where there is none; at the pace that the WAN link is allowed.
 */
import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { isBug } from '../../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_PIECES_MESSAGE_BYTES } from '../../../protocol/limits.ts'
import { PIECES_PROTOCOL, PieceStreamMessage, type PiecesMessage } from '../../../protocol/messages.ts'
import { frameBytesPerMs, type WanLimits } from '../../../protocol/wan-limits.ts'
import type { AgentEvent } from '../../core/events.ts'
import { causes } from '../causes.ts'
import { ExpectedLanes } from './lanes/expected-lanes.ts'
import type { LaneAddress } from './lanes/lane-addresses.ts'
import { type LaneStream, Lanes } from './lanes/lanes.ts'
import { ReaderLanes } from './lanes/reader-lanes.ts'
import { ReceivingLane } from './lanes/receiving-lane.ts'
import { type IncomingBody, type Later, MessageStream } from './message-stream.ts'
import { Pace } from './pace.ts'
import { PieceMemory } from './piece-memory.ts'
import { ReceivedPieces } from './received-pieces.ts'

/** `receiving` is told at most this often for each source. */
const RECEIVING_EVERY_MS = 500

export type PieceEvent = Extract<
  AgentEvent,
  {
    kind: 'pieces-received' | 'piece-received' | 'receiving' | 'reader-widened' | 'piece-sent' | 'piece-unreadable'
  }
>
export type PieceStreamsOptions = {
  readonly deliver: (event: PieceEvent) => void
  /** Waits, where too much that was delivered has not been dealt with yet; nothing more is read meanwhile. */
  readonly room: () => Promise<void> | undefined
  /** Whether what goes to this peer crosses the WAN. */
  readonly isOverWan: (peer: PeerId) => boolean
  /** Reads a stored piece for a reader into memory that `take` gives; rejects when it is not there any more. */
  readonly readPiece: (patch: Sha256, index: number, take: (bytes: number) => Uint8Array) => Promise<Uint8Array>
}

/** The source says whether it expects a lane, or the lane is not dialled. */
const EXPECTED_WITHIN_MS = 10_000

export type Ending = { readonly onEnd: (reason: string) => void }
type PieceStream = MessageStream<PieceStreamMessage>
type Source = {
  readonly lanes: Lanes
  /** Lanes that were announced, by their number; to be told whether they are expected. */
  readonly announced: Map<number, (isExpected: boolean) => void>
}

export class PieceStreams {
  readonly #memory = new PieceMemory()
  readonly received = new ReceivedPieces(this.#memory)
  readonly #options: PieceStreamsOptions
  readonly #pace = { down: new Pace(), up: new Pace() }
  readonly #sources = new Map<PeerId, Source>()
  readonly #readers = new Map<PeerId, PieceStream>()
  readonly #readerLanes: ReaderLanes
  readonly expectedLanes = new ExpectedLanes()

  constructor(options: PieceStreamsOptions) {
    this.#options = options
    this.#readerLanes = new ReaderLanes({
      expected: this.expectedLanes,
      deliver: options.deliver,
      paceTo: (peer) => (options.isOverWan(peer) ? this.#pace.up : null),
    })
  }

  /** A stream to a source, and where lanes to it may be dialled, each in turn until one answers. */
  openSource(
    peer: PeerId,
    stream: Stream,
    { addresses, onEnd }: Ending & { addresses: readonly LaneAddress[] },
  ): PieceStream {
    const dial = async (number: number, onLaneEnd: () => void): Promise<LaneStream> => {
      const failures: unknown[] = []
      for (const address of addresses) {
        try {
          return await this.#dialLane({ peer, source, stream: first, number, address, onLaneEnd })
        } catch (error) {
          failures.push(error)
        }
      }
      throw new AggregateError(failures, 'no lane could be dialled')
    }
    const source: Source = {
      announced: new Map(),
      lanes: new Lanes({
        // That a piece is here lets the Service Center look further ahead, and waits for nothing.
        say: (message) => first.send(message, message.kind === 'have' ? 'soon' : 'now'),
        dial: addresses.length === 0 || stream.protocol !== PIECES_PROTOCOL ? null : dial,
      }),
    }
    const first: PieceStream = new MessageStream(stream, {
      ...this.#shared(peer),
      onBytes: this.#receivingFrom(peer),
      onMessage: (message) => this.#saidBySource(peer, source, message),
      onEnd: (reason) => {
        source.lanes.end()
        for (const tell of source.announced.values()) tell(false)
        onEnd(reason)
      },
    })
    this.#sources.set(peer, source)
    return first
  }

  openReader(peer: PeerId, stream: Stream, { onEnd }: Ending): PieceStream {
    const reader: PieceStream = new MessageStream(stream, {
      ...this.#shared(peer),
      onMessage: (message) => this.#saidByReader(peer, reader, message),
      onEnd: (reason) => {
        if (this.#readers.get(peer) === reader) {
          this.#readers.delete(peer)
          this.#readerLanes.end(peer)
        }
        onEnd(reason)
      },
    })
    this.#readers.set(peer, reader)
    return reader
  }

  toSource(peer: PeerId, message: PiecesMessage): void {
    this.#sources.get(peer)?.lanes.send(message)
  }

  toReader(peer: PeerId, message: PiecesMessage): void {
    this.#readers.get(peer)?.send(message)
  }

  widen(peer: PeerId, lanes: number): void {
    this.#sources.get(peer)?.lanes.widen(lanes)
  }

  limit({ downBitsPerSecond, upBitsPerSecond }: WanLimits): void {
    this.#pace.down.limit(bytesPerMs(downBitsPerSecond))
    this.#pace.up.limit(bytesPerMs(upBitsPerSecond))
  }

  sendPiece(peer: PeerId, patch: Sha256, index: number): void {
    const sent = (): void => this.#options.deliver({ kind: 'piece-sent', peer, patch, index })
    const later: Later<PiecesMessage> = {
      read: async () => {
        const body = await this.#read(peer, patch, index)
        return body && { message: { kind: 'piece', patch, index, bytes: body.byteLength }, body }
      },
      release: (body) => this.#memory.giveBack(body),
      sent,
    }
    if (this.#readerLanes.answer(peer, patch, index, later)) return
    const stream = this.#readers.get(peer)
    if (stream === undefined) sent()
    else stream.sendLater(later)
  }

  /** Null when it cannot be read; what the reader is told then is decided by the core. */
  async #read(peer: PeerId, patch: Sha256, index: number): Promise<Uint8Array | null> {
    try {
      return await this.#options.readPiece(patch, index, (bytes) => this.#memory.take(bytes))
    } catch (error) {
      if (isBug(error)) throw error
      this.#options.deliver({ kind: 'piece-unreadable', peer, patch, index, reason: causes(error) })
      return null
    }
  }

  #shared(peer: PeerId) {
    return {
      room: this.#options.room,
      ...(this.#options.isOverWan(peer) ? { pace: this.#pace } : {}),
      schema: PieceStreamMessage,
      maxMessageBytes: MAX_PIECES_MESSAGE_BYTES,
      what: 'a message of the pieces protocol',
    }
  }

  #saidBySource(peer: PeerId, source: Source, message: PieceStreamMessage): IncomingBody | undefined {
    switch (message.kind) {
      case 'lane-wanted':
        throw new Error('a source dials no lane')
      case 'lane-expected':
        source.announced.get(message.lane)?.(true)
        return undefined
      case 'piece':
        return this.#begin(peer, message)
      case 'unreadable':
        source.lanes.answered(message.patch, message.index)
        break
      default:
    }
    this.#options.deliver({ kind: 'pieces-received', channel: 'source', peer, message })
    return undefined
  }

  #begin(peer: PeerId, { patch, index, bytes }: { patch: Sha256; index: number; bytes: number }): IncomingBody {
    return this.received.begin(bytes, (hash, slot) => {
      this.#sources.get(peer)?.lanes.answered(patch, index)
      this.#options.deliver({ kind: 'piece-received', peer, patch, index, hash, slot })
    })
  }

  #saidByReader(peer: PeerId, stream: PieceStream, message: PieceStreamMessage): void {
    switch (message.kind) {
      case 'piece':
      case 'lane-expected':
        stream.abort('a reader never says this')
        return
      case 'lane-wanted':
        this.#readerLanes.expect(peer, message)
        stream.send({ kind: 'lane-expected', lane: message.lane })
        return
      case 'request':
        if (!this.#readerLanes.asks(peer, message)) return
        break
      case 'cancel':
        this.#readerLanes.takesBack(peer, message.patch, message.index)
        break
      default:
    }
    this.#options.deliver({ kind: 'pieces-received', channel: 'reader', peer, message })
  }

  /** Announces a lane over the stream, and dials it when the source expects it. */
  async #dialLane({ peer, source, stream, number, address, onLaneEnd }: LaneDial): Promise<LaneStream> {
    const ticket = { id: randomBytes(16), secret: randomBytes(32) }
    const expected = Promise.withResolvers<boolean>()
    const deadline = setTimeout(() => expected.resolve(false), EXPECTED_WITHIN_MS)
    source.announced.set(number, expected.resolve)
    stream.send({ kind: 'lane-wanted', lane: number, ticket })
    const isExpected = await expected.promise
    clearTimeout(deadline)
    source.announced.delete(number)
    if (!isExpected) throw new Error('the source expects no lane')
    return ReceivingLane.open({
      address,
      ticket,
      onPiece: (header) => this.#begin(peer, header),
      onBytes: this.#receivingFrom(peer),
      pace: this.#options.isOverWan(peer) ? this.#pace.down : null,
      room: this.#options.room,
      onEnd: onLaneEnd,
    })
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
}

type LaneDial = {
  readonly peer: PeerId
  readonly source: Source
  readonly stream: PieceStream
  readonly number: number
  readonly address: LaneAddress
  readonly onLaneEnd: () => void
}

function bytesPerMs(bitsPerSecond: number | null): number | null {
  return bitsPerSecond === null ? null : frameBytesPerMs(bitsPerSecond)
}
