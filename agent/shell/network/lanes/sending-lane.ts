/**
 * The source's end of a lane. A piece is read from disk when its turn has come, and given to the socket a part at a time,
 * each when the one before has left: a slow reader holds one piece of our memory, and what is sent next is decided late.
 */
import type { TLSSocket } from 'node:tls'
import type { PiecesMessage } from '../../../../protocol/messages.ts'
import type { Later } from '../message-stream.ts'
import { PACED_BYTES, type Pace } from '../pace.ts'
import { writeHeader } from './piece-header.ts'

/** What is encrypted at once. */
const PART_BYTES = 256 * 1024

export class SendingLane {
  readonly #socket: TLSSocket
  readonly #pace: Pace | null
  readonly #waiting: Later<PiecesMessage>[] = []
  #isSending = false

  constructor(socket: TLSSocket, { pace, onEnd }: { pace: Pace | null; onEnd: () => void }) {
    this.#socket = socket
    this.#pace = pace
    socket.once('close', () => {
      for (const { sent } of this.#waiting.splice(0)) sent()
      onEnd()
    })
    // A reader says nothing here.
    socket.on('data', () => this.abort())
  }

  abort(): void {
    this.#socket.destroy()
  }

  sendLater(later: Later<PiecesMessage>): void {
    this.#waiting.push(later)
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    for (let later = this.#waiting.shift(); later !== undefined; later = this.#waiting.shift()) {
      const read = await later.read()
      if (read?.message.kind === 'piece' && read.body !== undefined) await this.#write(read.message, read.body)
      if (read !== null) later.sent()
    }
    this.#isSending = false
  }

  async #write(header: Extract<PiecesMessage, { kind: 'piece' }>, body: Uint8Array): Promise<void> {
    this.#socket.cork()
    this.#socket.write(writeHeader(header))
    for (let at = 0; at < body.byteLength && !this.#socket.destroyed; ) {
      const length = this.#pace?.isLimited === true ? PACED_BYTES : PART_BYTES
      const part = body.subarray(at, at + length)
      await this.#pace?.take(part.byteLength)
      await new Promise<void>((resolve) => {
        this.#socket.write(part, () => resolve())
        this.#socket.uncork()
      })
      at += length
    }
  }
}
