import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Timer } from '../../controller/shell/intake/paced-body.ts'
import { MAX_UNFINISHED, ResumableUploads } from '../../controller/shell/intake/resumable-uploads.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { MAX_PATCH_BYTES } from '../../protocol/limits.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { chunked, flipBit } from '../support/chunked-bytes.ts'

const DAY_MS = 24 * 3600 * 1000
const folder = await mkdtemp(join(tmpdir(), 'resumable-'))
const examples = await mkdtemp(join(tmpdir(), 'examples-'))
after(async () => {
  await rm(folder, { recursive: true })
  await rm(examples, { recursive: true })
})
await writeExampleBundle({ out: join(examples, 'a.patch'), bytes: 3 * 1024 * 1024 })
const example = await readFile(join(examples, 'a.patch'))
const WHOLE = { filename: 'a.patch', bytes: example.byteLength, lastModified: 7, owner: 'ann' }

let now = Date.now()
/** The bytes of each file that was published, and what was refused. */
let published: Buffer[] = []
let refused: string[] = []
beforeEach(async () => {
  for (const name of await readdir(folder)) await rm(join(folder, name))
  published = []
  refused = []
  now = Date.now()
})

function openUploads(pace: { timer?: Timer } = {}) {
  return ResumableUploads.open({
    folder,
    ...pace,
    clock: () => now,
    changed: () => undefined,
    refused: async (_, refusal) => void refused.push(refusal.refused),
    publish: async ({ path, sha256 }) => {
      published.push(await readFile(path))
      await rm(path)
      return { patch: sha256, created: true }
    },
  })
}

/** A new upload of which so many bytes have arrived, then the connection was cut. */
async function cutAfter(uploads: ResumableUploads, bytes: number, wanted = WHOLE): Promise<string> {
  const begun = await uploads.create(wanted)
  assert.ok(!isRefusal(begun), JSON.stringify(begun))
  async function* broken() {
    yield* chunked(example.subarray(0, bytes), 10_000)
    throw new Error('connection reset')
  }
  const cut = await send(uploads, begun.id, 0, broken())
  isRefused(cut, 'upload_stopped')
  return begun.id
}

function send(uploads: ResumableUploads, id: string, offset: number, body: AsyncIterable<Uint8Array>, owner = 'ann') {
  return uploads.append({ id, owner, offset, body, announced: undefined })
}

function isRefused(value: unknown, code: RefusalCode, says = /./): void {
  assert.ok(isRefusal(value), JSON.stringify(value))
  assert.equal(value.refused, code, value.message)
  assert.match(value.message, says)
}

function offsetOf(uploads: ResumableUploads, id: string): number {
  const found = uploads.find(id, 'ann')
  assert.ok(!isRefusal(found), JSON.stringify(found))
  return found.offset
}

test('U32 an upload that was cut at 1, 50 or 99.9 percent goes on there, also in another process', async () => {
  for (const share of [0.01, 0.5, 0.999]) {
    const bytes = Math.floor(example.byteLength * share)
    const first = await openUploads()
    const id = await cutAfter(first, bytes)
    assert.equal(offsetOf(first, id), bytes)
    await first.close()
    const second = await openUploads()
    assert.deepEqual(second.files().sort(), (await readdir(folder)).sort())
    assert.equal(offsetOf(second, id), bytes)
    const whole = await send(second, id, bytes, chunked(example.subarray(bytes), 10_000))
    assert.ok(!isRefusal(whole), JSON.stringify(whole))
    assert.deepEqual(whole.outcome, { patch: sha256Hex(example), created: true })
    assert.deepEqual(published.pop(), example)
    assert.deepEqual(await readdir(folder), [])
    await second.close()
  }
})

