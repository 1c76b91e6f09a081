/**
 * A release of the agent on its way into its slot: whatever is wrong with it, or with the disk, is found before anything has
 * changed, and nothing that is not whole is ever tried.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { agentRelease } from '../../agent/shell/installers/agent-release.ts'
import type { Installer, InstallTask } from '../../agent/shell/installers/installer.ts'
import { ReleaseSlots, type Trial } from '../../agent/shell/updater/release-slots.ts'
import { AGENT_KIND } from '../../protocol/bundle/manifest.ts'
import { debianPublication } from '../support/publications.ts'

const OWN = '1.0'

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-agent-release-'))
})
after(() => rm(folder, { recursive: true, force: true }))

type Made = { task: InstallTask; slots: ReleaseSlots; installer: Installer; tried: () => Partial<Trial> | null }

/** A package of the agent whose tree says that it is `inside`, on an appliance of its own. */
async function made(
  name: string,
  wanted: { version?: string; inside?: string; diskBytes?: number; launcher?: boolean } = {},
): Promise<Made> {
  const { version = '2.0', inside = version, diskBytes = 0, launcher = true } = wanted
  const data = path.join(folder, name)
  const base = path.join(data, 'base')
  await mkdir(base, { recursive: true })
  await writeFile(path.join(base, 'package.json'), JSON.stringify({ version: OWN }))
  const home = 'usr/lib/patchmesh-agent'
  const files = {
    [`${home}/package.json`]: JSON.stringify({ version: inside }),
    ...(launcher ? { [`${home}/patchmesh`]: '#!/bin/sh\n' } : {}),
  }
  const file = await agentPackage(data, version, files)
  const bare = await debianPublication(file)
  const publication = { ...bare, manifest: { ...bare.manifest, kind: AGENT_KIND, diskBytes } as const }
  const slots = new ReleaseSlots(data)
  let tried: Partial<Trial> | null = null
  const installer = agentRelease(
    {
      ...{ release: OWN, slots, base, isTried: false },
      async exchange(trial) {
        tried = trial
        throw new Error('the process becomes the updater')
      },
      restart: () => Promise.reject(new Error('is started again')),
      say: () => Promise.reject(new Error('is not tried')),
    },
    () => 300,
  )
  return {
    task: { publication, file, root: '/', scratch: path.join(data, 'scratch') },
    slots,
    installer,
    tried: () => tried,
  }
}

async function agentPackage(data: string, version: string, files: Readonly<Record<string, string>>): Promise<string> {
  const tree = path.join(data, 'tree')
  const control = `Package: patchmesh-agent\nVersion: ${version}\nArchitecture: all\nMaintainer: a test\nDescription: one\n`
  for (const [name, text] of Object.entries({ 'DEBIAN/control': control, ...files })) {
    await mkdir(path.dirname(path.join(tree, name)), { recursive: true })
    await writeFile(path.join(tree, name), text, { mode: name.endsWith('/patchmesh') ? 0o755 : 0o644 })
  }
  const file = path.join(data, 'agent.deb')
  await promisify(execFile)('dpkg-deb', ['--root-owner-group', '--build', tree, file])
  return file
}

describe('a release of the agent', () => {
  test('is tried when it is whole in the slot that does not run', async () => {
    const { task, slots, installer, tried } = await made('good')
    assert.match((await installer.install(task)).reason, /becomes the updater/)
    const { sha256 } = task.publication
    assert.deepEqual(tried(), { patch: sha256, release: '2.0', slot: 'a', seconds: 300 })
    assert.deepEqual(await slots.label('a'), { version: 1, release: '2.0', base: OWN, before: null, patch: sha256 })
    assert.deepEqual((await readdir(slots.folder)).sort(), ['a'])
  })

  for (const [name, wrong, reason] of [
    ['says another release', { inside: '1.9' }, /says that it is 2\.0, and the agent in it that it is 1\.9/],
    ['has no launcher', { launcher: false }, /has no program that starts the agent/],
    ['has no room', { diskBytes: 1e15 }, /MB needed and \d+ MB free in .*slots/],
  ] as const) {
    test(`that ${name} is refused, and nothing has changed`, async () => {
      const { task, slots, installer, tried } = await made(name.replaceAll(' ', '-'), wrong)
      const outcome = await installer.install(task)
      assert.match(outcome.reason, reason)
      assert.deepEqual([outcome.ok, outcome.untouched, tried(), await slots.label('a')], [false, true, null, null])
    })
  }

  test('of which the stored copy was cut is refused, and nothing has changed', async () => {
    const { task, slots, installer, tried } = await made('cut')
    await truncate(task.file, 100)
    const outcome = await installer.install(task)
    assert.match(outcome.reason, /the stored copy has 100 bytes/)
    assert.deepEqual([outcome.untouched, tried(), await slots.label('a')], [true, null, null])
  })

  test('older than the one that runs is superseded by it', async () => {
    const { task, installer } = await made('older', { version: '0.9' })
    const { result, installedVersion, reason } = await installer.detect(task)
    assert.deepEqual([result, installedVersion], ['installed', OWN])
    assert.match(reason, /which supersedes 0\.9/)
  })

  test('that was gone back from says why, and has nothing left to put back', async () => {
    const { task, slots, installer } = await made('back')
    const { sha256: patch } = task.publication
    await mkdir(slots.folder, { recursive: true })
    const trial = { patch, release: '2.0', slot: 'a', seconds: 300, updater: null, tried: null } as const
    await slots.note({ ...trial, wentBack: 'release 2.0 ended with status 3 before it was seen' })
    assert.match((await installer.verify(task)).reason, /^release 2\.0 ended with status 3/)
    assert.deepEqual((await installer.revert(task)).reason, 'release 1.0 of the agent runs, as before')
  })
})
