/** Received pieces, hashed while they come in, until the core says what becomes of them. */
import { beginLeaf } from '../../../protocol/pieces.ts'
import type { Slot } from '../../core/events.ts'
import type { IncomingBody } from './message-stream.ts'
import type { PieceMemory } from './piece-memory.ts'

export class ReceivedPieces {
  readonly #memory: PieceMemory
  readonly #slots = new Map<Slot, Uint8Array>()
  #nextSlot = 0

  constructor(memory: PieceMemory) {
    this.#memory = memory
  }

  /** A piece of so many bytes comes in; `complete` is told its leaf and where it waits. */
  begin(bytes: number, complete: (leaf: Uint8Array, slot: Slot) => void): IncomingBody {
    const buffer = this.#memory.take(bytes)
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
      abandon: () => this.#memory.giveBack(buffer),
    }
  }

  /** What waits in `slot`, which is forgotten here with this call; to be given back with `recycle`. */
  take(slot: Slot): Uint8Array | undefined {
    const bytes = this.#slots.get(slot)
    this.#slots.delete(slot)
    return bytes
  }

  recycle(bytes: Uint8Array): void {
    this.#memory.giveBack(bytes)
  }
}
