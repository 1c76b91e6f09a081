import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../../protocol/refusals.ts'
import { bundleFixture, description, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked, flipBit, places } from '../support/chunked-bytes.ts'
import { END_OF_TAR, SIZE_OFFSET, tarArchive, tarEntry } from '../support/tar-fixtures.ts'

async function refusalOf(bytes: Uint8Array): Promise<Refusal> {
  const judged = await inspectBundle(chunked(bytes))
  assert.ok(isRefusal(judged), 'the bundle was accepted')
  assert.match(judged.message, /^.+\.$/)
  return judged
}

async function refuses(bytes: Uint8Array, code: RefusalCode, says: RegExp = /./): Promise<void> {
  const refusal = await refusalOf(bytes)
  assert.equal(refusal.refused, code, refusal.message)
  assert.match(refusal.message, says)
}

test('accepts a right bundle, in chunks of any size', async () => {
  for (const chunkBytes of [1, 511, 512, 513, 1 << 20]) {
    const head = await inspectBundle(chunked(bundleFixture(), chunkBytes))
    assert.ok(!isRefusal(head), JSON.stringify(head))
    assert.equal(head.manifest.name, 'fixture')
  }
})

test('U1 refuses an empty file', () => refuses(Buffer.alloc(0), 'empty_file', /0 bytes/))

test('U3 names what a file of the wrong type is', async () => {
  const wrong: [string, Uint8Array | string][] = [
    ['a gzip file', gzipSync('x')],
    ['a Zstandard file', zstdCompressSync('x')],
    ['a zip archive', 'PK\x03\x04rest'],
    ['a PNG image', Buffer.from('89504e470d0a1a0a0000', 'hex')],
    ['an ELF program', '\x7fELF\x02\x01'],
    ['a PDF document', '%PDF-1.7'],
    ['an HTML page', '<!DOCTYPE html><title>Sign in</title>'],
    ['an XML document', '<?xml version="1.0"?><a/>'],
    ['a JSON or plain text file', '{"a":1}'],
    ['a plain text file', 'Dear all, für später\n'],
    ['a script', '#!/bin/sh\n'],
    ['a run of zero bytes', Buffer.alloc(4096)],
    ['an lzip file', 'LZIP\x01'],
    ['an lzma file', Buffer.from('5d00008000', 'hex')],
    ['a SquashFS image, as snaps are', 'hsqs'],
    ['a cabinet file', 'MSCF'],
    [
      'a part of a Debian package, which dpkg-split --join puts together again',
      `!<arch>\n${'debian-split'.padEnd(16)}`,
    ],
    ['a thin ar archive', '!<thin>\n'],
    ['an ar archive that is not a Debian package', '!<arch>\nfoo'],
    ['a tar archive whose first entry is not manifest.json', tarArchive([{ name: 'readme', content: 'x' }])],
    ['a file of unknown kind that begins with 00010203ff', Buffer.from('00010203ff', 'hex')],
  ]
  for (const [what, bytes] of wrong) await refuses(Buffer.from(bytes), 'not_a_patch', new RegExp(`is ${what};`))
})

test('U4 refuses a bundle cut at every header field boundary and at every sixteenth', async () => {
  const bundle = bundleFixture()
  const fields = [0, 100, 108, 116, 124, 136, 148, 156, 157, 257, 263, 265, 297, 329, 337, 345, 500, 512]
  const cuts = new Set<number>()
  for (let block = 0; block < bundle.byteLength; block += 512) for (const field of fields) cuts.add(block + field)
  for (let part = 1; part < 16; part++) cuts.add(Math.floor((bundle.byteLength * part) / 16))
  for (const cut of cuts) {
    if (cut === 0 || cut >= bundle.byteLength) continue
    await refuses(bundle.subarray(0, cut), 'truncated', new RegExp(`ends after ${cut} bytes`))
  }
})

