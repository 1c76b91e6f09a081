/**
 * A ledger in memory, with the interface of the real one (agent/shell/ledger-file.ts); the ledger contract runs on both.
 */
import type { LedgerEntry } from '../../agent/core/events.ts'

export class SimulatedLedger {
  readonly #records = new Map<string, Uint8Array>()

  /** By key, like the table of the real one: nothing tells in which order the records were made. */
  read(): Map<string, Uint8Array> {
    return new Map([...this.#records].sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  record(entries: readonly LedgerEntry[]): void {
    for (const { key, value } of entries) {
      if (value === null) this.#records.delete(key)
      else this.#records.set(key, value)
    }
  }

  /** A fault: what was read some time ago, or elsewhere, is what is there. */
  putBack(records: ReadonlyMap<string, Uint8Array>): void {
    this.#records.clear()
    for (const [key, value] of records) this.#records.set(key, value)
  }

  close(): void {}
}
