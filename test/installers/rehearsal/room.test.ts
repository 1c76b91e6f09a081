/**
 * Room on the file systems that a package goes to, with real small file systems in memory.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import { describeBytes } from '../../../agent/shell/installers/file-systems.ts'
import type { InstallTask } from '../../../agent/shell/installers/installer.ts'
import { dpkgSays, fails, InstallTasks, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const run = promisify(execFile)
const { install, verify } = debianPackage
const MIB = 1024 * 1024

/** Packs small and unpacks to `mebibytes`. */
function large(version: string, mebibytes: number): OwnPackage {
  return { name: 'large', version, brings: { '/srv/data': 'x'.repeat(mebibytes * MIB) } }
}

describe('Room', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  const mounted: string[] = []
  after(async () => {
    for (const folder of mounted.reverse()) await run('umount', [folder])
    await tasks.removeAll()
  })

  async function mount(task: InstallTask, folder: string, options: string): Promise<void> {
    const place = join(task.root, folder)
    await mkdir(place, { recursive: true })
    await run('mount', ['-t', 'tmpfs', '-o', options, 'none', place])
    mounted.push(place)
  }

  async function isRefused(task: InstallTask, why: RegExp): Promise<void> {
    const outcome = await install(task)
    fails(outcome, why)
    assert.equal(outcome.untouched, true)
  }

  test('X24: a file system that is too small for the package is told with both numbers, before anything runs', async () => {
    const task = await tasks.forPackage(large('1', 6), 'empty')
    await mount(task, 'srv', 'size=4m')
    await isRefused(
      task,
      /needs 6\.3 MB on the file system of \S+\/srv, and 4\.2 MB are free there \(6291456 and 4194304 bytes\)/,
    )
    assert.equal(await dpkgSays(task, 'large'), '')
  })

  test('X24: an upgrade needs room for the old and the new version together', async () => {
    const first = await tasks.forPackage(large('1', 6), 'empty')
    await mount(first, 'srv', 'size=10m')
    succeeds(await install(first))
    await isRefused(
      await tasks.next(first, large('2', 6)),
      /needs 6\.3 MB on the file system of \S+\/srv, and 4\.2 MB are free/,
    )
    assert.equal(await dpkgSays(first, 'large'), 'ii 1')
    const smaller = await tasks.next(first, large('3', 3))
    succeeds(await install(smaller))
    succeeds(await verify(smaller))
  })

  test('X24: what others have written meanwhile counts', async () => {
    const task = await tasks.forPackage(large('1', 2), 'empty')
    await mount(task, 'srv', 'size=4m')
    await writeFile(join(task.root, 'srv/log'), Buffer.alloc(3 * MIB))
    await isRefused(task, /needs 2\.1 MB on the file system of \S+\/srv, and 1\.0 MB are free/)
  })

  test('X24: a file system that has no inodes left for the package is told with both numbers', async () => {
    const brings = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`/srv/many/${index}`, 'x']))
    const task = await tasks.forPackage({ name: 'many', version: '1', brings }, 'empty')
    await mount(task, 'srv', 'size=4m,nr_inodes=20')
    await isRefused(task, /needs 41 inodes on the file system of \S+\/srv, and 19 are free there/)
  })

  test("X24: a file system that is too small for dpkg's own database is told", async () => {
    const task = await tasks.forPackage(large('1', 1), 'empty')
    await mount(task, 'var', 'size=512k')
    await isRefused(task, /needs \S+ MB on the file system of \S+\/var\/lib\/dpkg, and \S+ kB are free/)
  })

  test('X24: two file systems are counted each for itself', async () => {
    const brings = { '/srv/data': 'x'.repeat(3 * MIB), '/opt/data': 'x'.repeat(3 * MIB) }
    const task = await tasks.forPackage({ name: 'both', version: '1', brings }, 'empty')
    await mount(task, 'srv', 'size=4m')
    await mount(task, 'opt', 'size=4m')
    succeeds(await install(task))
    succeeds(await verify(task))
  })

  test('X24: what the manifest says that it needs counts too', async () => {
    const task = await tasks.forPackage({ name: 'hungry', version: '1' }, 'empty')
    const { manifest } = task.publication
    const publication = { ...task.publication, manifest: { ...manifest, diskBytes: 2 ** 42 } }
    await isRefused(
      { ...task, publication },
      /says that it needs 4\.4 TB, and .* are free on the file systems that it goes to/,
    )
  })

  test('numbers of bytes are short for a person', () => {
    assert.deepEqual([0, 999, 1000, 25_500, 4_194_304, 6e9].map(describeBytes), [
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '26 kB',
      '4.2 MB',
      '6.0 GB',
    ])
  })
})