test('U32 what nobody goes on with for 24 hours is removed', async () => {
  const uploads = await openUploads()
  const id = await cutAfter(uploads, 1_000_000)
  now += DAY_MS - 1000
  await uploads.sweep()
  assert.equal(offsetOf(uploads, id), 1_000_000)
  now += 1000
  await uploads.sweep()
  isRefused(uploads.find(id, 'ann'), 'not_found')
  assert.deepEqual(await readdir(folder), [])
  await cutAfter(uploads, 1_000_000)
  now += 2 * DAY_MS
  const later = await openUploads()
  assert.deepEqual(later.of('ann'), [])
  assert.deepEqual(await readdir(folder), [])
})

test('an upload in many requests is checked once and published with the last', async () => {
  const uploads = await openUploads()
  const begun = await uploads.create(WHOLE)
  assert.ok(!isRefusal(begun))
  const PART = 500_000
  for (let offset = 0; offset < example.byteLength; offset += PART) {
    const state = await send(uploads, begun.id, offset, chunked(example.subarray(offset, offset + PART), 70_000))
    assert.ok(!isRefusal(state), JSON.stringify(state))
    assert.equal(state.outcome === null, offset + PART < example.byteLength)
  }
  assert.deepEqual(published, [example])
  const again = uploads.find(begun.id, 'ann')
  assert.ok(!isRefusal(again) && again.outcome?.patch === sha256Hex(example), 'who missed the answer can ask again')
  assert.deepEqual(uploads.of('ann'), [])
})

test('U33 refuses to go on at another place than where the upload stands, and keeps what is there', async () => {
  const uploads = await openUploads()
  const id = await cutAfter(uploads, 1_000_000)
  for (const offset of [0, 999_999, 1_000_001, example.byteLength]) {
    const answer = await send(uploads, id, offset, chunked(example.subarray(offset)))
    isRefused(answer, 'wrong_offset', /stands at 1000000 bytes/)
  }
  assert.ok(!isRefusal(await send(uploads, id, 1_000_000, chunked(example.subarray(1_000_000)))))
  assert.deepEqual(published, [example])
})

test('U33 of two that send one upload at once the later goes on, and not a byte is mixed', async () => {
  const uploads = await openUploads()
  const begun = await uploads.create(WHOLE)
  assert.ok(!isRefusal(begun))
  const { promise: stuck, resolve: reached } = Promise.withResolvers<void>()
  async function* stuckHalfway() {
    yield example.subarray(0, 1_500_000)
    reached()
    await new Promise(() => undefined)
  }
  const first = send(uploads, begun.id, 0, stuckHalfway())
  await stuck
  const second = await send(uploads, begun.id, 0, chunked(example))
  isRefused(await first, 'upload_stopped', /another request goes on with it/)
  isRefused(second, 'wrong_offset', /stands at 1500000 bytes/)
  const third = await send(uploads, begun.id, 1_500_000, chunked(example.subarray(1_500_000)))
  assert.ok(!isRefusal(third), JSON.stringify(third))
  assert.deepEqual(published, [example])
})

test('U33 refuses a file whose second half is of another, and leaves nothing', async () => {
  const uploads = await openUploads()
  const id = await cutAfter(uploads, 1_000_000)
  const tail = await uploads.tail(id, 'ann')
  assert.deepEqual(tail, { bytes: 65_536, sha256: sha256Hex(example.subarray(1_000_000 - 65_536, 1_000_000)) })
  const other = flipBit(example, 2_000_000, 1).subarray(1_000_000)
  isRefused(await send(uploads, id, 1_000_000, chunked(other)), 'digest_mismatch')
  assert.deepEqual([refused, published, await readdir(folder)], [['digest_mismatch'], [], []])
  isRefused(uploads.find(id, 'ann'), 'digest_mismatch')
})

test("U33 another's upload is not found, whatever is done with its id", async () => {
  const uploads = await openUploads()
  const id = await cutAfter(uploads, 1_000_000)
  isRefused(uploads.find(id, 'eve'), 'not_found')
  isRefused(await uploads.remove(id, 'eve'), 'not_found')
  isRefused(await send(uploads, id, 1_000_000, chunked(randomBytes(10)), 'eve'), 'not_found')
  assert.deepEqual(uploads.of('eve'), [])
  assert.equal(await uploads.tail(id, 'eve'), null)
  assert.equal(offsetOf(uploads, id), 1_000_000)
})

