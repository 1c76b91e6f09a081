/**
 * A ledger in memory, with the interface of the real one (agent/shell/ledger-file.ts); the ledger contract runs on both.
 */

import type { LedgerEntry } from '../../agent/core/events.ts'
import { takeKeptTrust } from '../../agent/core/held-policy.ts'
import { readLedger } from '../../agent/core/ledger.ts'
import type { AgentState } from '../../agent/core/state.ts'

export class SimulatedLedger {
  readonly #records = new Map<string, Uint8Array>()
  /** What lies beside it in a file of its own, and is not put back with it. */
  trustFile: Uint8Array | null = null

  /** By key, like the table of the real one: nothing tells in which order the records were made. */
  read(): Map<string, Uint8Array> {
    return new Map([...this.#records].sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  /** Reads both into a fresh state. */
  load(state: AgentState): void {
    readLedger(state, this.read())
    if (this.trustFile !== null) takeKeptTrust(state, this.trustFile)
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
