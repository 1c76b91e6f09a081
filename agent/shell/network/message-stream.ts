/**
 * Messages over one stream: each is CBOR of a schema behind a varint length that is checked before anything is
 * allocated. A message may have a body, the bytes of a piece, which follows it in frames of its own. Messages leave
 * before pieces that wait in line, so news of a piece never waits behind another piece; a piece is read from disk only
 * when its turn has come, so a slow reader holds one piece of our memory.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { decode as decodeFrames, encode as encodeFrame } from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { Uint8ArrayList } from 'uint8arraylist'
import type { z } from 'zod'
import { decode, encode } from '../../../protocol/codec.ts'
import { PIECE_FRAME_BYTES } from '../../../protocol/limits.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { type Pace, paced } from './pace.ts'
import { sink, source } from './stream-adapters.ts'

/** A peer that does not read what it is told is cut off here; a control message is rarely over 2 KiB. */
const MAX_WAITING_MESSAGES = 20_000
/** What nobody waits for leaves with the next message that somebody does wait for, or after this time. */
const SOON_MS = 20
/** Messages that leave in one chunk; less than a frame of Noise. */
const TOGETHER_BYTES = 32 * 1024

export type MessageStreamOptions<Message> = {
  readonly schema: z.ZodType<Message>
  /** Of what comes in; what goes out was made here. */
  readonly maxMessageBytes: number
  readonly what: string
  /** Gives the body that the message has, if it has one. */
  readonly onMessage: (message: Message) => IncomingBody | undefined | void
  readonly onBytes?: () => void
  /** Where it crosses the WAN: how fast its bytes may come in and go out. */
  readonly pace?: { readonly down: Pace; readonly up: Pace }
  /** Reading waits for this before each further message. */
  readonly room?: () => Promise<void> | undefined
  /** Called once, when nothing more comes in. */
  readonly onEnd: (reason: string) => void
}

/** Takes the frames after a message. */
export interface IncomingBody {
  readonly missingBytes: number
  /** Never more than is missing. */
  append(chunk: Uint8Array): void
  /** Where the missing bytes belong, for whoever puts them there without a copy. */
  space(): Uint8Array
  /** So many bytes have been put at the beginning of that space. */
  filled(bytes: number): void
  /** All of it is there. */
  complete(): void
  /** The stream has ended before it was all there. */
  abandon(): void
}

/** A message that is read when its turn has come, or turns out to be none; `sent` is called when the stream has taken it. */
export type Later<Message> = {
  readonly read: () => Promise<{ readonly message: Message; readonly body?: Uint8Array } | null>
  /** Nobody looks at the body any more: its memory may be used again. Where nobody can tell, it is not called. */
  readonly release?: (body: Uint8Array) => void
  readonly sent: () => void
}

export class MessageStream<Message> {
  readonly #stream: Stream
  readonly #messages: Uint8Array[] = []
  readonly #later: Later<Message>[] = []
  #wake: () => void = () => {}
  #soon: NodeJS.Timeout | null = null
  #closing = false

  constructor(stream: Stream, options: MessageStreamOptions<Message>) {
    this.#stream = stream
    this.#receive(options).then(
      () => this.#end(options, 'closed by the other side'),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        // Closing politely would leave the peer's half open for as long as it likes.
        this.abort(reason)
        this.#end(options, reason)
      },
    )
    pipe(
      this.#outgoing(),
      (frames) => (options.pace === undefined ? frames : paced(frames, options.pace.up)),
      sink(stream),
    ).then(
      () => stream.close().catch((error: Error) => stream.abort(error)),
      (error: Error) => stream.abort(error),
    )
  }

  /** `when` is `soon` where nobody waits for it: then it leaves together with others. The order is kept either way. */
  send(message: Message, when: 'now' | 'soon' = 'now'): void {
    if (this.#closing) return
    if (this.#messages.length >= MAX_WAITING_MESSAGES) {
      this.abort('the peer does not read what it is sent')
      return
    }
    this.#messages.push(encode(message))
    if (when === 'now') this.#wake()
    else this.#soon ??= setTimeout(() => this.#wake(), SOON_MS)
  }

  /** After the messages; nothing of it is in memory before its turn has come. */
  sendLater(later: Later<Message>): void {
    this.#later.push(later)
    this.#wake()
  }

  /** Sends what is queued as a message, then closes. */
  close(): void {
    this.#closing = true
    this.#wake()
  }

  abort(reason: string): void {
    this.#closing = true
    this.#wake()
    this.#stream.abort(new Error(reason))
  }

  #end(options: MessageStreamOptions<Message>, reason: string): void {
    this.close()
    options.onEnd(reason)
  }

  async #receive(options: MessageStreamOptions<Message>): Promise<void> {
    await pipe(
      source(this.#stream, options.onBytes),
      (chunks) => (options.pace === undefined ? chunks : paced(chunks, options.pace.down)),
      (chunks) => decodeFrames(chunks, { maxDataLength: options.maxMessageBytes }),
      async (frames) => {
        let body: IncomingBody | undefined
        try {
          for await (const frame of frames) {
            if (body === undefined) body = this.#received(frame, options)
            else if (fill(body, frame)) body = undefined
            await options.room?.()
          }
        } finally {
          body?.abandon()
        }
      },
    )
  }

  #received(frame: Uint8ArrayList, options: MessageStreamOptions<Message>): IncomingBody | undefined {
    const message = decode(options.schema, frame.subarray(), options.what)
    if (isRefusal(message)) throw new Error(message.message)
    return options.onMessage(message) ?? undefined
  }

  /** What waits, as one chunk: each one is framed, encrypted and written by every layer below, however small it is. */
  #together(): Uint8ArrayList {
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = null
    const chunk = new Uint8ArrayList()
    while (chunk.byteLength < TOGETHER_BYTES) {
      const message = this.#messages.shift()
      if (message === undefined) break
      chunk.append(encodeFrame.single(message))
    }
    return chunk
  }

  async *#outgoing(): AsyncGenerator<Uint8ArrayList> {
    for (;;) {
      if (this.#messages.length > 0) {
        yield this.#together()
        continue
      }
      if (this.#closing) return
      const later = this.#later.shift()
      if (later !== undefined) {
        const read = await later.read()
        if (read === null) continue
        const { message: head, body } = read
        yield encodeFrame.single(encode(head))
        for (let at = 0; body !== undefined && at < body.byteLength; at += PIECE_FRAME_BYTES) {
          yield encodeFrame.single(body.subarray(at, at + PIECE_FRAME_BYTES))
        }
        later.sent()
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        // What else is said in this turn leaves with it.
        await nextTurn()
      }
    }
  }
}

/** Whether that was the last of it. */
function fill(body: IncomingBody, frame: Uint8ArrayList): boolean {
  if (frame.byteLength > body.missingBytes) throw new Error('a piece is longer than was said')
  for (const chunk of frame) body.append(chunk)
  if (body.missingBytes > 0) return false
  body.complete()
  return true
}
