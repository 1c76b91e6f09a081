/**
 * Bytes pass at once without a limit, wait with one, and are never changed. That a limit is kept is shown with whole
 * transfers, in the scenarios of trading and in real processes (test/end-to-end/limits.test.ts).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace, paced } from '../../agent/shell/network/pace.ts'

test('without a limit everything passes at once', () => {
  const pace = new Pace(() => 0)
  assert.equal(pace.take(1e9), undefined)
  assert.equal(pace.take(1e9), undefined)
})

test('what was limited passes at once again when the limit is lifted', () => {
  const pace = new Pace(() => 0)
  pace.limit(1)
  assert.equal(pace.take(10_000), undefined)
  assert.ok(pace.take(1) instanceof Promise)
  pace.limit(null)
  assert.equal(pace.take(1e9), undefined)
})

test('the same bytes come out, in slices while there is a limit', async () => {
  const pace = new Pace()
  pace.limit(1e9)
  const chunks = [Buffer.alloc(100_000, 1), Buffer.alloc(5, 2)]
  const out: Uint8Array[] = []
  for await (const chunk of paced(asyncOf(chunks), pace)) out.push(chunk)
  assert.ok(Buffer.concat(out).equals(Buffer.concat(chunks)))
  assert.ok(out.every((chunk) => chunk.byteLength <= 16 * 1024))
})

async function* asyncOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}
