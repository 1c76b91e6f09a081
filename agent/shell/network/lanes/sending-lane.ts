/**
 * The source's end of a lane. A piece is read from disk when its turn has come, and given to the socket a part at a time,
 * each when the one before has left: a slow reader holds two pieces of our memory, and what is sent next is decided late.
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
  #onItsWay: Promise<void> = Promise.resolve()

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
      if (read === null) continue
      const { message, body } = read
      if (message.kind === 'piece' && body !== undefined) {
        await this.#write(message, body)
        void this.#onItsWay.then(() => later.release?.(body))
      }
      later.sent()
    }
    this.#isSending = false
  }

  /** Resolves when the last part is on its way, so that the next piece is read meanwhile. */
  async #write(piece: Extract<PiecesMessage, { kind: 'piece' }>, body: Uint8Array): Promise<void> {
    let header: Uint8Array | null = writeHeader(piece)
    for (let at = 0; at < body.byteLength && !this.#socket.destroyed; ) {
      const part = body.subarray(at, at + (this.#pace?.isLimited === true ? PACED_BYTES : PART_BYTES))
      await this.#pace?.take(part.byteLength)
      await this.#onItsWay
      this.#onItsWay = this.#give(header, part)
      header = null
      at += part.byteLength
    }
  }

  /** Resolves when the kernel has them, or the socket is gone. */
  #give(header: Uint8Array | null, part: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // Together they would be copied into one buffer first.
      if (header !== null) this.#socket.write(header)
      this.#socket.write(part, () => resolve())
    })
  }
}
