/**
 * What a Debian package took over that was not its own is there again after the way back, in empty roots with the real
 * dpkg.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, chown, lutimes, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { copiesOf } from '../support/failed-upgrade.ts'
import { besideOf, dpkg, dpkgSays, InstallTasks, isThere, succeeds } from '../support/install-tasks.ts'
import { cannotInstall } from '../support/real-packages.ts'

const run = promisify(execFile)
const { install, verify, revert } = debianPackage

describe('What a Debian package took over', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  /** Put there by somebody, with an owner, rights and a time of their own. */
  async function owned(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await make(path)
    await chown(path, 1234, 567)
    await chmod(path, 0o710)
    await lutimes(path, 1_000_000_000, 1_000_000_000)
  }

  async function thereAndBack(task: InstallTask): Promise<void> {
    succeeds(await install(task))
    succeeds(await verify(task))
    succeeds(await revert(task))
  }

  /** The package whose file dpkg says it is; empty where it is nobody's. */
  async function ownerOf({ root }: InstallTask, path: string): Promise<string> {
    const [asked] = await Promise.allSettled([run('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '--search', path])])
    return asked.status === 'rejected' ? '' : (asked.value.stdout.split(':')[0] ?? '')
  }

  for (const [what, brings, make] of [
    ['a file of nobody', { '/srv/it': 'the same\n' }, (path: string) => writeFile(path, 'the same\n')],
    ['an empty folder of nobody', { '/srv/it': null }, (path: string) => mkdir(path)],
    ['an empty folder that became a file', { '/srv/it': 'a file\n' }, (path: string) => mkdir(path)],
  ] as const) {
    test(`X11: ${what} is there again after the way back, with its owner, rights and time`, async () => {
      const task = await tasks.forPackage({ name: 'new', version: '1', brings }, 'empty')
      const path = join(task.root, 'srv/it')
      await owned(path, make)
      const before = await stat(path)
      await thereAndBack(task)
      const { uid, gid, mode, mtimeMs, ino } = await stat(path)
      assert.deepEqual([uid, gid, mode, mtimeMs], [before.uid, before.gid, before.mode, before.mtimeMs])
      if (before.isFile()) assert.equal(ino, before.ino)
      assert.equal(await dpkgSays(task, 'new'), '')
    })
  }

  test('X11: a link of nobody is there again after the way back', async () => {
    const brings = { '/srv/it': { link: 'elsewhere' } }
    const task = await tasks.forPackage({ name: 'new', version: '1', brings }, 'empty')
    await mkdir(join(task.root, 'srv'))
    await symlink('elsewhere', join(task.root, 'srv/it'))
    await thereAndBack(task)
    assert.equal(await readlink(join(task.root, 'srv/it')), 'elsewhere')
  })

  test('X11: what lies there again when the way back begins is left as it is', async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1', brings: { '/srv/it': 'the same\n' } }, 'empty')
    await mkdir(join(task.root, 'srv'))
    await writeFile(join(task.root, 'srv/it'), 'the same\n')
    succeeds(await install(task))
    await dpkg(task, '--purge', 'new')
    await mkdir(join(task.root, 'srv'), { recursive: true })
    await writeFile(join(task.root, 'srv/it'), 'mine\n')
    succeeds(await revert(task))
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'mine\n')
  })

  /** `aa` has a file that the package of the second task, which replaces it, brings too. */
  async function replacing(version: string, beside: InstallTask | null = null): Promise<InstallTask> {
    const first =
      beside ?? (await tasks.forPackage({ name: 'aa', version: '1', brings: { '/srv/it': 'of aa\n' } }, 'empty'))
    if (beside === null) succeeds(await install(first))
    const brings = { '/srv/it': 'of new\n', '/srv/more': '' }
    return tasks.next(first, { name: 'new', version, brings, fields: ['Replaces: aa'] })
  }

  async function isOfTheOther(task: InstallTask): Promise<void> {
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'of aa\n')
    assert.equal(await ownerOf(task, '/srv/it'), 'aa')
    assert.equal(await dpkgSays(task, 'aa'), 'ii 1')
    await dpkg(task, '--purge', 'aa')
    assert.equal(await isThere(join(task.root, 'srv/it')), false)
  }

  test('X11: a file that the package replaced is the other package’s again after the way back', async () => {
    const task = await replacing('1')
    succeeds(await install(task))
    assert.equal(await ownerOf(task, '/srv/it'), 'new')
    succeeds(await revert(task))
    await isOfTheOther(task)
  })

  test('X11: a file that only the next version replaced is the other package’s again after the way back', async () => {
    const aa = await tasks.forPackage({ name: 'aa', version: '1', brings: { '/srv/it': 'of aa\n' } }, 'empty')
    succeeds(await install(aa))
    const one = await tasks.next(aa, { name: 'new', version: '1' })
    succeeds(await install(one))
    const two = { ...(await replacing('2', aa)), earlier: copiesOf(besideOf(aa, 'kept'), [one]).find }
    await thereAndBack(two)
    assert.equal(await dpkgSays(two, 'new'), 'ii 1')
    await isOfTheOther(two)
  })

  test('X11: a list that somebody has changed meanwhile is not put back', async () => {
    const task = await replacing('1')
    succeeds(await install(task))
    const next = await tasks.next(task, { name: 'aa', version: '2', brings: { '/srv/other': 'of aa\n' } })
    await dpkg(task, '--install', next.file)
    succeeds(await revert(task))
    assert.equal(await ownerOf(task, '/srv/it'), '')
    assert.equal(await ownerOf(task, '/srv/other'), 'aa')
  })
})
