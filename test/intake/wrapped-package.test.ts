/**
 * Debian packages inside of bundles: a publisher can sign them so, and what is signed is what dpkg will install.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectPatch } from '../../controller/shell/intake/inspect-patch.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { type BundleFixture, bundleFixture, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { arArchive, CONTROL, debianMembers } from '../support/debian-fixtures.ts'

const PACKAGE = arArchive(debianMembers({}))
const FIELDS = {
  name: 'fixture',
  version: '1:2.0-3~rc1',
  appliesTo: { applianceTypes: [], fromVersions: [], architecture: 'amd64' },
  install: { package: 'package.deb', timeoutSeconds: 60 },
  verify: { detect: { dpkg: 'fixture' }, soakSeconds: 0 },
  revert: 'none',
}

/** A bundle around a package, with other fields than the package's where a test wants them. */
function wrapped(
  fields: Readonly<Record<string, unknown>> = {},
  fixture: BundleFixture = {},
  content = PACKAGE,
): Buffer {
  const payload = [{ name: 'payload/package.deb', content }]
  return bundleFixture({ payload, manifest: { ...FIELDS, ...fields }, ...fixture })
}

async function refuses(bytes: Uint8Array, code: RefusalCode, says: RegExp): Promise<void> {
  const judged = await inspectPatch(chunked(bytes))
  assert.ok(isRefusal(judged), `was accepted: ${JSON.stringify(judged)}`)
  assert.equal(judged.refused, code, judged.message)
  assert.match(judged.message, says)
}

test('F12: a bundle that wraps a package is accepted, however its bytes come', async () => {
  for (const chunkBytes of [1, 997, 1 << 20]) {
    const judged = await inspectPatch(chunked(wrapped(), chunkBytes))
    assert.ok(!isRefusal(judged), JSON.stringify(judged))
    assert.equal(judged.format, 'bundle')
  }
})

test('F12: files may stand before and behind the package', async () => {
  const entry = (name: string) => ({ name: `payload/${name}`, content: 'x' })
  const payload = [entry('before'), { name: 'payload/package.deb', content: PACKAGE }, entry('behind')]
  const judged = await inspectPatch(chunked(wrapped({}, { payload })))
  assert.ok(!isRefusal(judged), JSON.stringify(judged))
})

test('F12: the manifest of a bundle says of the package in it what the package says', async () => {
  const differing: [fields: Readonly<Record<string, unknown>>, says: RegExp][] = [
    [{ name: 'other' }, /name is "other", and the package that it wraps says "fixture"/],
    [{ version: '3' }, /version is "3", and the package that it wraps says "1:2.0-3~rc1"/],
    [
      { appliesTo: { applianceTypes: [], fromVersions: [] } },
      /appliesTo.architecture is nothing, and the package that it wraps says "amd64"/,
    ],
    [{ verify: { detect: { dpkg: 'other' }, soakSeconds: 0 } }, /verify.detect.dpkg is "other"/],
  ]
  for (const [fields, says] of differing) await refuses(wrapped(fields), 'bad_manifest', says)
})

test('F12: a package that dpkg installs is installed, detected, verified and taken back by dpkg', async () => {
  const contradictions: [fields: Readonly<Record<string, unknown>>, says: RegExp][] = [
    [{ install: { package: 'package.deb', program: 'install', timeoutSeconds: 60 } }, /install.program has no place/],
    [{ install: { timeoutSeconds: 60 } }, /needs install.program, .* or install.package/],
    [{ verify: { detect: { versionFile: '/opt/x' }, soakSeconds: 0 } }, /verify.detect.dpkg must name it/],
    [{ verify: { ...FIELDS.verify, health: 'health' } }, /verify.health has no place/],
    [{ revert: { script: 'revert' } }, /revert must be "none"/],
  ]
  for (const [fields, says] of contradictions) await refuses(wrapped(fields), 'bad_manifest', says)
})

test('F12: the package must be there, and is checked as one that is uploaded by itself', async () => {
  const elsewhere = { payload: [SCRIPT, { name: 'payload/other.deb', content: PACKAGE }] }
  await refuses(wrapped({}, elsewhere), 'bad_manifest', /names the package package.deb, and .* is no file/)
  await refuses(
    wrapped({}, {}, Buffer.from('a text and no package')),
    'not_a_patch',
    /^In payload\/package.deb: The file begins with/,
  )
  await refuses(wrapped({}, {}, PACKAGE.subarray(0, 200)), 'truncated', /^In payload\/package.deb: /)
  const control = [{ name: './control', content: `${CONTROL.join('\n')}\nDepends: =>\n` }]
  const unreadable = arArchive(debianMembers({ control: [{ ...control[0], name: './control' }] }))
  await refuses(wrapped({}, {}, unreadable), 'malformed', /^In payload\/package.deb: .*"Depends" twice/)
})
