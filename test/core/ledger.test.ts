/**
 * A ledger that another release has written: what this one does not know stays for that one, and what it would read
 * otherwise than it was meant keeps it from starting, with a sentence that says what to do.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLedger } from '../../agent/core/ledger.ts'
import { encode } from '../../protocol/codec.ts'
import { estate, replicate } from '../../simulator/world/estate.ts'

function ledger() {
  const world = estate('paris')
  replicate(world)
  const { ledger: written, state } = world.appliance('paris/primary')
  return { state, entries: new Map(written.read()) }
}

test('records of a later release are left where they are, and named', () => {
  const { state, entries } = ledger()
  const [proven] = state.proven
  entries.set('lease', encode({ version: 1, of: 'a later release' }))
  entries.set('lease-acme-primary', Buffer.from('no CBOR at all'))
  state.proven.clear()
  assert.deepEqual(readLedger(state, entries), ['lease', 'lease-acme-primary'])
  assert.deepEqual([...state.proven], [proven])
})

for (const key of ['orders', 'counter', 'proven-x', 'outbox-x', 'mailbox-x', 'publication-x', 'roster']) {
  test(`a record of ${key} in the form of a later release is not taken for a damaged one`, () => {
    const { state, entries } = ledger()
    entries.set(key, encode({ version: 2, more: true }))
    assert.throws(() => readLedger(state, entries), {
      message: `the ledger record ${key} was written by a later release: run that release, or a newer one, on this data folder`,
    })
    entries.set(key, encode({ version: 1, more: true }))
    assert.throws(() => readLedger(state, entries), new RegExp(`^Error: the ledger record ${key} is damaged: `))
  })
}
