/**
 * What an appliance says of itself when it is asked: to whom, how much, and signed for that one question.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { answering } from '../../agent/shell/accounting.ts'
import { RecentLines } from '../../agent/shell/log.ts'
import { toldLog } from '../../agent/shell/told-log.ts'
import { Account } from '../../protocol/account.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import { MAX_LOG_BYTES } from '../../protocol/limits.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { open } from '../../protocol/trust/envelope.ts'
import { estateWithTenants } from '../../simulator/world/estate.ts'

const world = estateWithTenants('paris', 'oslo')
const peerOf = (name: string): PeerId => world.appliance(name).peer
const answers = (name: string, recent = new RecentLines()) =>
  answering(world.appliance(name).state, { folder: tmpdir(), recent })

test('a Service Provider appliance answers the Service Center and nobody else', () => {
  const { mayAsk } = answers('paris/primary')
  assert.ok(mayAsk(world.center.peer))
  for (const other of ['paris/secondary', 'oslo/primary', 'paris/acme/primary'])
    assert.ok(!mayAsk(peerOf(other)), other)
})

test('a tenant appliance answers its depot, which passes questions on, and nobody else', () => {
  const { mayAsk } = answers('paris/acme/primary')
  assert.ok(mayAsk(peerOf('paris/primary')) && mayAsk(peerOf('paris/secondary')))
  for (const other of ['oslo/primary', 'paris/acme/secondary']) assert.ok(!mayAsk(peerOf(other)), other)
  assert.ok(!mayAsk(world.center.peer), 'whom it cannot reach')
})

test('an account names its question, and tells the log only if that is asked for', async () => {
  const recent = new RecentLines()
  recent.add('a line\n')
  const { account } = answers('paris/primary', recent)
  const to = peerOf('paris/primary')
  for (const log of [true, false]) {
    const nonce = new Uint8Array(16).fill(log ? 1 : 2)
    const told = open(Account, await account({ to, nonce, log }), [to])
    assert.ok(!isRefusal(told))
    assert.deepEqual([...told.nonce], [...nonce])
    if (!log) assert.equal(told.log, '')
    else assert.match(told.log, /^a line\n\{"level":30,.*"ledger":\{"name":"paris\/primary".*"msg":"the ledger"\}\n$/)
  }
})

test('however long the log is, what is told fits into an answer, in whole lines, with the ledger at its end', () => {
  const recent = new RecentLines()
  for (let number = 1; number <= 20_000; number++) recent.add(`line ${number} ü\n`)
  const told = toldLog(world.appliance('paris/primary').state, recent.text())
  assert.ok(Buffer.byteLength(told) <= MAX_LOG_BYTES)
  assert.match(told, /^line \d+ ü\n/)
  assert.match(told, /line 20000 ü\n\{.*"ledger":\{.*\}\n$/)
})

test('INV16 of a log of any length the last 256 KiB are kept, in whole lines', () => {
  const recent = new RecentLines()
  for (let number = 1; number <= 20_000; number++) recent.add(`line ${number} ü\n`)
  const text = recent.text()
  assert.ok(Buffer.byteLength(text) <= MAX_LOG_BYTES)
  assert.ok(text.endsWith('line 20000 ü\n'))
  assert.match(text, /^line \d+ ü\n/)
})
