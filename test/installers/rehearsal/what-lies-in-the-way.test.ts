/**
 * What the rehearsal finds where a package wants to put its own: each kind of entry against each kind of thing that may
 * lie there, with the real dpkg in roots of their own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../../agent/shell/installers/installer.ts'
import { dpkg, dpkgSays, fails, InstallTasks, isThere, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const run = promisify(execFile)
const { install, verify, revert } = debianPackage

type Brings = NonNullable<OwnPackage['brings']>

const FILE: Brings = { '/srv/it': 'of the package\n' }
const LINK: Brings = { '/srv/it': { link: 'elsewhere' } }
const FOLDER: Brings = { '/srv/it/inside': 'of the package\n' }

describe('Where a package wants to put its own', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  const undo: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const each of undo.reverse()) await each()
    await tasks.removeAll()
  })

  /** A task for a package with these entries, in a root where `prepare` has put something. */
  async function taskWith(
    brings: Brings,
    prepare: (at: (path: string) => string) => Promise<unknown>,
  ): Promise<InstallTask> {
    const task = await tasks.forPackage({ name: 'fp', version: '1', brings }, 'empty')
    await mkdir(join(task.root, 'srv'))
    await prepare((path) => join(task.root, path))
    return task
  }

  async function isRefused(task: InstallTask, why: RegExp): Promise<void> {
    const before = await listing(task)
    const outcome = await install(task)
    fails(outcome, why)
    assert.equal(outcome.untouched, true)
    assert.match((await revert(task)).reason, /nothing of the patch is left to put back/)
    assert.equal(await listing(task), before)
  }

  /** Every entry outside of dpkg's own database, with its kind, size and content. */
  async function listing({ root }: InstallTask): Promise<string> {
    const print = 'find . -path ./var -prune -o -printf "%p %y %s %l\\n" | sort'
    const look = `${print}; find . -path ./var -prune -o -type f -exec sha256sum {} +`
    return (await run('sh', ['-c', look], { cwd: root })).stdout
  }

  test('X11: a folder with data goes nowhere for a file of the package', async () => {
    const task = await taskWith(FILE, async (at) => {
      await mkdir(at('srv/it/deep'), { recursive: true })
      await writeFile(at('srv/it/deep/data'), 'mine\n')
    })
    await isRefused(task, /\/srv\/it is a folder on this appliance .*such as \/srv\/it\/deep\/data.*remove the folder/)
  })

  test('X11: an empty folder may go for a file of the package', async () => {
    const task = await taskWith(FILE, (at) => mkdir(at('srv/it')))
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'of the package\n')
  })

  test('X11: a folder of the version before, with nothing else in it, may become a file', async () => {
    const first = await tasks.forPackage({ name: 'fp', version: '1', brings: FOLDER }, 'empty')
    succeeds(await install(first))
    const task = await tasks.next(first, { name: 'fp', version: '2', brings: FILE })
    succeeds(await install(task))
    succeeds(await verify(task))
  })

  test('X11: a folder of the version before in which somebody put a file may not become one', async () => {
    const first = await tasks.forPackage({ name: 'fp', version: '1', brings: FOLDER }, 'empty')
    succeeds(await install(first))
    await writeFile(join(first.root, 'srv/it/mine'), 'mine\n')
    const task = await tasks.next(first, { name: 'fp', version: '2', brings: FILE })
    await isRefused(task, /such as \/srv\/it\/mine/)
    assert.equal(await dpkgSays(task, 'fp'), 'ii 1')
  })

  test('X11: a folder stays where the package has a link, as dpkg itself keeps it', async () => {
    const task = await taskWith(LINK, async (at) => {
      await mkdir(at('srv/it'))
      await writeFile(at('srv/it/data'), 'mine\n')
    })
    succeeds(await install(task))
    assert.equal(await readFile(join(task.root, 'srv/it/data'), 'utf8'), 'mine\n')
  })

  test('X11: a link to a folder stays where the package has a folder, and the files go through it', async () => {
    const task = await taskWith(FOLDER, async (at) => {
      await mkdir(at('srv/real'))
      await symlink('real', at('srv/it'))
    })
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.equal(await readlink(join(task.root, 'srv/it')), 'real')
    assert.ok(await isThere(join(task.root, 'srv/real/inside')))
  })

  for (const [what, brings, prepare] of [
    ['a file, where the package has another', FILE, (path) => writeFile(path, 'mine\n')],
    ['a file, where the package has a link', LINK, (path) => writeFile(path, 'mine\n')],
    ['a file, where the package has a folder', FOLDER, (path) => writeFile(path, 'mine\n')],
    ['a link, where the package has a file', FILE, (path) => symlink('mine', path)],
    ['a link to nothing, where the package has a folder', FOLDER, (path) => symlink('mine', path)],
    ['a link, where the package has one that leads elsewhere', LINK, (path) => symlink('mine', path)],
    ['a pipe, where the package has a file', FILE, (path) => run('mkfifo', [path])],
    ['a device, where the package has a file', FILE, (path) => run('mknod', [path, 'c', '1', '3'])],
  ] as const satisfies readonly (readonly [string, Brings, (path: string) => Promise<unknown>])[]) {
    test(`X11: ${what}, stays where no package owns it`, async () => {
      const task = await taskWith(brings, (at) => prepare(at('srv/it')))
      await isRefused(task, /\/srv\/it is a .* on this appliance that belongs to no package/)
    })
  }

  for (const [what, brings, prepare] of [
    ['a file', FILE, (path) => writeFile(path, 'of the package\n')],
    ['a link', LINK, (path) => symlink('elsewhere', path)],
  ] as const satisfies readonly (readonly [string, Brings, (path: string) => Promise<unknown>])[]) {
    test(`X11: ${what} of nobody that is already what the package brings is in nobody's way`, async () => {
      const task = await taskWith(brings, (at) => prepare(at('srv/it')))
      succeeds(await install(task))
      succeeds(await verify(task))
    })
  }

  for (const { title, scripts, words, letters, told } of [
    {
      title: 'half removed',
      scripts: { postrm: 'exit 1' },
      words: ['--install', '--remove'],
      letters: 'rH 1',
      told: /\/srv\/it is a file on this appliance that belongs to no package, and/,
    },
    {
      title: 'half installed',
      scripts: { preinst: 'exit 1', postrm: 'exit 1' },
      words: ['--install'],
      letters: 'iHR 1',
      told: /\/srv\/it is a file on this appliance that belongs to no package \(an interrupted dpkg may have left it\), and/,
    },
  ]) {
    test(`X11: a file of nobody stays also where an earlier version of the package is ${title}`, async () => {
      const one = await tasks.forPackage({ name: 'fp', version: '1', scripts })
      for (const word of words) {
        const names = word === '--remove' ? 'fp' : one.file
        await (words.at(-1) === word ? assert.rejects(dpkg(one, word, names)) : dpkg(one, word, names))
      }
      assert.equal(await dpkgSays(one, 'fp'), letters)
      const two = await tasks.next(one, { name: 'fp', version: '2', brings: FILE })
      await writeFile(join(two.root, 'srv/it'), 'of the administrator\n')
      await isRefused(two, told)
      assert.equal(await readFile(join(two.root, 'srv/it'), 'utf8'), 'of the administrator\n')
    })
  }

  test('X11: what is mounted where the package has a file is told, and stays mounted', async () => {
    const task = await taskWith(FILE, (at) => mkdir(at('srv/it')))
    await mount(join(task.root, 'srv/it'))
    fails(await install(task), /\/srv\/it is a mount point on this appliance/)
  })

  test('X11: a file on which another is mounted is told', async () => {
    const task = await taskWith(FILE, async (at) => {
      await writeFile(at('srv/it'), '')
      await writeFile(at('srv/other'), 'mounted\n')
      await run('mount', ['--bind', at('srv/other'), at('srv/it')])
      undo.push(() => run('umount', [at('srv/it')]))
    })
    fails(await install(task), /\/srv\/it is a mount point on this appliance/)
  })

  test('X11: a folder below which something is mounted is told', async () => {
    const task = await taskWith(FILE, (at) => mkdir(at('srv/it/deep'), { recursive: true }))
    await mount(join(task.root, 'srv/it/deep'))
    fails(await install(task), /\/srv\/it is a folder on this appliance in which \S+\/srv\/it\/deep is mounted/)
  })

  test('X11: a file system that is mounted read-only is told before an upgrade, and nothing is half installed', async () => {
    const first = await taskWith(FILE, (at) => mkdir(at('srv'), { recursive: true }))
    await mount(join(first.root, 'srv'))
    succeeds(await install(first))
    await run('mount', ['-o', 'remount,ro', join(first.root, 'srv')])
    const task = await tasks.next(first, { name: 'fp', version: '2', brings: FILE })
    fails(await install(task), /\/srv\/it cannot be written: .*\/srv is on a file system that is mounted read-only/)
    assert.equal(await dpkgSays(task, 'fp'), 'ii 1')
  })

  for (const [what, path] of [
    ['file', 'srv/it'],
    ['folder', 'srv'],
  ] as const) {
    test(`X11: an immutable ${what} is told before an upgrade`, async (t) => {
      const first = await tasks.forPackage({ name: 'fp', version: '1', brings: FILE }, 'empty')
      succeeds(await install(first))
      const place = join(first.root, path)
      await run('chattr', ['+i', place])
      undo.push(() => run('chattr', ['-i', place]))
      const task = await tasks.next(first, { name: 'fp', version: '2', brings: FILE })
      fails(await install(task), /is immutable \(chattr \+i\)/)
      await run('chattr', ['-i', place])
      succeeds(await install(task))
      t.diagnostic('and once that is taken away, it installs')
    })
  }

  test('X11: a folder link that leads out of the install root is told, and nothing is written there', async () => {
    const outside = await tasks.newFolder()
    const task = await taskWith({ '/data/it': 'of the package\n' }, (at) => symlink(outside, at('data')))
    fails(await install(task), /\/data\/it would be written outside of the install root/)
    assert.equal(await isThere(join(outside, 'it')), false)
  })

  test('X11: a file of another package is told, and stays that package’s', async () => {
    const other = await tasks.forPackage({ name: 'other', version: '1', brings: FILE }, 'empty')
    succeeds(await install(other))
    const task = await tasks.next(other, { name: 'fp', version: '1', brings: FILE })
    await isRefused(task, /\/srv\/it belongs to the package other on this appliance/)
  })

  test('X11: a file of another package by another name of its folder is told, which dpkg does not see', async () => {
    const other = await tasks.forPackage(
      { name: 'other', version: '1', brings: { '/usr/bin/it': 'of the other\n' } },
      'empty',
    )
    succeeds(await install(other))
    await symlink('usr/bin', join(other.root, 'bin'))
    const task = await tasks.next(other, { name: 'fp', version: '1', brings: { '/bin/it': 'of the package\n' } })
    await isRefused(task, /\/bin\/it belongs to the package other on this appliance/)
  })

  test('X11: a file that a package moves to another name of the same folder is its own', async () => {
    const first = await tasks.forPackage({ name: 'fp', version: '1', brings: { '/usr/bin/it': 'one\n' } }, 'empty')
    succeeds(await install(first))
    await symlink('usr/bin', join(first.root, 'bin'))
    const task = await tasks.next(first, {
      name: 'fp',
      version: '2',
      brings: { '/bin/it': 'two\n', '/usr/bin/more': '' },
    })
    succeeds(await install(task))
  })

  test('X11: a file that the package replaces by its own word is taken over', async () => {
    const brings = { ...FILE, '/srv/more': '' }
    const other = await tasks.forPackage({ name: 'other', version: '1', brings }, 'empty')
    succeeds(await install(other))
    const task = await tasks.next(other, { name: 'fp', version: '1', brings: FILE, fields: ['Replaces: other (<< 2)'] })
    succeeds(await install(task))
    assert.equal(await dpkgSays(task, 'other'), 'ii 1')
  })

  test('X11: a file that an administrator diverted stays, and the one of the package goes where the diversion leads', async () => {
    const task = await taskWith(FILE, async (at) => {
      await writeFile(at('srv/it'), 'mine\n')
      await mkdir(at('var/lib/dpkg/info'), { recursive: true })
      for (const name of ['status', 'available']) await writeFile(at(`var/lib/dpkg/${name}`), '')
      await mkdir(at('var/lib/dpkg/updates'))
      await writeFile(at('var/lib/dpkg/diversions'), '/srv/it\n/srv/it.distrib\n:\n')
    })
    succeeds(await install(task))
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'mine\n')
    assert.equal(await readFile(join(task.root, 'srv/it.distrib'), 'utf8'), 'of the package\n')
  })

  async function mount(folder: string): Promise<void> {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder])
    undo.push(() => run('umount', [folder]))
  }
})
