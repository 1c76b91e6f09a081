/**
 * Bytes in no more than a rate: whoever moves some waits until those before have had their time. A short burst passes at
 * once, so that a timer's coarseness costs nothing (a leaky bucket as a meter, ITU-T I.371).
 */
import type { Uint8ArrayList } from 'uint8arraylist'

const BURST_MS = 20
/** What moves at once; at the slowest rate that can be set it takes two seconds. */
export const PACED_BYTES = 16 * 1024

export class Pace {
  readonly #now: () => number
  #bytesPerMs: number | null = null
  #freeAtMs = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get isLimited(): boolean {
    return this.#bytesPerMs !== null
  }

  /** Null for as fast as it goes. */
  limit(bytesPerMs: number | null): void {
    this.#bytesPerMs = bytesPerMs
    this.#freeAtMs = 0
  }

  /** Undefined when these bytes may move at once, else resolves when they may. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#bytesPerMs === null) return undefined
    const now = this.#now()
    const waitMs = Math.max(0, this.#freeAtMs - now)
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + bytes / this.#bytesPerMs
    return waitMs <= BURST_MS ? undefined : new Promise((resolve) => setTimeout(resolve, waitMs - BURST_MS / 2))
  }
}

/** The same bytes, as the pace allows. */
export async function* paced<Chunk extends Uint8Array | Uint8ArrayList>(
  chunks: AsyncIterable<Chunk>,
  pace: Pace,
): AsyncGenerator<Chunk | Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const length = pace.isLimited ? Math.min(PACED_BYTES, chunk.byteLength - at) : chunk.byteLength - at
      await pace.take(length)
      yield at === 0 && length === chunk.byteLength ? chunk : chunk.subarray(at, at + length)
      at += length
    }
  }
}