test('U5 finds one flipped bit at 64 places of an example, and at every byte of a small bundle', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'))
  try {
    const out = join(folder, 'example.patch')
    await writeExampleBundle({ out, bytes: 256 * 1024 })
    const example = await readFile(out)
    for (const [index, place] of places(64, example.byteLength).entries()) {
      await refusalOf(flipBit(example, place, index % 8))
    }
    const refusal = await refusalOf(flipBit(example, 100_000, 3))
    assert.equal(refusal.refused, 'digest_mismatch')
    assert.match(refusal.message, /^The payload, bytes \d+ to \d+ of the file, has SHA-256 [0-9a-f]{64}/)
    const small = bundleFixture({ signatures: JSON.stringify([{ keyid: 'a'.repeat(64), sig: 'AAAA' }]) })
    for (let place = 0; place < small.byteLength; place++) await refusalOf(flipBit(small, place, place % 8))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('U6 refuses whatever follows the end marker, zeros and a second bundle too', async () => {
  for (const tail of [Buffer.from('x'), Buffer.alloc(512), Buffer.alloc(8192), bundleFixture()]) {
    await refuses(Buffer.concat([bundleFixture(), tail]), 'trailing_bytes', /ends at byte \d+/)
  }
})

test('U7 refuses a payload shorter or longer than the manifest says', async () => {
  const payload = { size: 1024, sha256: 'a'.repeat(64), pieceSize: 262144, piecesRoot: 'a'.repeat(64) }
  await refuses(bundleFixture({ manifest: { payload: { ...payload, size: 2048 } } }), 'size_mismatch', /1024.+2048/)
  await refuses(bundleFixture({ manifest: { payload: { ...payload, size: 512 } } }), 'size_mismatch', /1024.+512/)
  await refuses(bundleFixture({ manifest: { payload } }), 'digest_mismatch', /has SHA-256/)
})

test('U7 refuses a payload whose digest is right and whose pieces root is not', async () => {
  const manifestText = (text: string) => text.replace(/"piecesRoot":"[0-9a-f]{64}"/, `"piecesRoot":"${'b'.repeat(64)}"`)
  await refuses(bundleFixture({ manifestText }), 'digest_mismatch', /has pieces root/)
})

test('U8 refuses absurd sizes in a header before it reads or allocates anything for them', async () => {
  const binary = (hex: string) => Buffer.from(hex, 'hex').toString('latin1')
  const sizes = {
    '37777777777\0': /payload has 1536 bytes/,
    [binary('800000000020000000000000')]: /size that is not a number/,
    [binary('ffffffffffffffffffffffff')]: /size that is not a number/,
    [`-0000000001\0`]: /size that is not a number/,
    [`NaN        \0`]: /size that is not a number/,
    [`\0\0\0\0\0\0\0\0\0\0\0\0`]: /size that is not a number/,
  }
  for (const [size, says] of Object.entries(sizes)) {
    const hostile = { name: 'payload/big', overwrite: { [SIZE_OFFSET]: size } }
    const refusal = await refusalOf(bundleFixture({ payload: [SCRIPT, hostile] }))
    assert.ok(['malformed', 'size_mismatch'].includes(refusal.refused), refusal.message)
    assert.match(refusal.message, says)
  }
  const manifest = tarEntry({ name: 'manifest.json', size: 0o77777777777 })
  await refuses(manifest, 'too_large', /at most 65536/)
})

test('refuses the descriptions in another order, missing, or twice', async () => {
  const right = bundleFixture()
  const manifest = right.subarray(0, right.indexOf('signatures.json'))
  const signatures = description('signatures.json', '[]')
  const rest = right.subarray(manifest.byteLength + signatures.byteLength)
  await refuses(Buffer.concat([signatures, manifest, rest]), 'not_a_patch')
  await refuses(Buffer.concat([manifest, rest]), 'malformed', /signatures.json must stand there/)
  await refuses(Buffer.concat([manifest, manifest, signatures, rest]), 'malformed')
  await refuses(Buffer.concat([manifest, signatures, signatures, rest]), 'unsafe_entry', /not inside payload/)
})

test('refuses a description that does not match the digest in its header', async () => {
  const wrong = tarEntry({ name: 'manifest.json', content: '{}', linkName: 'a'.repeat(64) })
  await refuses(Buffer.concat([wrong, bundleFixture()]), 'digest_mismatch', /manifest.json has SHA-256/)
})

test('refuses signatures that are not a list of key ids and signatures', async () => {
  const wrong = [
    '{}',
    '[1]',
    '[{"keyid":"x","sig":"AAAA"}]',
    '[{"keyid":"x"}]',
    'nonsense',
    '[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]',
  ]
  for (const signatures of wrong) await refuses(bundleFixture({ signatures }), 'malformed', /signatures.json/)
})

test('refuses an end marker of one block, and one that is not zero', async () => {
  await refuses(bundleFixture({ end: Buffer.alloc(512) }), 'truncated', /the end marker/)
  const end = Buffer.concat([END_OF_TAR.subarray(0, 512), tarEntry(SCRIPT)])
  await refuses(bundleFixture({ end }), 'digest_mismatch', /must be zero/)
})

test('stops reading at the first fault', async () => {
  const bundle = bundleFixture({ manifest: { kind: 'surprise' } })
  let taken = 0
  async function* endless() {
    for await (const chunk of chunked(bundle, 512)) {
      taken += chunk.byteLength
      yield chunk
    }
    throw new Error('read on after the fault')
  }
  assert.ok(isRefusal(await inspectBundle(endless())))
  assert.ok(taken < bundle.byteLength)
})
