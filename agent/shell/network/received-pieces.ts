/**
 * Received pieces, hashed while they come in, until the core says what becomes of them. Their memory is used again for
 * the next ones: pieces are large, and the garbage collector would otherwise run for each few of them.
 */
import { beginLeaf } from '../../../protocol/pieces.ts'
import type { Slot } from '../../core/events.ts'
import type { IncomingBody } from './message-stream.ts'
import { bytesPassed } from './young-garbage.ts'

/** What a transfer at full speed has under way between the network and the disk. */
const SPARES_AT_MOST = 2
const SPARES_KEPT_MS = 5_000

export class ReceivedPieces {
  readonly #slots = new Map<Slot, Uint8Array>()
  #spares: Uint8Array[] = []
  #forgetting: NodeJS.Timeout | undefined
  #nextSlot = 0

  /** A piece of so many bytes comes in; `complete` is told its leaf and where it waits. */
  begin(bytes: number, complete: (leaf: Uint8Array, slot: Slot) => void): IncomingBody {
    const buffer = this.#memory(bytes)
    const hash = beginLeaf()
    let filled = 0
    return {
      get missingBytes() {
        return bytes - filled
      },
      append(chunk) {
        hash.update(chunk)
        buffer.set(chunk, filled)
        filled += chunk.byteLength
        bytesPassed(chunk.byteLength)
      },
      space: () => buffer.subarray(filled),
      filled(count) {
        hash.update(buffer.subarray(filled, filled + count))
        filled += count
      },
      complete: () => {
        const slot = this.#nextSlot++ as Slot
        this.#slots.set(slot, buffer)
        complete(hash.digest(), slot)
      },
      abandon: () => this.recycle(buffer),
    }
  }

  /** What waits in `slot`, which is forgotten here with this call; to be given back with `recycle`. */
  take(slot: Slot): Uint8Array | undefined {
    const bytes = this.#slots.get(slot)
    this.#slots.delete(slot)
    return bytes
  }

  /** Nobody looks at these bytes any more. */
  recycle(bytes: Uint8Array): void {
    if (this.#spares.length < SPARES_AT_MOST) this.#spares.push(bytes)
    clearTimeout(this.#forgetting)
    this.#forgetting = setTimeout(() => {
      this.#spares = []
    }, SPARES_KEPT_MS).unref()
  }

  #memory(bytes: number): Uint8Array {
    const at = this.#spares.findIndex((spare) => spare.byteLength === bytes)
    const [spare] = at < 0 ? [] : this.#spares.splice(at, 1)
    return spare ?? Buffer.allocUnsafeSlow(bytes)
  }
}