test('refuses a wrong file by its first bytes, and what goes on after its announced length', async () => {
  const uploads = await openUploads()
  const begun = await uploads.create({ ...WHOLE, bytes: 10_000_000 })
  assert.ok(!isRefusal(begun))
  async function* endless() {
    yield Buffer.from('GIF89a'.padEnd(600))
    throw new Error('read on')
  }
  isRefused(await send(uploads, begun.id, 0, endless()), 'not_a_patch', /GIF/)
  assert.deepEqual(await readdir(folder), [])
  const id = await cutAfter(uploads, 1000, { ...WHOLE, bytes: 1000 + 500 })
  isRefused(await send(uploads, id, 1000, chunked(example.subarray(1000, 3000))), 'upload_stopped', /goes on after/)
  assert.equal(offsetOf(uploads, id), 1000)
})

test('U34 an upload that stops moving is cut, and goes on later', async () => {
  let pass = (): void => undefined
  const timer: Timer = {
    after() {
      const { promise: passed, resolve } = Promise.withResolvers<void>()
      pass = resolve
      return { passed, cancel: () => undefined }
    },
  }
  const uploads = await openUploads({ timer })
  const begun = await uploads.create(WHOLE)
  assert.ok(!isRefusal(begun))
  async function* stalled() {
    yield example.subarray(0, 1000)
    pass()
    await new Promise(() => undefined)
  }
  isRefused(
    await send(uploads, begun.id, 0, stalled()),
    'upload_stopped',
    /Only 1000 bytes arrived.* 1000 bytes are kept/,
  )
  assert.ok(!isRefusal(await send(uploads, begun.id, 1000, chunked(example.subarray(1000)))))
  assert.deepEqual(published, [example])
})

test('U39 one person has at most so many unfinished uploads', async () => {
  const uploads = await openUploads()
  for (let count = 0; count < MAX_UNFINISHED; count++) assert.ok(!isRefusal(await uploads.create(WHOLE)))
  isRefused(await uploads.create(WHOLE), 'upload_quota', /ann has 20 unfinished uploads/)
  assert.ok(!isRefusal(await uploads.create({ ...WHOLE, owner: 'bob' })))
  const [oldest] = uploads.of('ann')
  assert.equal(await uploads.remove(oldest?.id ?? '', 'ann'), null)
  assert.ok(!isRefusal(await uploads.create(WHOLE)))
})

test('U40 U38 refuses what is too large, or has no room, before any of it comes', async () => {
  const uploads = await openUploads()
  isRefused(await uploads.create({ ...WHOLE, bytes: MAX_PATCH_BYTES + 1 }), 'too_large', /at most/)
  assert.deepEqual(await readdir(folder), [])
})

test('a note that cannot be read, or has lost its file, is of nothing', async () => {
  const uploads = await openUploads()
  const ids = [await cutAfter(uploads, 1000), await cutAfter(uploads, 1000), await cutAfter(uploads, 1000)]
  await uploads.close()
  await writeFile(join(folder, `resumable-${ids[0]}.json`), '{"version":1,')
  await rm(join(folder, `resumable-${ids[1]}`))
  await truncate(join(folder, `resumable-${ids[2]}`), example.byteLength + 1)
  assert.deepEqual((await openUploads()).files(), [])
})

test('uploads that are given up, or end with the process, hold no check and no file open', async () => {
  const uploads = await openUploads()
  for (let count = 0; count < 8; count++) {
    const begun = await uploads.create(WHOLE)
    assert.ok(!isRefusal(begun))
    assert.ok(!isRefusal(await send(uploads, begun.id, 0, chunked(example.subarray(0, 1000)))))
  }
  await uploads.close()
  assert.equal(uploads.of('ann').length, 8)
  for (const { id } of uploads.of('ann')) assert.equal(await uploads.remove(id, 'ann'), null)
  assert.deepEqual(await readdir(folder), [])
})
