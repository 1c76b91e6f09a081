/**
 * Reads a stream of chunks as a run of bytes: so many here, the rest there, and never more in memory than was asked
 * for and the chunk it came in. A stream that ends too early gives a `truncated` refusal that says where; what the
 * bytes mean is for the caller. Only the caller that made a reader closes it, which stops the stream behind it.
 */
import { RefusedError, refuse } from './refusals.ts'

const NOTHING = new Uint8Array(0)

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #ahead: Uint8Array = NOTHING
  #ended = false
  /** How many bytes were taken so far: where in the stream the next one stands. */
  position = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next `length` bytes without taking them; fewer only where the stream ends. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#ahead.byteLength < length && !this.#ended) await this.#fetch()
    return this.#ahead.subarray(0, length)
  }

  /** Exactly `length` bytes, which the caller keeps small; `place` names them in a refusal. */
  async exactly(length: number, place: string): Promise<Uint8Array> {
    const bytes = await this.peek(length)
    if (bytes.byteLength < length) throw this.#truncated(bytes.byteLength, length, place)
    return this.#take(length)
  }

  /** `length` bytes in the chunks they come in, each at least one byte long. */
  async *span(length: number, place: string): AsyncGenerator<Uint8Array> {
    let left = length
    while (left > 0) {
      const bytes = await this.atMost(left)
      if (bytes === null) throw this.#truncated(0, left, place)
      left -= bytes.byteLength
      yield bytes
    }
  }

  /** What is there of the next `length` bytes, at least one; null at the end of the stream. */
  async atMost(length: number): Promise<Uint8Array | null> {
    while (this.#ahead.byteLength === 0 && !this.#ended) await this.#fetch()
    return this.#ahead.byteLength === 0 ? null : this.#take(Math.min(length, this.#ahead.byteLength))
  }

  /** Whatever has not been taken yet, to the end of the stream; closes the reader. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      for (let bytes = await this.atMost(Infinity); bytes !== null; bytes = await this.atMost(Infinity)) yield bytes
    } finally {
      await this.close()
    }
  }

  async atEnd(): Promise<boolean> {
    return (await this.peek(1)).byteLength === 0
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#chunks.return?.()
  }

  #take(length: number): Uint8Array {
    const bytes = this.#ahead.subarray(0, length)
    this.#ahead = this.#ahead.subarray(length)
    this.position += length
    return bytes
  }

  async #fetch(): Promise<void> {
    const next = await this.#chunks.next()
    if (next.done === true) this.#ended = true
    else if (this.#ahead.byteLength === 0) this.#ahead = next.value
    else this.#ahead = Buffer.concat([this.#ahead, next.value])
  }

  #truncated(had: number, wanted: number, place: string): RefusedError {
    const end = this.position + had
    const goal = this.position + wanted
    return new RefusedError(
      refuse('truncated', `The file ends after ${end} bytes, inside ${place}, which goes on to byte ${goal}.`),
    )
  }
}
