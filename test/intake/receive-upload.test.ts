import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Timer } from '../../controller/shell/intake/paced-body.ts'
import {
  boundedReceiving,
  MOST_AT_ONCE,
  receiveUpload,
  type Upload,
} from '../../controller/shell/intake/receive-upload.ts'
import { LEAST_UPLOAD_BYTES_A_MINUTE, MAX_PATCH_BYTES } from '../../protocol/limits.ts'
import { PieceHasher } from '../../protocol/piece-hasher.ts'
import { hint, isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { bundleFixture } from '../support/bundle-fixtures.ts'
import { chunked, flipBit } from '../support/chunked-bytes.ts'
import { buildDebianPackage } from '../support/debian-fixtures.ts'
import { openFiles } from '../support/taken-room.ts'

const folder = await mkdtemp(join(tmpdir(), 'partial-'))
const examples = await mkdtemp(join(tmpdir(), 'examples-'))
after(async () => {
  await rm(folder, { recursive: true })
  await rm(examples, { recursive: true })
})
await writeExampleBundle({ out: join(examples, 'a.patch'), bytes: 3 * 1024 * 1024 })
const example = await readFile(join(examples, 'a.patch'))

async function receive(upload: Partial<Upload> & Pick<Upload, 'body'>) {
  return await receiveUpload({ filename: 'upload.patch', folder, ...upload })
}

async function refuses(upload: Partial<Upload> & Pick<Upload, 'body'>, code: RefusalCode, says = /./): Promise<void> {
  const refusal = await receive(upload)
  assert.ok(isRefusal(refusal), 'the upload was accepted')
  assert.equal(refusal.refused, code, refusal.message)
  assert.match(refusal.message, says)
  assert.deepEqual(await readdir(folder), [], 'something was left behind')
}

test('keeps a whole patch, hashed and cut, whether its length was known or not', async () => {
  const deb = buildDebianPackage({ compression: 'xz' })
  for (const [bytes, format] of [
    [example, 'bundle'],
    [deb, 'deb'],
  ] as const) {
    for (const expectedBytes of [undefined, bytes.byteLength]) {
      const seen: number[] = []
      const progress = (written: number) => seen.push(written)
      const received = await receive({ body: chunked(bytes, 10_000), expectedBytes, progress })
      assert.ok(!isRefusal(received), JSON.stringify(received))
      const hasher = new PieceHasher(received.pieceLength)
      hasher.update(bytes)
      const expected = hasher.finish()
      assert.equal(received.sha256, createHash('sha256').update(bytes).digest('hex'))
      assert.deepEqual(Buffer.from(received.hashes), Buffer.from(expected.hashes))
      assert.equal(received.bytes, bytes.byteLength)
      assert.equal(received.format, format)
      assert.equal(seen.at(-1), bytes.byteLength)
      assert.deepEqual(await readFile(received.path), bytes)
      assert.equal((await stat(received.path)).mode & 0o777, 0o600)
      if (format === 'deb') assert.equal(received.manifest.payload.sha256, received.sha256)
      await rm(received.path)
    }
  }
})

test('cuts a patch of unknown length into the pieces of its size', async () => {
  const out = join(examples, 'large.patch')
  await writeExampleBundle({ out, bytes: 65 * 1024 * 1024 })
  const received = await receive({ body: chunked(await readFile(out)) })
  assert.ok(!isRefusal(received), JSON.stringify(received))
  assert.equal(received.pieceLength, 512 * 1024)
  assert.equal(received.hashes.byteLength, 130 * 32)
  await rm(received.path)
})

test('R10: when an upload has ended, taken, refused or broken off, nobody has its file open any more', async () => {
  const bad = flipBit(example, example.byteLength / 2, 0)
  async function* brokenOff(): AsyncGenerator<Uint8Array> {
    yield example.subarray(0, example.byteLength / 2)
    throw new Error('the sender is gone')
  }
  for (let round = 0; round < 15; round++) {
    const received = await receive({ body: chunked(example, 100_000) })
    assert.ok(!isRefusal(received), JSON.stringify(received))
    await rm(received.path)
    assert.ok(isRefusal(await receive({ body: chunked(bad, 100_000) })))
    assert.ok(isRefusal(await receive({ body: brokenOff() })))
  }
  assert.deepEqual(
    (await openFiles(process.pid)).filter((path) => path.startsWith(folder)),
    [],
  )
})

test('U1 refuses an empty upload', () => refuses({ body: chunked(Buffer.alloc(0)) }, 'empty_file'))

test('U2 U3 goes by what a file is and not by what it is called', async () => {
  const received = await receive({ body: chunked(example), filename: 'holiday.png' })
  assert.ok(!isRefusal(received))
  await rm(received.path)
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1000)])
  await refuses({ body: chunked(png), filename: 'real.patch' }, 'not_a_patch', /is a PNG image/)
  await refuses({ body: chunked(Buffer.from('hello')), filename: 'real.deb' }, 'not_a_patch', /plain text file/)
})

