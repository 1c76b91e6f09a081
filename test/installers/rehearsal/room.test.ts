/**
 * Room on the file systems that a package goes to, with real small file systems in memory.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import { describeBytes } from '../../../agent/shell/installers/file-systems.ts'
import type { InstallTask } from '../../../agent/shell/installers/installer.ts'
import { copiesOf } from '../../support/failed-upgrade.ts'
import { besideOf, dpkgSays, fails, InstallTasks, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const run = promisify(execFile)
const { install, verify, revert } = debianPackage
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

  /** The task, and the earlier one's package file among the appliance's own copies. */
  async function upgradeOf(first: InstallTask, own: OwnPackage): Promise<InstallTask> {
    return { ...(await tasks.next(first, own)), earlier: copiesOf(besideOf(first, 'kept'), [first]).find }
  }

  test('X21: an upgrade needs room for its way back too, and nothing is changed where there is none', async () => {
    const first = await tasks.forPackage(large('1', 6), 'empty')
    await mount(first, 'srv', 'size=10m')
    succeeds(await install(first))
    await isRefused(
      await upgradeOf(first, large('2', 3)),
      /needs 3\.1 MB on the file system of \S+\/srv, its way back 3\.1 MB more, and 4\.2 MB are free there \(3145728, 3145728 and 4194304 bytes\); make room first/,
    )
    assert.equal(await dpkgSays(first, 'large'), 'ii 1')
  })

  test('X21: with as much room as is asked for, a dpkg that is killed while it unpacks is gone back from', async () => {
    const kills = { postrm: 'if [ "$1" = upgrade ] && [ ! -e /killed ]; then touch /killed; kill -9 $PPID; fi' }
    const first = await tasks.forPackage({ ...large('1', 6), scripts: kills })
    await mount(first, 'srv', 'size=12m')
    succeeds(await install(first))
    const two = await upgradeOf(first, large('2', 3))
    fails(await install(two), /SIGKILL/)
    succeeds(await revert(two))
    assert.equal(await dpkgSays(two, 'large'), 'ii 1')
  })

  test('X21: the way back counts inodes too', async () => {
    const brings = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`/srv/many-${index}`, 'x']))
    const first = await tasks.forPackage({ name: 'many', version: '1', brings }, 'empty')
    await mount(first, 'srv', 'size=4m,nr_inodes=30')
    succeeds(await install(first))
    await isRefused(
      await upgradeOf(first, { name: 'many', version: '2', brings: { '/srv/one': 'x' } }),
      /needs 1 inode on the file system of \S+\/srv, its way back 20 more, and 9 are free there; remove files first/,
    )
  })

  test('X21: the copies that the way back needs count where the agent has its own folder', async () => {
    const content = randomBytes(MIB).toString('hex')
    const task = await tasks.forPackage({ name: 'large', version: '1', brings: { '/srv/data': content } }, 'empty')
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1700k', 'none', task.scratch])
    mounted.push(task.scratch)
    await isRefused(task, /on the file system of \S+\/scratch, its way back \S+ MB more, and \S+ kB are free there/)
    assert.equal(await dpkgSays(task, 'large'), '')
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
