/**
 * The way back from a Debian package, gone with the real dpkg in small Debian roots: where the earlier package comes
 * from, how long it is tried, and what a person is told when it ends nowhere.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { copiesOf, FAILS, follow, holdLock, upgrade } from '../support/failed-upgrade.ts'
import { besideOf, dpkg, dpkgSays, fails, InstallTasks, succeeds } from '../support/install-tasks.ts'
import { cannotInstall, copyOf } from '../support/real-packages.ts'

const { install, verify, revert } = debianPackage

describe('The way back from a Debian package', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  test("X1: is taken from the appliance's own store, where the earlier version was an order too", async () => {
    const { one, two } = await upgrade(tasks)
    fails(await install(two), /status 1/)
    assert.equal(await dpkgSays(two, 'ss'), 'iF 2')
    const outcome = await revert(two)
    succeeds(outcome)
    assert.equal(outcome.reason, 'ss is 1, as before')
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
    succeeds(await verify(one))
    assert.equal(await readFile(join(two.root, 'opt/ss/version'), 'utf8'), '1\n')
  })

  test('X1: is taken from what was kept at the install, when its patch was withdrawn since', async () => {
    const { one, two } = await upgrade(tasks)
    const held: InstallTask[] = [one]
    const kept = copiesOf(besideOf(one, 'kept'), held)
    await kept.keep(one.publication)
    held.pop()
    await rm(one.file)
    const task = { ...two, earlier: copiesOf(besideOf(one, 'kept'), []).find }
    fails(await install(task), /status 1/)
    succeeds(await revert(task))
    assert.equal(await dpkgSays(task, 'ss'), 'ii 1')
  })

  test('X1: is there also when the patch of the earlier version is withdrawn while the new one is installed', async () => {
    const { one, two } = await upgrade(tasks)
    fails(await install(two), /status 1/)
    await rm(one.file)
    const { earlier: _, ...task } = two
    succeeds(await revert(task))
    assert.equal(await dpkgSays(task, 'ss'), 'ii 1')
  })

  test("X1: a copy that is not what its hash says is not taken, and apt's own is", async () => {
    const { one, two } = await upgrade(tasks)
    await mkdir(join(one.root, 'var/cache/apt/archives'), { recursive: true })
    await copyOf(one.file, join(one.root, 'var/cache/apt/archives/ss_1_all.deb'))
    fails(await install(two), /status 1/)
    const bytes = await readFile(one.file)
    bytes[bytes.byteLength - 80] = (bytes[bytes.byteLength - 80] as number) ^ 1
    await writeFile(one.file, bytes)
    succeeds(await revert(two))
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
  })

  test("X1: what lies in apt's cache under the name and is another package is not taken", async () => {
    const { one, two } = await upgrade(tasks)
    await mkdir(join(one.root, 'var/cache/apt/archives'), { recursive: true })
    await copyOf(two.file, join(one.root, 'var/cache/apt/archives/ss_1_all.deb'))
    const task: InstallTask = { ...two, earlier: async () => null }
    fails(await install(task), /status 1/)
    fails(await revert(task), /ss 1 was installed before, and its package file is not on this appliance/)
    assert.equal(await dpkgSays(task, 'ss'), 'iF 2')
  })

  test('X1: only the newest of one package is kept, and of each architecture its own', async () => {
    const folder = join(await tasks.newFolder(), 'kept')
    const made = async (version: string, architecture: string): Promise<InstallTask> =>
      tasks.forPackage({ name: 'ss', version, architecture }, 'empty')
    const all = [await made('1:1', 'amd64'), await made('1:2', 'amd64'), await made('1:1', 'arm64')]
    const kept = copiesOf(folder, all)
    for (const { publication } of all) await kept.keep(publication)
    assert.deepEqual((await readdir(folder)).map((name) => name.replace(/_[0-9a-f]{64}$/, '')).sort(), [
      'ss_1%3a1_arm64',
      'ss_1%3a2_amd64',
    ])
    const left = copiesOf(folder, [])
    const found = (version: string, architecture: string) => left.find({ name: 'ss', version, architecture })
    assert.equal(await found('1:1', 'amd64'), null)
    assert.equal((await found('1:2', 'amd64'))?.sha256, (all[1] as { publication: Publication }).publication.sha256)
  })

  test('X9: a lock that somebody takes between install and revert is for now, and nothing is forgotten', async () => {
    const { two } = await upgrade(tasks)
    fails(await install(two), /status 1/)
    const holder = await holdLock(two)
    for (let times = 0; times < 2; times++) {
      const outcome = await revert(two)
      fails(outcome, /^another program holds the lock of dpkg; now ss 2 is half configured \(iF\); /)
      assert.equal(outcome.temporary, true)
    }
    await holder.end()
    succeeds(await revert(two))
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
  })

  test('X9: a revert of which dpkg is killed is for now, and the next one ends it', async () => {
    const prerm = 'if test ! -e /second; then echo > /second; kill -9 $PPID; fi'
    const task = await tasks.forPackage({ name: 'ss', version: '2', scripts: { ...FAILS, prerm } })
    fails(await install(task), /status 1/)
    const outcome = await revert(task)
    fails(outcome, /SIGKILL/)
    assert.equal(outcome.temporary, true)
    succeeds(await revert(task))
    assert.equal(await dpkgSays(task, 'ss'), '')
  })

  test('X9: what was before is kept when a revert fails, and a later attempt goes back to it', async () => {
    const { one, two } = await upgrade(tasks)
    fails(await install(two), /status 1/)
    const without: InstallTask = { ...two, earlier: async () => null }
    await rm(join(two.scratch, 'earlier-packages'), { recursive: true })
    fails(await revert(without), /package file is not on this appliance/)
    fails(await install(two), /status 1/)
    succeeds(await revert({ ...two, earlier: copiesOf(besideOf(one, 'kept'), [one]).find }))
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
  })

  test('X9: a later attempt begins anew when somebody has mended things since', async () => {
    const { one, two } = await upgrade(tasks)
    fails(await install(two), /status 1/)
    const without: InstallTask = { ...two, earlier: async () => null }
    await rm(join(two.scratch, 'earlier-packages'), { recursive: true })
    fails(await revert(without), /package file is not on this appliance/)
    const between = await tasks.next(one, { name: 'ss', version: '1.5' })
    await dpkg(one, '--install', between.file)
    fails(await install(two), /status 1/)
    succeeds(await revert({ ...two, earlier: copiesOf(besideOf(one, 'kept'), [between]).find }))
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1.5')
  })

  test('X21: a revert that is in the way of nobody and still fails names the state and a command that mends it', async () => {
    const { two } = await upgrade(tasks)
    const task: InstallTask = { ...two, earlier: async () => null }
    fails(await install(task), /status 1/)
    await rm(join(task.scratch, 'earlier-packages'), { recursive: true })
    const { reason } = await revert(task)
    assert.equal(
      reason,
      `ss 1 was installed before, and its package file is not on this appliance, so dpkg cannot bring it back; now ss 2 is half configured (iF); to have ss 1 again, order the patch that brings it, or copy its package file here and run: dpkg --root=${task.root} --install FILE`,
    )
  })

  test('X21: a package that cannot be taken off says so, and the command that it names works once it is mended', async () => {
    const prerm = 'test -e /mended'
    const task = await tasks.forPackage({ name: 'ss', version: '1', scripts: { ...FAILS, prerm } })
    fails(await install(task), /status 1/)
    const outcome = await revert(task)
    fails(outcome, /; now ss 1 is half configured \(pF\); mend what is in the way, then run: dpkg .*--purge ss/)
    await writeFile(join(task.root, 'mended'), '')
    await follow(outcome.reason)
    assert.equal(await dpkgSays(task, 'ss'), '')
  })

  test('X21: a package of which only configuration files could be taken off says so, and the command works', async () => {
    const postrm = 'test "$1" != purge || test -e /mended'
    const brings = { '/etc/ss.conf': 'ss\n' }
    const control = { conffiles: '/etc/ss.conf\n' }
    const task = await tasks.forPackage({ name: 'ss', version: '1', scripts: { ...FAILS, postrm }, brings, control })
    fails(await install(task), /status 1/)
    const outcome = await revert(task)
    fails(
      outcome,
      /; now ss is removed, and its configuration files are kept \(pc\); mend what is in the way, then run: /,
    )
    await writeFile(join(task.root, 'mended'), '')
    await follow(outcome.reason)
    assert.equal(await dpkgSays(task, 'ss'), '')
  })

  test('X21: an earlier version that does not come back names its package file, and the command works', async () => {
    const { two } = await upgrade(tasks, { scripts: { preinst: 'case $1 in upgrade) test -e /mended;; esac' } })
    fails(await install(two), /status 1/)
    const outcome = await revert(two)
    fails(outcome, /mend what is in the way, then run: dpkg .*--install .*earlier\.deb/)
    await writeFile(join(two.root, 'mended'), '')
    await follow(outcome.reason)
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
  })

  test('X9: records of an interrupted dpkg are merged by the way back', async () => {
    const task = await tasks.forPackage({ name: 'ss', version: '1', scripts: FAILS })
    fails(await install(task), /status 1/)
    const updates = join(task.root, 'var/lib/dpkg/updates')
    const status = await readFile(join(task.root, 'var/lib/dpkg/status'), 'utf8')
    const stanza = status.split('\n\n').find((text) => text.startsWith('Package: ss\n')) as string
    await writeFile(join(updates, '0000'), `${stanza}\n`)
    succeeds(await revert(task))
    assert.deepEqual(await readdir(updates), [])
    assert.equal(await dpkgSays(task, 'ss'), '')
  })
})
