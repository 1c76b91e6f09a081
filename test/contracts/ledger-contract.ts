/**
 * What every ledger keeps to, in a file or in memory. `open` gives a ledger over the same place, as a new process would.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LedgerEntry } from '../../agent/core/events.ts'

export type AnyLedger = {
  read(): Map<string, Uint8Array>
  record(entries: readonly LedgerEntry[]): void
  close(): void
}

export function entry(key: string, value: string | null): LedgerEntry {
  return { key, value: value === null ? null : Buffer.from(value) }
}

/** The records as text, in the order in which they are read. */
export function textOf(ledger: AnyLedger): [string, string][] {
  return [...ledger.read()].map(([key, value]) => [key, Buffer.from(value).toString()])
}

export function ledgerContract<Place>(
  name: string,
  { newPlace, open }: { newPlace(): Place; open(place: Place): AnyLedger },
): void {
  describe(`the ledger ${name}`, () => {
    test('is empty when it is new', () => {
      const ledger = open(newPlace())
      assert.deepEqual(textOf(ledger), [])
      ledger.close()
    })

    test('gives every record back, to this process and the next, sorted by key', () => {
      const place = newPlace()
      const ledger = open(place)
      ledger.record([entry('orders', 'two'), entry('counter', 'one')])
      ledger.record([entry('roster', '')])
      const expected = [
        ['counter', 'one'],
        ['orders', 'two'],
        ['roster', ''],
      ]
      assert.deepEqual(textOf(ledger), expected)
      ledger.close()
      const again = open(place)
      assert.deepEqual(textOf(again), expected)
      again.close()
    })

    test('replaces a record whole, and removes one with null', () => {
      const ledger = open(newPlace())
      ledger.record([entry('a', 'a long value'), entry('b', 'x')])
      ledger.record([entry('a', 'short'), entry('b', null), entry('never-there', null)])
      assert.deepEqual(textOf(ledger), [['a', 'short']])
      ledger.close()
    })

    test('takes the last of two records of one key in a batch', () => {
      const ledger = open(newPlace())
      ledger.record([entry('a', '1'), entry('a', null), entry('a', '2')])
      assert.deepEqual(textOf(ledger), [['a', '2']])
      ledger.close()
    })

    test('an empty batch changes nothing', () => {
      const ledger = open(newPlace())
      ledger.record([])
      assert.deepEqual(textOf(ledger), [])
      ledger.close()
    })

    test('keeps every byte of a value', () => {
      const ledger = open(newPlace())
      const value = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      ledger.record([{ key: 'bytes', value }])
      assert.deepEqual(Uint8Array.from(ledger.read().get('bytes') ?? []), value)
      ledger.close()
    })
  })
}
