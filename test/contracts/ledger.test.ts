/**
 * The ledger in its file, and the one in memory that stands for it in virtual time, under one contract; and what only a
 * process that is killed can show.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import { z } from 'zod'
import { ordersEntry, readLedger } from '../../agent/core/ledger.ts'
import { newAgent } from '../../agent/core/state.ts'
import { openLedger } from '../../agent/shell/ledger-file.ts'
import { decode, encode } from '../../protocol/codec.ts'
import { deliver, estate, orderFor, replicate, sealedOrder } from '../../simulator/world/estate.ts'
import { SimulatedLedger } from '../../simulator/world/simulated-ledger.ts'
import { entry, ledgerContract, textOf } from './ledger-contract.ts'

const base = mkdtempSync(join(tmpdir(), 'patchmesh-ledger-'))
after(() => rmSync(base, { recursive: true, force: true }))
const newPlace = () => mkdtempSync(join(base, 'data-'))

ledgerContract('in a file', { newPlace, open: openLedger })
ledgerContract('in memory', { newPlace: () => new SimulatedLedger(), open: (place) => place })

describe('in a file', () => {
  test('keeps nothing of a batch of which one record cannot be written', () => {
    const ledger = openLedger(newPlace())
    ledger.record([entry('a', 'before')])
    const impossible = { key: 'b', value: 'a text' as unknown as Uint8Array }
    const wrong = { key: 'c', value: Symbol('no value') as unknown as Uint8Array }
    assert.throws(() => ledger.record([entry('a', 'after'), impossible, wrong]))
    assert.deepEqual(textOf(ledger), [['a', 'before']])
    ledger.record([entry('a', 'later')])
    assert.deepEqual(textOf(ledger), [['a', 'later']], 'and goes on')
    ledger.close()
  })

  test('says what to do when it is not a ledger', () => {
    const place = newPlace()
    writeFileSync(join(place, 'ledger.sqlite'), 'something else, and long enough to be looked at. '.repeat(100))
    assert.throws(
      () => openLedger(place),
      /The ledger \S+ledger.sqlite fails: it is not a database, or is damaged\. Stop the agent, move the file away/,
    )
  })

  test('has every batch that was recorded and no half one, however often its process is killed', async () => {
    const place = newPlace()
    let acknowledged = -1
    for (let kill = 0; kill < 8; kill++) {
      const script = join(import.meta.dirname, 'record-until-killed.ts')
      const child = spawn(process.execPath, ['--import', 'tsx', script, place, String(acknowledged + 1)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines = createInterface({ input: child.stdout })
      let seen = 0
      lines.on('line', (line) => {
        acknowledged = Number(line)
        seen += 1
        if (seen === 3 + 5 * kill) child.kill('SIGKILL')
      })
      await Promise.all([once(lines, 'close'), once(child, 'exit')])
      assert.ok(seen >= 3 + 5 * kill, 'the process was killed while it recorded')

      const ledger = openLedger(place)
      const records = new Map(textOf(ledger))
      ledger.close()
      const parts = new Set([...records].filter(([key]) => key.startsWith('part-')).map(([, value]) => value))
      assert.equal(parts.size, 1, 'the records of one batch belong together')
      const [last] = parts
      assert.ok(Number(last) >= acknowledged, `batch ${acknowledged} was acknowledged, and ${last} is there`)
      assert.deepEqual(
        [...records.keys()].filter((key) => key.startsWith('gone-')),
        [`gone-${last}`],
      )
    }
  })
})

test('an order that an earlier agent had under way is read, as one whose revert has not failed yet', () => {
  const world = estate('paris')
  const patch = replicate(world)
  const appliance = world.appliance('paris/secondary')
  deliver(world, 'paris/secondary', sealedOrder(world, orderFor(world, 'paris/secondary', patch)))
  const { attempt, ...orders } = z
    .looseObject({ attempt: z.looseObject({ failedReverts: z.literal(0) }) })
    .parse(decode(z.unknown(), ordersEntry(appliance.state).value as Uint8Array, 'the record of orders'))
  const { failedReverts: _, ...asBefore } = attempt
  const state = newAgent(appliance.state)
  readLedger(state, new Map([['orders', encode({ ...orders, attempt: asBefore })]]))
  assert.deepEqual(state.orders.attempt, {
    ...appliance.state.orders.attempt,
    failedReverts: 0,
    retryAtMs: null,
    lookedAtMs: 0,
  })
})
