import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { unpackPayload } from '../../agent/shell/installers/unpack-payload.ts'
import { type ExampleOptions, writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal, RefusedError } from '../../protocol/refusals.ts'
import { bundleFixture, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'

const folder = await mkdtemp(join(tmpdir(), 'example-'))
after(() => rm(folder, { recursive: true }))

async function make(options: Omit<ExampleOptions, 'out'>): Promise<string> {
  const out = join(folder, 'example.patch')
  await writeExampleBundle({ ...options, out })
  return out
}

test('an example has exactly the wanted size, rounded up to a multiple of 512', async () => {
  const sizes = [8192, 10_000, 12_288, 99_840, 100_352, 101_376, 1_000_000, 1_048_576, 10_002_432, 67_108_864]
  for (const bytes of [...sizes, ...Array.from({ length: 40 }, (_, index) => 10_240 + index * 512)]) {
    const out = await make({ bytes })
    assert.equal((await stat(out)).size, Math.ceil(bytes / 512) * 512)
    const judged = await inspectBundle(createReadStream(out))
    assert.ok(!isRefusal(judged), `${bytes}: ${JSON.stringify(judged)}`)
  }
})

test('an example too small for its programs, or badly named, is refused with a sentence', async () => {
  for (const options of [{ bytes: 512 }, { bytes: 0 }, { name: '../x' }, { version: '' }, { bytes: 1e15 }]) {
    await assert.rejects(make(options), (error) => error instanceof RefusedError && error.message.endsWith('.'))
  }
})

test('the same options give the same bytes, another version gives others', async () => {
  const first = await readFile(await make({ bytes: 65_536 }))
  assert.deepEqual(await readFile(await make({ bytes: 65_536 })), first)
  assert.notDeepEqual(
    (await readFile(await make({ bytes: 65_536, version: '1.0.1' }))).subarray(-4096),
    first.subarray(-4096),
  )
})

test('an example installs, is healthy and reverts, also when each step is repeated', async () => {
  const root = await mkdtemp(join(folder, 'root-'))
  const unpack = async (version: string, failing?: 'install' | 'health') => {
    const payload = await mkdtemp(join(folder, 'payload-'))
    const out = await make({ version, bytes: 8192, ...(failing === undefined ? {} : { failing }) })
    await unpackPayload(createReadStream(out), payload)
    const env = { PATH: process.env.PATH, PATCHMESH_ROOT: root, PATCHMESH_PAYLOAD: payload }
    return (program: string) => execFileSync(join(payload, program), { env, stdio: 'pipe' }).toString()
  }
  const installed = async () => (await readFile(join(root, 'opt/example/version'), 'utf8')).trim()
  const one = await unpack('1.0')
  const two = await unpack('2.0')
  for (const program of ['install', 'install', 'health']) one(program)
  assert.equal(await installed(), '1.0')
  assert.throws(() => two('health'))
  for (const program of ['install', 'install', 'health']) two(program)
  assert.equal(await installed(), '2.0')
  for (const program of ['revert', 'revert']) two(program)
  assert.equal(await installed(), '1.0')
  const broken = await unpack('3.0', 'install')
  assert.throws(() => broken('install'), /made with --failing install/)
  assert.equal(await installed(), '1.0')
  const ill = await unpack('4.0', 'health')
  ill('install')
  assert.equal(await installed(), '4.0')
  assert.throws(() => ill('health'), /never healthy/)
  ill('revert')
  assert.equal(await installed(), '1.0')
  for (const program of ['revert', 'revert']) one(program)
  await assert.rejects(installed(), /ENOENT/)
})

test('unpacking refuses what the inspector refuses, and writes nothing outside its folder', async () => {
  const hostile = [
    { name: 'payload/../outside', content: 'x' },
    { name: 'payload/l', type: '2', linkName: '/etc' },
  ]
  for (const entry of hostile) {
    const target = await mkdtemp(join(folder, 'unpack-'))
    const bundle = bundleFixture({ payload: [SCRIPT, entry] })
    await assert.rejects(unpackPayload(chunked(bundle), target), RefusedError)
    await assert.rejects(stat(join(target, '../outside')), /ENOENT/)
  }
})

test('unpacking never writes over or through what is there already', async () => {
  const target = await mkdtemp(join(folder, 'unpack-'))
  await mkdir(join(target, 'install'))
  await assert.rejects(unpackPayload(chunked(bundleFixture()), target), /EEXIST/)
})
