/**
 * Publishers at real processes: an appliance that lists them itself, under a Service Center that does not at first, refuses
 * what they did not sign; and a Service Center that lists them takes nothing else in, also after it was started anew.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkedHead, signBundle } from '../../controller/cli/sign-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { publisherFixture, publisherKey } from '../support/publisher-fixtures.ts'
import { buildPackage, cannotInstall } from '../support/real-packages.ts'

const { publisher, keys } = publisherFixture('Acme', { threshold: 2, patches: ['kernel', 'packaged'] })
const NO_FILTERS = { who: undefined, action: undefined, from: undefined, to: undefined, text: undefined }
let fleet: Fleet
let root: string

before(async () => {
  fleet = await Fleet.start()
  const config = join(fleet.folder, 'agent.yaml')
  await writeFile(config, JSON.stringify({ publishers: [publisher] }))
  const provider = { organization: 'Provider', kind: 'service-provider', dataCenter: 'Paris' }
  await fleet.add(slotOf({ ...provider, name: 'depot', role: 'primary' }), ['--config', config])
  await fleet.reachable(['depot'])
  root = join(fleet.folderOf('depot'), 'root')
})
after(() => fleet.stop())

type Signers = readonly (typeof keys)[number][]

async function bundle(name: string, version: string, signers: Signers): Promise<string> {
  const file = join(fleet.folder, `${name}-${version}.patch`)
  await writeControlledBundle({ out: file, name, version })
  for (const key of signers) await signBundle({ file, head: await checkedHead(file), key, out: file })
  return file
}

/** A bundle that these keys have signed, uploaded and ordered: how it ended at the appliance. */
async function installed(version: string, signers: Signers, name = 'kernel'): Promise<string> {
  return ended(await bundle(name, version, signers))
}

/** What is uploaded and ordered: how it ended at the appliance. */
async function ended(file: string): Promise<string> {
  const { id } = await fleet.api.upload(file)
  const replicated = (answer: { replications: { complete: number } }) => answer.replications.complete === 1
  await fleet.until('it is replicated', () => fleet.api.patch(id), replicated)
  const order = { patch: id, organizations: ['Provider'], dataCenter: 'All', allowOutage: true }
  const { id: install } = await fleet.api.startInstall(order)
  const ends = ['done', 'halted']
  const { targets } = await fleet.until(
    'the install ends',
    () => fleet.api.install(install),
    ({ state }) => ends.includes(state),
  )
  const [target] = targets
  return `${target?.state}: ${target?.reason}`
}

test('U22 U23 U27 an order for what the publishers did not sign is refused by the appliance itself', async () => {
  assert.match(await installed('1.0', []), /^refused: kernel is not signed; it must be signed by a publisher/)
  assert.match(
    await installed('1.1', [publisherKey('stranger')]),
    /^refused: kernel is signed by .+, which is no publisher's key/,
  )
  assert.match(await installed('1.2', [keys[0]]), /^refused: kernel is signed by 1 of 2 needed keys of Acme/)
  assert.match(
    await installed('1.0', keys, 'firmware'),
    /^refused: Acme may sign kernel, packaged, and this is firmware/,
  )
  assert.ok(!existsSync(join(root, 'attempts')), 'nothing has run')
})

test('what they signed is installed, once', async () => {
  assert.match(await installed('2.0', keys), /^installed: /)
  assert.equal(await readFile(join(root, 'attempts'), 'utf8'), 'run\n')
  assert.equal(await readFile(join(root, 'opt/kernel/version'), 'utf8'), '2.0\n')
})

test('a Service Center that lists them takes nothing else in, leaves nothing of it, and remembers who signed', async () => {
  await fleet.api.setPublisher(publisher)
  const [unsigned, signed] = [await bundle('kernel', '3.0', []), await bundle('kernel', '3.1', keys)]
  for (const lists of ['now', 'after it was started anew']) {
    await assert.rejects(fleet.api.upload(unsigned), { code: 'unsigned' }, lists)
    assert.deepEqual(await readdir(join(fleet.folder, 'service-center/partial')), [])
    const { entries } = await fleet.api.trail({ ...NO_FILTERS, action: 'upload', limit: '1' })
    assert.deepEqual([entries[0]?.subject, entries[0]?.outcome], ['kernel@3.0', 'unsigned'])
    const { id } = await fleet.api.upload(signed)
    const { publishedBy } = await fleet.api.patch(id)
    assert.deepEqual(publishedBy, { publisher: 'Acme', keys: publisher.keys.map(({ keyid }) => keyid) })
    await fleet.restartServiceCenter()
  }
})

test('F12: a bundle that was built, and a package that was wrapped, are signed, uploaded and installed', {
  skip: cannotInstall(),
}, async () => {
  const done = async (...words: string[]) => {
    const { status, stderr } = await patchmesh(words)
    assert.equal(status, 0, stderr)
  }
  const payload = join(fleet.folder, 'payload')
  await mkdir(payload)
  const program =
    '#!/bin/sh\nset -eu\nmkdir -p "$PATCHMESH_ROOT/opt/built"\necho 4.0 > "$PATCHMESH_ROOT/opt/built/version"\n'
  await writeFile(join(payload, 'install'), program, { mode: 0o755 })
  await writeFile(
    join(fleet.folder, 'kernel.json'),
    JSON.stringify({
      ...{ name: 'kernel', version: '4.0', publisher: 'Acme' },
      install: { program: 'install', timeoutSeconds: 60 },
      verify: { detect: { versionFile: '/opt/built/version' }, soakSeconds: 0 },
    }),
  )
  const built = join(fleet.folder, 'built.patch')
  const manifest = join(fleet.folder, 'kernel.json')
  await done('release', 'build', '--manifest', manifest, '--payload', payload, '--out', built)
  const wrapped = join(fleet.folder, 'wrapped.patch')
  const deb = await buildPackage(fleet.folder, { name: 'packaged', version: '5.0-1' })
  await assert.rejects(fleet.api.upload(deb), (error: Error) => /patchmesh release wrap/.test(error.message))
  await done('release', 'wrap', deb, '--out', wrapped)
  for (const [index, { privateKey }] of keys.entries()) {
    const key = join(fleet.folder, `${index}.key`)
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const file of [built, wrapped]) await done('release', 'sign', file, '--key', key, '--yes')
  }
  assert.match(await ended(built), /^installed: /)
  assert.equal(await readFile(join(root, 'opt/built/version'), 'utf8'), '4.0\n')
  assert.match(await ended(wrapped), /^installed: packaged 5.0-1 is installed/)
  assert.equal(await readFile(join(root, 'opt/packaged/version'), 'utf8'), '5.0-1\n')
})
