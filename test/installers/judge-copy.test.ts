/**
 * What an appliance that lists publishers itself finds out about a stored copy before it installs it.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { judgeCopy } from '../../agent/shell/judge-copy.ts'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { PatchName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { buildDebianPackage } from '../support/debian-fixtures.ts'
import { publicationOf } from '../support/publications.ts'
import { publisherFixture, publisherKey, signedBundle } from '../support/publisher-fixtures.ts'

const folder = await mkdtemp(join(tmpdir(), 'patchmesh-judge-'))
after(() => rm(folder, { recursive: true }))
const { publisher, keys } = publisherFixture('Acme')
const NOW = Date.UTC(2026, 0, 1)
let files = 0

async function stored(bytes: Uint8Array): Promise<{ publication: Publication; file: string }> {
  const file = join(folder, `${++files}.patch`)
  await writeFile(file, bytes)
  const head = await inspectBundle(chunked(bytes))
  assert.ok(!isRefusal(head))
  return { file, publication: await publicationOf(file, 'bundle', head.manifest) }
}

async function says(copy: Awaited<ReturnType<typeof stored>>, publishers = [publisher]): Promise<string> {
  const refusal = await judgeCopy(copy, publishers, NOW)
  return refusal === null ? '' : `${refusal.refused}: ${refusal.message}`
}

test('a copy that enough keys have signed is right', async () => {
  assert.equal(await says(await stored(signedBundle(keys))), '')
})

test('U22 U26 a copy that nobody, a stranger or keys that have expired signed is refused', async () => {
  assert.match(await says(await stored(signedBundle([]))), /^unsigned: fixture is not signed/)
  assert.match(await says(await stored(signedBundle([publisherKey('stranger')]))), /which is no publisher's key$/)
  const expired = publisherFixture('Acme', { expiresAt: '2025-01-01T00:00:00Z' }).publisher
  assert.match(await says(await stored(signedBundle(keys)), [expired]), /were good until 2025/)
})

test('a bare package is refused, whatever its publication says', async () => {
  const copy = await stored(signedBundle(keys))
  await writeFile(copy.file, buildDebianPackage())
  assert.match(
    await says({ ...copy, publication: { ...copy.publication, format: 'deb' } }),
    /^unsigned: .+ bare Debian package/,
  )
  assert.match(await says(copy), /^not_a_patch: /)
})

test('a publication that says otherwise than the signed manifest is refused, even with the key of the Service Center', async () => {
  const copy = await stored(signedBundle(keys))
  const { manifest } = copy.publication
  const changes: Partial<Publication>[] = [
    { manifest: Manifest.parse({ ...manifest, install: { ...manifest.install, program: 'other' } }) },
    {
      manifest: Manifest.parse({ ...manifest, verify: { ...manifest.verify, detect: { versionFile: '/etc/shadow' } } }),
    },
    { version: Manifest.shape.version.parse('99.0') },
    { name: PatchName.parse('other') },
  ]
  for (const change of changes) {
    const publication = { ...copy.publication, ...change }
    assert.match(
      await says({ ...copy, publication }),
      /^untrusted_signature: the publication of .+ is not what Acme signed$/,
    )
  }
})

test('a copy that is gone or cut is refused', async () => {
  const copy = await stored(signedBundle(keys))
  await writeFile(copy.file, signedBundle(keys).subarray(0, 700))
  assert.match(await says(copy), /^truncated: /)
  await rm(copy.file)
  assert.match(await says(copy), /^not_replicated: the stored copy cannot be read: ENOENT/)
})
