/**
 * Reads a file while it is being written, as far as the writer has told that bytes are there. Several threads read the
 * same upload in this way at once, each for its own check. Each waits for the disk itself: it has nothing else to do, and to
 * have another thread read costs more than the reading.
 */
import { readSync } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { assert } from '../../../protocol/assert.ts'

/** How much of the file is there; nothing more comes once it is complete. */
export type FileGrowth = { readonly bytes: number; readonly complete: boolean }

const CHUNK_BYTES = 256 * 1024
/** A decoder and the streams before it hold four chunks at most; the rest is distance. */
const BUFFERS = 16

export class Growth {
  #known: FileGrowth = { bytes: 0, complete: false }
  #waiting: (() => void) | null = null

  /** Listens to what the writer's thread tells. */
  constructor(port: MessagePort) {
    port.on('message', (message: FileGrowth) => {
      this.#known = message
      this.#waiting?.()
    })
  }

  /** The size so far, once it is more than `bytes` or final. */
  async beyond(bytes: number): Promise<number> {
    while (this.#known.bytes <= bytes && !this.#known.complete) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    return this.#known.bytes
  }
}

/** The chunks take turns in a few buffers: what is passed on is gone `BUFFERS` chunks later. */
export async function* readGrowing(descriptor: number, growth: Growth): AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(CHUNK_BYTES))
  for (let at = 0, turn = 0; ; turn++) {
    const end = await growth.beyond(at)
    if (end === at) return
    const buffer = buffers[turn % BUFFERS] as Buffer
    const bytesRead = readSync(descriptor, buffer, 0, Math.min(CHUNK_BYTES, end - at), at)
    assert(bytesRead > 0, 'the bytes that were reported written are in the file')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
