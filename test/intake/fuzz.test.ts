import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inspectPatch } from '../../controller/shell/intake/inspect-patch.ts'
import { HEAD_BYTES } from '../../protocol/bundle/file-kinds.ts'
import { isRefusal, RefusalCode } from '../../protocol/refusals.ts'
import { bundleFixture } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { arArchive, debianMembers } from '../support/debian-fixtures.ts'

const bundle = bundleFixture()
const packaged = arArchive(debianMembers({}))

/** Ends in a verdict whatever comes: an exception fails the test. */
async function judge(bytes: Uint8Array, chunkBytes: number): Promise<boolean> {
  const judged = await inspectPatch(chunked(bytes, chunkBytes))
  if (!isRefusal(judged)) return true
  RefusalCode.parse(judged.refused)
  assert.match(judged.message, /^[^\n]+\.$/)
  return false
}

const chunkBytes = fc.integer({ min: 1, max: 3000 })

/** Replaces, inserts or removes a run of bytes, or cuts the end off. */
function mutated(original: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(original.byteLength),
    removed: fc.oneof(fc.constant(0), fc.nat(64), fc.nat(original.byteLength)),
    inserted: fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.constant(Buffer.alloc(512))),
  })
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (bytes, { at, removed, inserted }) =>
          Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(Math.min(bytes.byteLength, at + removed))]),
        original,
      ),
    )
}

test('random bytes are refused and never more than that', async () => {
  const bytes = fc.uint8Array({ maxLength: 2 * HEAD_BYTES })
  await fc.assert(fc.asyncProperty(bytes, chunkBytes, async (some, size) => assert.ok(!(await judge(some, size)))))
})

test('random bytes behind a right beginning are refused', async () => {
  // all but the last bytes of its data: dpkg reads nothing behind them
  const heads = fc
    .constantFrom(bundle, packaged.subarray(0, packaged.byteLength - 2))
    .chain((file) => fc.nat(file.byteLength).map((at) => file.subarray(0, at)))
  const property = fc.asyncProperty(
    heads,
    fc.uint8Array({ minLength: 1, maxLength: 2000 }),
    chunkBytes,
    async (head, tail, size) => {
      const bytes = Buffer.concat([head, tail])
      if (!bundle.equals(bytes) && !packaged.equals(bytes)) assert.ok(!(await judge(bytes, size)))
    },
  )
  await fc.assert(property)
})

test('a mutated bundle is refused unless it is the same again', async () => {
  const property = fc.asyncProperty(mutated(bundle), chunkBytes, async (bytes, size) => {
    assert.equal(await judge(bytes, size), bytes.equals(bundle))
  })
  await fc.assert(property, { numRuns: 300 })
})

test('a mutated package gets a verdict', async () => {
  const property = fc.asyncProperty(mutated(packaged), chunkBytes, async (bytes, size) => {
    await judge(bytes, size)
  })
  await fc.assert(property, { numRuns: 300 })
})