test('U3 refuses a wrong file by its first bytes, without reading the rest', async () => {
  async function* endless() {
    yield Buffer.from('GIF89a'.padEnd(600))
    throw new Error('read on')
  }
  await refuses({ body: endless() }, 'not_a_patch', /GIF/)
})

test('U5 refuses a damaged patch and leaves nothing', async () => {
  await refuses({ body: chunked(flipBit(example, 2_000_000, 1)) }, 'digest_mismatch', /The payload/)
  await refuses({ body: chunked(flipBit(example, 700, 1)), expectedBytes: example.byteLength }, 'digest_mismatch')
})

test('U7 refuses a bundle that states another SHA-256 of its payload, though its pieces root is right', async () => {
  const manifestText = (text: string) => text.replace(/(?<="sha256":")[0-9a-f]{64}/, 'b'.repeat(64))
  const lie = bundleFixture({ manifestText })
  await refuses({ body: chunked(lie) }, 'digest_mismatch', /^The payload, bytes \d+ to \d+ of the file, has SHA-256/)
})

test('U32 leaves nothing of an upload that is cut at 1, 50 or 99.9 percent', async () => {
  for (const share of [0.01, 0.5, 0.999]) {
    const cut = Math.floor(example.byteLength * share)
    async function* broken() {
      yield* chunked(example.subarray(0, cut))
      throw new Error('connection reset')
    }
    await refuses({ body: broken() }, 'upload_cut', new RegExp(`after ${cut} bytes \\(connection reset\\)`))
    await refuses({ body: broken(), expectedBytes: example.byteLength }, 'upload_cut')
    const short = { body: chunked(example.subarray(0, cut)), expectedBytes: example.byteLength }
    await refuses(short, 'upload_cut', new RegExp(`after ${cut} of ${example.byteLength} bytes`))
  }
})

test('U36 refuses a body that goes on after its announced length', async () => {
  await refuses({ body: chunked(example), expectedBytes: 100_000 }, 'size_mismatch', /announced with 100000/)
})

test('U40 refuses what is too large before it reads any of it', async () => {
  async function* unread() {
    yield await Promise.reject(new Error('was read'))
  }
  await refuses({ body: unread(), expectedBytes: MAX_PATCH_BYTES + 1 }, 'too_large', /at most/)
})

test('U38 refuses what does not fit on the disk, and says how much it needs', async (context) => {
  const here = import.meta.dirname
  const script = `mount -t tmpfs -o size=2m tmpfs ${folder} && exec ${process.execPath} --import tsx ${here}/../support/small-disk-upload.ts ${join(examples, 'a.patch')} ${folder}`
  const run = spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', script], { encoding: 'utf8' })
  if (/unshare|mount/.test(run.stderr)) return context.skip(`a small disk cannot be made here: ${run.stderr}`)
  const { known, unknown, left } = JSON.parse(run.stdout)
  assert.equal(known.refused, 'no_space')
  assert.match(known.message, /needs 3145728 bytes/)
  assert.equal(unknown.refused, 'no_space')
  assert.deepEqual(left, [])
})

/** Time passes only when the test says so. */
function handTimer(): Timer & { pass(): void } {
  let resolve: () => void = () => undefined
  return {
    after() {
      const pending = Promise.withResolvers<void>()
      resolve = pending.resolve
      return { passed: pending.promise, cancel: () => undefined }
    },
    pass: () => resolve(),
  }
}

test('U34 gives up an upload that stops moving, and one that crawls', async () => {
  const timer = handTimer()
  async function* stalled() {
    yield example.subarray(0, 40_000)
    timer.pass()
    yield example.subarray(40_000, 54_999)
    timer.pass()
    await new Promise(() => undefined)
  }
  const words = /^Only 14999 bytes arrived within 30 seconds; at least 30 kB a minute are needed\.$/
  await refuses({ body: stalled(), timer }, 'too_slow', words)
})

test('F5: an upload of 700 bytes a second is taken, as the guide promises', async () => {
  const seconds: number[] = []
  const timer = handTimer()
  const counted: Timer = {
    after(ms) {
      seconds.push(ms / 1000)
      return timer.after(ms)
    },
  }
  async function* slow() {
    const aWindow = 700 * (seconds.at(-1) ?? 0)
    for await (const chunk of chunked(example, aWindow)) {
      yield chunk
      if (chunk.byteLength === aWindow) timer.pass()
    }
  }
  const received = await receive({ body: slow(), timer: counted })
  assert.ok(!isRefusal(received), JSON.stringify(received))
  await rm(received.path)
})

test('F5: the guide, the refusal and its hint tell of the one number and of --resume', async () => {
  const guide = await readFile(new URL('../../docs/operators-guide.md', import.meta.url), 'utf8')
  const told = /less than (\d+)\s+kB\s+come\s+in\s+a\s+minute/.exec(guide)?.[1]
  assert.equal(Number(told) * 1000, LEAST_UPLOAD_BYTES_A_MINUTE)
  for (const code of ['too_slow', 'upload_cut', 'upload_stopped'] as const) assert.match(hint(code), /FILE --resume/)
})

test('U35 accepts an upload that is slow and steady, however long it takes', async () => {
  const timer = handTimer()
  async function* steady() {
    for await (const chunk of chunked(example, 40_000)) {
      yield chunk
      if (chunk.byteLength === 40_000) timer.pass()
    }
  }
  const received = await receive({ body: steady(), timer })
  assert.ok(!isRefusal(received), JSON.stringify(received))
  await rm(received.path)
})

test('U31 receives many uploads at once', async () => {
  const uploads = Array.from({ length: 4 }, () => receive({ body: chunked(example) }))
  const received = await Promise.all(uploads)
  assert.equal(new Set(received.map((one) => (isRefusal(one) ? one.message : one.path))).size, 4)
  for (const one of received) {
    assert.ok(!isRefusal(one))
    await rm(one.path)
  }
})

test('U31 takes so many uploads of one person at once and no more, and those of others beside them', async () => {
  const receiving = boundedReceiving()
  const { promise: end, resolve } = Promise.withResolvers<void>()
  async function* held() {
    yield example.subarray(0, 1000)
    await end
  }
  const uploadOf = (owner: string, body: AsyncIterable<Uint8Array>) =>
    receiving(owner, { body, filename: 'upload.patch', folder })
  const heldUp = Array.from({ length: MOST_AT_ONCE }, () => uploadOf('ann', held()))
  const more = await uploadOf('ann', chunked(example))
  assert.deepEqual(more, { refused: 'upload_quota', message: 'ann has 8 uploads under way' })
  const others = await uploadOf('bob', chunked(example))
  resolve()
  await Promise.all(heldUp)
  const next = await uploadOf('ann', chunked(example))
  for (const one of [others, next]) {
    assert.ok(!isRefusal(one))
    await rm(one.path)
  }
})

test('a failure of the disk is an error and leaves nothing', async () => {
  await assert.rejects(receive({ body: chunked(example), folder: join(folder, 'missing') }), /receiving the upload/)
})
