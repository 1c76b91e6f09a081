/**
 * Support bundles: what is inside, that nothing secret is, who may make one, how large it becomes, and the same with the
 * command line. The secrets lie in every text that gets into a bundle from outside.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { extract } from 'tar-stream'
import type { LeftOut } from '../../controller/core/support/parts.ts'
import { makeAccess } from '../../controller/shell/access.ts'
import { InstallId, OrganizationName, type Sha256 } from '../../protocol/identifiers.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { person, signIn } from '../support/people-fixtures.ts'

/** What would open something, each with the text in which it comes; real ones are added when they have been made. */
const SECRETS = new Map<string, string>([
  ['hunter2-of-the-proxy', 'proxy https://ana:hunter2-of-the-proxy@10.0.0.1:3128/ refused it'],
  ['correct-horse-battery', 'DB_PASSWORD=correct-horse-battery is wrong'],
  ['YW5hOmNvcnJlY3QtaG9yc2U=', 'Authorization: Basic YW5hOmNvcnJlY3QtaG9yc2U='],
  ['eyJhbGciOiJIUzI1NiJ9.e30.c2ln', 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln'],
  [
    'MC4CAQAwBQYDK2VwBCIEIAABAgME',
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgME\n-----END PRIVATE KEY-----',
  ],
  ['AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ', 'identity AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ'],
  ['9fKq/2vLr+81xZ/bTq7Wm/0aY3cE/dGh5jN/uPs4oR6=', 'wg set peer 9fKq/2vLr+81xZ/bTq7Wm/0aY3cE/dGh5jN/uPs4oR6= refused'],
  ['secret-of-the-database', 'database: postgres://patchmesh:secret-of-the-database@10.0.0.5/center'],
  ['nested-in-json', JSON.stringify({ line: JSON.stringify({ apiKey: 'nested-in-json' }) })],
])
/** Of people, and how they are written. */
const PEOPLE = ['Ana Lovelace', 'ana lovelace']

type Manifest = { names: string; files: { name: string; bytes: number; cut: string }[]; leftOut: LeftOut[] }
type Bundle = { files: Map<string, string>; manifest: Manifest; all: string }

let fleet: Fleet
let app: ServedApp
let folder: string
let patch: Sha256
let install: InstallId
const settings: Record<string, unknown> = {}
let log = ''
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-support-'))
  fleet = await standardFleet()
  app = await serveApp(fleet, { machine: { recentLog: () => log, settings: () => settings } })
  const { repository, serviceCenter } = fleet
  await person(repository, 'Ana Lovelace')
  const { session = '' } = await signIn(app.url, { name: 'Ana Lovelace' })
  const cookie = session.split('=')[1] ?? ''
  assert.ok(cookie.length > 30)
  SECRETS.set(cookie, `Cookie: ${session}; theme=dark`)
  const apiToken = await app.apiToken()
  SECRETS.set(apiToken, `somebody typed ${apiToken} into the wrong field`)
  const link = await makeAccess(repository, { kind: 'sign-in-link', name: 'admin' })
  SECRETS.set(link, `opened https://patches.example/sign-in?link=${link}`)
  const slot = {
    name: 'rome-1',
    organization: 'Org 1000',
    dataCenter: 'rome',
    kind: 'service-provider',
    role: 'primary',
  }
  const wanted = { slot: { ...slot, group: 'depot' }, replaces: null, actor: 'Ana Lovelace' }
  const token = await serviceCenter.issueToken(wanted as never)
  assert.ok('token' in token)
  SECRETS.set(token.token, `agent --token ${token.token}`)

  const everything = [...SECRETS.values()].join(' | ')
  log = `${[...SECRETS.values(), ...PEOPLE].map((text) => JSON.stringify({ level: 30, msg: text })).join('\n')}\n`
  Object.assign(settings, { logLevel: everything, nested: { proofKey: apiToken, list: [everything] } })
  serviceCenter.inquire = async () => ({ told: true, log })

  patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  await everyoneNeeds(fleet, patch)
  for (const name of ['paris/primary', 'paris/secondary']) await fleet.sendReceipt(name, patch)
  await fleet.detect('acme-paris-secondary', patch, 'applicable', '0.9', everything.slice(0, 900))
  const organizations = [OrganizationName.parse('acme')]
  const order = { patch, dataCenter: 'All', allowOutage: true } as const
  const started = await serviceCenter.carryOut({
    kind: 'start-install',
    actor: 'Ana Lovelace',
    organizations,
    ...order,
  })
  assert.ok('install' in started)
  install = started.install
  const [ordered] = [...(serviceCenter.state.targets.get(install)?.values() ?? [])].filter(
    (target) => target.order !== null,
  )
  const name = serviceCenter.state.appliances.get(ordered?.appliance ?? ('' as never))?.name ?? ''
  await fleet.report(name, install, 'failed', { reason: everything.slice(0, 900), output: everything })
  const advisory = { patch, severity: null, reference: apiToken, publishedAt: null, dueAt: null }
  await serviceCenter.carryOut({ kind: 'set-advisory', actor: 'Ana Lovelace', advisory })
  const note = { actor: 'Ana Lovelace', action: 'note', subject: install, origin: '203.0.113.9, session 12ab', at: 1 }
  await repository.commit([
    { table: 'audit', row: { ...note, outcome: everything } },
    { table: 'audit', row: { ...note, actor: 'nobody', action: 'sign in', outcome: 'wrong password' } },
  ])
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

async function fetched(address: string, token?: string): Promise<{ status: number; body: Buffer }> {
  const headers = { Authorization: `Bearer ${token ?? (await app.apiToken())}` }
  const answer = await fetch(`${app.url}/api/v1${address}`, { headers })
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
}

async function unpacked(archive: Buffer): Promise<Bundle> {
  const files = new Map<string, string>()
  const entries = extract()
  entries.end(archive)
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    files.set(entry.header.name.replace(/^support\//, ''), Buffer.concat(chunks).toString())
  }
  const manifest = JSON.parse(files.get('manifest.json') ?? '{}') as Manifest
  return { files, manifest, all: [...files].map(([name, text]) => `${name}\n${text}`).join('\n') }
}
const bundleOf = async (address: string, token?: string) =>
  unpacked(zstdDecompressSync((await fetched(address, token)).body))

test('INV16 no secret that lies anywhere around an install is in its bundle, nor anybody by name', async () => {
  const { files, all } = await bundleOf(`/installs/${install}/support-bundle`)
  // Each lies where the bundle is made of, so that it would be found.
  for (const part of ['service-center.log', 'targets.json', 'statements.jsonl', 'trail.jsonl', 'settings.json'])
    assert.match(files.get(part) ?? '', /\[redacted/, part)
  for (const secret of SECRETS.keys()) assert.equal(all.includes(secret), false, `${secret} is in it`)
  for (const name of PEOPLE) assert.equal(all.includes(name), false, `${name} is in it`)
  assert.equal(all.includes('203.0.113.9'), false)
  for (const { proofKey, enrollingPeer } of fleet.serviceCenter.state.tokens.values()) {
    assert.equal(all.includes(Buffer.from(proofKey).toString('hex')), false, enrollingPeer)
    assert.equal(all.includes(Buffer.from(proofKey).toString('base64')), false, enrollingPeer)
  }
  for (const { secretHash } of await fleet.repository.people.access('api-token'))
    assert.equal(all.includes(secretHash), false)
})

test('the manifest names each file with its size, and what is left out with the reason', async () => {
  const { files, manifest } = await bundleOf(`/installs/${install}/support-bundle`)
  assert.deepEqual(
    manifest.files.map(({ name, bytes }) => [name, bytes]),
    [...files].filter(([name]) => name !== 'manifest.json').map(([name, text]) => [name, Buffer.byteLength(text)]),
  )
  for (const name of [
    'install.json',
    'targets.json',
    'plan.json',
    'patch.json',
    'exposure.json',
    'versions.json',
    'fleet.json',
    'service-center.json',
  ])
    assert.ok(files.has(name), name)
  assert.ok(files.has('appliances/acme-paris-primary/agent.log'))
  assert.deepEqual(
    manifest.leftOut.map(({ what }) => what),
    ['bytes of patches, keys, tokens, passwords and sessions', 'names of people, and from which address they came'],
  )
  assert.equal(manifest.leftOut[0]?.why, 'nobody needs them to find a fault')
  // Appliances act too, and keep their names.
  for (const { name, peer } of fleet.serviceCenter.state.appliances.values())
    for (const word of [name, peer]) assert.ok(files.get('fleet.json')?.includes(JSON.stringify(word)), word)
  const { appliance } = JSON.parse(files.get('statements.jsonl')?.split('\n')[0] ?? '{}') as { appliance: string }
  assert.match(appliance, /^acme-/)
})

test('people have the same pseudonym in each bundle, and their names where they are asked for', async () => {
  const startedBy = async (query = '') => {
    const { files } = await bundleOf(`/installs/${install}/support-bundle${query}`)
    return (JSON.parse(files.get('install.json') ?? '{}') as { startedBy: string }).startedBy
  }
  const pseudonym = await startedBy()
  assert.match(pseudonym, /^person-[0-9a-f]{8}$/)
  assert.equal(await startedBy(), pseudonym)
  assert.equal(await startedBy('?names=keep'), 'Ana Lovelace')
})

test('an appliance that does not answer is named as left out, and so is what somebody may not see', async () => {
  const { inquire } = fleet.serviceCenter
  fleet.serviceCenter.inquire = async () => ({ told: false, reason: 'it is not connected' })
  try {
    const rights = { role: 'operator', organizations: ['acme'] } as const
    const token = await app.apiToken({ ...rights, organizations: [...rights.organizations] })
    const { manifest, all } = await bundleOf('/appliances/acme-paris-primary/support-bundle', token)
    const why = new Map(manifest.leftOut.map((one) => [one.what, one.why]))
    assert.equal(why.get('appliances/acme-paris-primary/agent.log'), 'it is not connected')
    assert.equal(why.get('trail.jsonl'), 'it takes the right to read the trail')
    assert.ok([...why.keys()].some((what) => what.startsWith('service-center.json')))
    assert.equal(all.includes('globex'), false)
    assert.equal((await fetched('/appliances/globex-paris-primary/support-bundle', token)).status, 404)
  } finally {
    fleet.serviceCenter.inquire = inquire
  }
  const viewer = await app.apiToken({ role: 'viewer' })
  assert.equal((await fetched(`/installs/${install}/support-bundle`, viewer)).status, 403)
})

test('what is too long loses its oldest lines, and the manifest says how many', async () => {
  const before = log
  log = Array.from({ length: 40_000 }, (_, number) => `${JSON.stringify({ number, msg: 'x'.repeat(80) })}\n`).join('')
  try {
    const { files, manifest } = await bundleOf('/appliances/acme-paris-primary/support-bundle')
    const told = manifest.files.find(({ name }) => name === 'service-center.log')
    assert.ok(told !== undefined && told.bytes <= 2 * 1024 * 1024)
    const [, cut = ''] = /^the oldest (\d+) lines$/.exec(told.cut) ?? []
    const lines = (files.get('service-center.log') ?? '').trimEnd().split('\n')
    assert.equal(lines.length + Number(cut), 40_000)
    assert.match(lines.at(-1) ?? '', /"number":39999,/)
  } finally {
    log = before
  }
})

test('the command line writes it as the ending of its name says, and replaces nothing', async () => {
  const environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
  const run = (...words: string[]) => patchmesh(['support', ...words], { environment })
  const [zst, gz] = [path.join(folder, 'a.tar.zst'), path.join(folder, 'a.tar.gz')]
  assert.match((await run(install, '--out', zst)).stdout, /a\.tar\.zst: \d+ bytes\. See what is inside: tar -xOf/)
  assert.equal((await run('acme-paris-primary', '--out', gz)).status, 0)
  assert.ok((await unpacked(zstdDecompressSync(await readFile(zst)))).files.has('install.json'))
  const gzipped = await unpacked(gunzipSync(await readFile(gz)))
  assert.ok(gzipped.files.has('appliances/acme-paris-primary/appliance.json'))
  await writeFile(gz, 'mine')
  assert.equal((await run('acme-paris-primary', '--out', gz)).status, 1)
  assert.equal((await readFile(gz)).toString(), 'mine')
  assert.equal((await run('acme-paris-primary', '--out', path.join(folder, 'a.zip'))).status, 2)
  const missing = await run('nobody', '--out', path.join(folder, 'b.tar.gz'))
  assert.match(missing.stderr, /there is no appliance nobody/i)
})

test('it is in the trail that somebody has made one', async () => {
  const { body } = await fetched('/trail?action=support-bundle')
  assert.match(body.toString(), /"outcome":"\d+ bytes"/)
})
