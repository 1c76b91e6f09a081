import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { type BundleFixture, bundleFixture, bundleManifest, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'

async function refuses(fixture: BundleFixture, code: RefusalCode, says: RegExp = /manifest\.json/): Promise<void> {
  const judged = await inspectBundle(chunked(bundleFixture(fixture)))
  assert.ok(isRefusal(judged), `${JSON.stringify(fixture)} was accepted`)
  assert.equal(judged.refused, code, judged.message)
  assert.match(judged.message, says)
  assert.ok(judged.message.length < 500)
}

const text = (manifestText: string): BundleFixture => ({ manifestText: () => manifestText })

test('U9 refuses a manifest that nests too deep', async () => {
  await refuses(text('['.repeat(10_000) + ']'.repeat(10_000)), 'bad_manifest', /deeper than 16/)
  await refuses(text('{"a":'.repeat(10_000)), 'bad_manifest', /is not JSON/)
})

test('U9 refuses a manifest of more bytes than are read', async () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`)
  await refuses(text(`{${keys.join(',')}}`), 'too_large', /at most 65536/)
})

test('U9 refuses keys that are there twice, also written differently', async () => {
  await refuses({ manifestText: (json) => `{"name":"other",${json.slice(1)}` }, 'bad_manifest', /"name" twice/)
  await refuses({ manifestText: (json) => `{"n\\u0061me":"other",${json.slice(1)}` }, 'bad_manifest', /"name" twice/)
  const inner = (json: string) => json.replace('"restart":"none"', '"restart":"reboot","restart":"none"')
  await refuses({ manifestText: inner }, 'bad_manifest', /"restart" twice/)
})

test('U9 refuses keys that reach a prototype, and unknown keys', async () => {
  for (const key of ['__proto__', '\\u005f_proto__']) {
    await refuses(
      { manifestText: (json) => `{"${key}":{"kind":"hotfix"},${json.slice(1)}` },
      'bad_manifest',
      /__proto__/,
    )
  }
  for (const key of ['constructor', 'toString', 'surprise']) {
    await refuses({ manifest: { [key]: 1 } }, 'bad_manifest', /Unrecognized key/)
  }
})

test('refuses a manifest that is not JSON or not UTF-8', async () => {
  const right = JSON.stringify(bundleManifest())
  for (const wrong of [
    '',
    'null',
    '[]',
    '1',
    `${right},`,
    `\ufeff${right}`,
    `${right}${right}`,
    '{"a":1e}',
    "{'a':1}",
  ]) {
    await refuses(text(wrong), 'bad_manifest')
  }
})

test('refuses each field that is missing or of another type', async () => {
  for (const field of [...Object.keys(bundleManifest()), 'payload']) {
    const code = field === 'name' || field === 'version' ? 'bad_name' : 'bad_manifest'
    await refuses({ manifest: { [field]: undefined } }, code)
    for (const value of [null, 1.5, -1, [[[]]], { $gt: '' }]) await refuses({ manifest: { [field]: value } }, code)
  }
})

test('U10 refuses names and versions that are not plain words', async () => {
  const names = [
    '',
    '../../etc/cron.d/x',
    '/x',
    'C:\\x',
    'a\nb',
    'a\u0000b',
    'x'.repeat(101),
    'x'.repeat(4096),
    'a\u202eb',
    '\u{1f600}',
    'caf\u00e9',
    'cafe\u0301',
    'a ',
    '.a',
    '-rf',
    ';reboot',
    '$(id)',
    '<script>alert(1)</script>',
    '\ud800',
  ]
  for (const field of ['name', 'version']) {
    for (const name of names) {
      const judged = await inspectBundle(chunked(bundleFixture({ manifest: { [field]: name } })))
      assert.ok(isRefusal(judged), `${JSON.stringify(name)} was accepted`)
      assert.ok(['bad_name', 'bad_manifest'].includes(judged.refused), judged.message)
      assert.doesNotMatch(judged.message, /[\p{Cc}\p{Cf}]/u)
    }
  }
})

test('A29 refuses control characters in any text of the manifest', async () => {
  for (const publisher of ['a\r\nSet-Cookie: x', '\u001b[2J', 'a\u2028b', 'x\u200fy']) {
    await refuses({ manifest: { publisher } }, 'bad_manifest', /control or formatting/)
  }
})

test('refuses a patch that supersedes, conflicts with or requires itself', async () => {
  const itself = [{ name: 'fixture', version: '1.0.0' }]
  await refuses({ manifest: { supersedes: itself } }, 'bad_manifest', /supersedes itself/)
  await refuses({ manifest: { supersedes: [{ name: 'fixture' }] } }, 'bad_manifest', /supersedes itself/)
  await refuses({ manifest: { conflicts: [{ name: 'fixture' }] } }, 'bad_manifest', /conflicts with itself/)
  await refuses({ manifest: { requires: itself } }, 'bad_manifest', /requires itself/)
  const older = await inspectBundle(
    chunked(bundleFixture({ manifest: { supersedes: [{ name: 'fixture', version: '0.9.0' }] } })),
  )
  assert.ok(!isRefusal(older))
})

test('refuses a program that the payload does not have or cannot run', async () => {
  const install = { program: 'missing', timeoutSeconds: 10 }
  await refuses({ manifest: { install } }, 'bad_manifest', /payload\/missing is not there/)
  await refuses({ manifest: { install: { timeoutSeconds: 10 } } }, 'bad_manifest', /needs install.program/)
  await refuses({ manifest: { revert: { script: 'back' } } }, 'bad_manifest', /payload\/back is not there/)
  const verify = { detect: { versionFile: '/v' }, health: 'Install', soakSeconds: 0 }
  await refuses({ manifest: { verify } }, 'bad_manifest', /payload\/Install is not there/)
  await refuses({ payload: [{ ...SCRIPT, mode: 0o644 }] }, 'bad_manifest', /mode is 644/)
  const folder = { name: 'payload/install/', type: '5', mode: 0o755 }
  await refuses({ payload: [folder] }, 'bad_manifest', /payload\/install is not there/)
})

test('refuses a package of the agent as another kind, and the kind of the agent for anything else', async () => {
  await refuses({ manifest: { kind: 'agent' } }, 'bad_manifest', /kind agent is for the package patchmesh-agent alone/)
  const verify = { detect: { dpkg: 'patchmesh-agent' }, soakSeconds: 0 }
  await refuses(
    { manifest: { verify } },
    'bad_manifest',
    /a package of the agent itself, patchmesh-agent, is of kind agent/,
  )
})

test('refuses pieces of another length than the payload size gives', async () => {
  const manifestText = (json: string) => json.replace('"pieceSize":262144', '"pieceSize":524288')
  await refuses({ manifestText }, 'bad_manifest', /pieces of 262144 bytes, not 524288/)
})
