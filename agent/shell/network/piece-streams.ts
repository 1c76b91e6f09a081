/**
 * The pieces protocol on the network: messages and pieces of sources and readers, over one connection or several, at the
 * pace that the WAN link is allowed.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isBug } from '../../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_PIECES_MESSAGE_BYTES } from '../../../protocol/limits.ts'
import { LANE_PROTOCOL, PiecesMessage } from '../../../protocol/messages.ts'
import { frameBytesPerMs, type WanLimits } from '../../../protocol/wan-limits.ts'
import type { AgentEvent } from '../../core/events.ts'
import { causes } from '../causes.ts'
import { Lanes } from './lanes.ts'
import { type IncomingBody, MessageStream } from './message-stream.ts'
import { Pace } from './pace.ts'
import { ReaderLanes } from './reader-lanes.ts'
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
  /** Reads a stored piece for a reader; rejects when it is not there any more. */
  readonly readPiece: (patch: Sha256, index: number) => Promise<Uint8Array>
}

export type Ending = { readonly onEnd: (reason: string) => void }
type PieceStream = MessageStream<PiecesMessage>

export class PieceStreams {
  readonly received = new ReceivedPieces()
  readonly #options: PieceStreamsOptions
  readonly #pace = { down: new Pace(), up: new Pace() }
  readonly #sources = new Map<PeerId, Lanes>()
  readonly #readers = new Map<PeerId, PieceStream>()
  readonly #readerLanes: ReaderLanes

  constructor(options: PieceStreamsOptions) {
    this.#options = options
    this.#readerLanes = new ReaderLanes(options, this.#pace)
  }

  /** A stream to a source; `dial` makes one more connection to it. */
  openSource(peer: PeerId, stream: Stream, { dial, onEnd }: Ending & { dial: () => Promise<Connection> }): PieceStream {
    const first = this.#fromSource(peer, stream, (reason) => {
      lanes.end()
      onEnd(reason)
    })
    const lanes = new Lanes(first, async (onLaneEnd) => {
      const connection = await dial()
      const lane = await connection.newStream(LANE_PROTOCOL)
      return this.#fromSource(peer, lane, () => {
        connection.abort(new Error('its stream has ended'))
        onLaneEnd()
      })
    })
    this.#sources.set(peer, lanes)
    return first
  }

  openReader(peer: PeerId, stream: Stream, { onEnd }: Ending): PieceStream {
    const reader = new MessageStream(stream, {
      ...this.#shared(peer),
      onMessage: (message) => {
        if (message.kind === 'piece') reader.abort('a reader never sends pieces')
        else this.#options.deliver({ kind: 'pieces-received', channel: 'reader', peer, message })
      },
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

  /** A further connection of a reader. */
  openLane(peer: PeerId, stream: Stream): void {
    if (this.#readers.has(peer)) this.#readerLanes.accept(peer, stream)
    else stream.abort(new Error('only a reader may have further connections'))
  }

  toSource(peer: PeerId, message: PiecesMessage): void {
    this.#sources.get(peer)?.send(message)
  }

  toReader(peer: PeerId, message: PiecesMessage): void {
    this.#readers.get(peer)?.send(message)
  }

  widen(peer: PeerId, lanes: number): void {
    this.#sources.get(peer)?.widen(lanes)
  }

  limit({ downBitsPerSecond, upBitsPerSecond }: WanLimits): void {
    this.#pace.down.limit(bytesPerMs(downBitsPerSecond))
    this.#pace.up.limit(bytesPerMs(upBitsPerSecond))
  }

  sendPiece(peer: PeerId, patch: Sha256, index: number): void {
    const sent = (): void => this.#options.deliver({ kind: 'piece-sent', peer, patch, index })
    const stream = this.#readerLanes.answerOn(peer, patch, index) ?? this.#readers.get(peer)
    if (stream === undefined) sent()
    else {
      stream.sendLater({
        read: async () => {
          const body = await this.#read(peer, patch, index)
          return body && { message: { kind: 'piece', patch, index, bytes: body.byteLength }, body }
        },
        sent,
      })
    }
  }

  /** Null when it cannot be read; what the reader is told then is decided by the core. */
  async #read(peer: PeerId, patch: Sha256, index: number): Promise<Uint8Array | null> {
    try {
      return await this.#options.readPiece(patch, index)
    } catch (error) {
      if (isBug(error)) throw error
      this.#options.deliver({ kind: 'piece-unreadable', peer, patch, index, reason: causes(error) })
      return null
    }
  }

  #fromSource(peer: PeerId, stream: Stream, onEnd: (reason: string) => void): PieceStream {
    return new MessageStream(stream, {
      ...this.#shared(peer),
      onBytes: this.#receivingFrom(peer),
      onMessage: (message) => this.#saidBySource(peer, message),
      onEnd,
    })
  }

  #shared(peer: PeerId) {
    return {
      room: this.#options.room,
      ...(this.#options.isOverWan(peer) ? { pace: this.#pace } : {}),
      schema: PiecesMessage,
      maxMessageBytes: MAX_PIECES_MESSAGE_BYTES,
      what: 'a message of the pieces protocol',
    }
  }

  #saidBySource(peer: PeerId, message: PiecesMessage): IncomingBody | undefined {
    if (message.kind === 'unreadable') this.#sources.get(peer)?.answered(message.patch, message.index)
    if (message.kind !== 'piece') {
      this.#options.deliver({ kind: 'pieces-received', channel: 'source', peer, message })
      return undefined
    }
    const { patch, index } = message
    return this.received.begin(message.bytes, (hash, slot) => {
      this.#sources.get(peer)?.answered(patch, index)
      this.#options.deliver({ kind: 'piece-received', peer, patch, index, hash, slot })
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

function bytesPerMs(bitsPerSecond: number | null): number | null {
  return bitsPerSecond === null ? null : frameBytesPerMs(bitsPerSecond)
}
