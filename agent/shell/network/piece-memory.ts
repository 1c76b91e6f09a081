/**
 * The memory of pieces on their way in or out, used again for the next ones: pieces are large, and the garbage collector
 * would otherwise run for each few of them, and the kernel hand out empty pages for each.
 */

/** What a transfer at full speed has between the network and the disk, in both directions. */
const SPARES_AT_MOST = 4
const SPARES_KEPT_MS = 5_000

export class PieceMemory {
  #spares: Uint8Array[] = []
  #forgetting: NodeJS.Timeout | undefined

  /** So many bytes, with anything in them. */
  take(bytes: number): Uint8Array {
    const at = this.#spares.findIndex((spare) => spare.byteLength === bytes)
    const [spare] = at < 0 ? [] : this.#spares.splice(at, 1)
    return spare ?? Buffer.allocUnsafeSlow(bytes)
  }

  /** Nobody looks at these bytes any more. */
  giveBack(bytes: Uint8Array): void {
    if (this.#spares.length < SPARES_AT_MOST) this.#spares.push(bytes)
    clearTimeout(this.#forgetting)
    this.#forgetting = setTimeout(() => {
      this.#spares = []
    }, SPARES_KEPT_MS).unref()
  }
}
