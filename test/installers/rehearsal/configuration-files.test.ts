/**
 * What the rehearsal finds of configuration files, and what becomes of them, with the real dpkg in roots of their own.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask, Outcome } from '../../../agent/shell/installers/installer.ts'
import { dpkg, dpkgSays, fails, InstallTasks, isThere, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const { install, verify, revert } = debianPackage
const PATH = '/etc/cc.conf'

/** Version 1 and 2 bring the file with other contents. */
function cc(version: string, change: Partial<OwnPackage> = {}): OwnPackage {
  return {
    name: 'cc',
    version,
    brings: { [PATH]: `of version ${version}\n` },
    control: { conffiles: `${PATH}\n` },
    ...change,
  }
}

describe('A configuration file', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  async function write({ root }: InstallTask, content: string, path = PATH): Promise<void> {
    await mkdir(join(root, 'etc'), { recursive: true })
    await writeFile(join(root, path), content)
  }

  const read = ({ root }: InstallTask, path = PATH) => readFile(join(root, path), 'utf8')
  const inEtc = async ({ root }: InstallTask) => (await readdir(join(root, 'etc'))).sort()

  /** Version 1 installed, and a task for version 2 in the same root. */
  async function upgrade(change: Partial<OwnPackage> = {}): Promise<InstallTask> {
    const first = await tasks.forPackage(cc('1'), 'empty')
    succeeds(await install(first))
    return tasks.next(first, cc('2', change))
  }

  async function installsAndSays(task: InstallTask, says: RegExp): Promise<void> {
    succeeds(await install(task))
    const outcome = await verify(task)
    succeeds(outcome)
    assert.match(outcome.reason, says)
  }

  async function isRefused(task: InstallTask, why: RegExp): Promise<void> {
    const outcome = await install(task)
    fails(outcome, why)
    assert.equal(outcome.untouched, true)
    assert.match((await revert(task)).reason, /nothing of the patch is left to put back/)
  }

  test('X2: that the administrator wrote before the package owned it stays, and the new one lies beside it', async () => {
    const task = await tasks.forPackage(cc('1'), 'empty')
    await write(task, 'of the administrator\n')
    await installsAndSays(
      task,
      /\/etc\/cc\.conf was on this appliance before.* stays as it is; .*\/etc\/cc\.conf\.dpkg-dist/,
    )
    assert.equal(await read(task), 'of the administrator\n')
    assert.equal(await read(task, `${PATH}.dpkg-dist`), 'of version 1\n')
    assert.equal(await dpkgSays(task, 'cc'), 'ii 1')
  })

  test('X2: that is already what the package brings is nothing to talk about', async () => {
    const task = await tasks.forPackage(cc('1'), 'empty')
    await write(task, 'of version 1\n')
    succeeds(await install(task))
    assert.doesNotMatch((await verify(task)).reason, /cc\.conf/)
    assert.deepEqual(await inEtc(task), ['cc.conf'])
  })

  test('X3: that the administrator changed stays, and the report says so', async () => {
    const task = await upgrade()
    await write(task, 'changed\n')
    await installsAndSays(task, /\/etc\/cc\.conf was changed on this appliance and stays as it is; .*\.dpkg-dist/)
    assert.equal(await read(task), 'changed\n')
    assert.equal(await read(task, `${PATH}.dpkg-dist`), 'of version 2\n')
    assert.equal(await dpkgSays(task, 'cc'), 'ii 2')
  })

  test('X3: that the administrator deleted stays deleted, and the report says so', async () => {
    const task = await upgrade()
    await rm(join(task.root, PATH))
    await installsAndSays(task, /\/etc\/cc\.conf was deleted on this appliance and stays so; .*\.dpkg-dist/)
    assert.deepEqual(await inEtc(task), ['cc.conf.dpkg-dist'])
  })

  test('X3: that nobody changed is replaced, and nothing is said of it', async () => {
    const task = await upgrade()
    succeeds(await install(task))
    assert.doesNotMatch((await verify(task)).reason, /cc\.conf/)
    assert.equal(await read(task), 'of version 2\n')
    assert.deepEqual(await inEtc(task), ['cc.conf'])
  })

  test('X3: that was changed while the package brings the same again stays without a word', async () => {
    const task = await upgrade({ brings: { [PATH]: 'of version 1\n' } })
    await write(task, 'changed\n')
    succeeds(await install(task))
    assert.equal(await read(task), 'changed\n')
    assert.deepEqual(await inEtc(task), ['cc.conf'])
  })

  test('X3: that was replaced by a link stays a link, and the report says where the new one lies', async () => {
    const task = await upgrade()
    await rm(join(task.root, PATH))
    await write(task, 'kept elsewhere\n', '/etc/real.conf')
    await symlink('real.conf', join(task.root, PATH))
    await installsAndSays(
      task,
      /\/etc\/cc\.conf is a link on this appliance and stays one; .*\/etc\/cc\.conf\.dpkg-new/,
    )
    assert.equal(await read(task), 'kept elsewhere\n')
  })

  for (const [what, when] of [
    ['a folder', 'before the package came'],
    ['a folder', 'in place of the one of version 1'],
  ] as const) {
    test(`X3: where ${what} lies ${when} is refused before anything changes`, async () => {
      const first = when.startsWith('before')
      const task = first ? await tasks.forPackage(cc('2'), 'empty') : await upgrade()
      await rm(join(task.root, PATH), { force: true })
      await mkdir(join(task.root, PATH), { recursive: true })
      await write(task, 'mine\n', `${PATH}/mine`)
      await isRefused(task, /\/etc\/cc\.conf is a folder on this appliance/)
      assert.equal(await read(task, `${PATH}/mine`), 'mine\n')
      assert.equal(await dpkgSays(task, 'cc'), first ? '' : 'ii 1')
    })
  }

  test('X3: that was changed and is a plain file of the new version is refused: dpkg would replace it', async () => {
    const task = await upgrade({ control: {} })
    await write(task, 'changed\n')
    await isRefused(task, /\/etc\/cc\.conf is a configuration file that was changed.*without a copy/)
    assert.equal(await read(task), 'changed\n')
    assert.equal(await dpkgSays(task, 'cc'), 'ii 1')
  })

  test('X3: that was a plain file of the version before and was changed stays too', async () => {
    const first = await tasks.forPackage(cc('1', { control: {} }), 'empty')
    succeeds(await install(first))
    const task = await tasks.next(first, cc('2'))
    await write(task, 'changed\n')
    await installsAndSays(task, /\/etc\/cc\.conf was on this appliance before .*stays as it is/)
    assert.equal(await read(task), 'changed\n')
  })

  test('X3: that no version brings any more stays where it is', async () => {
    const task = await upgrade({ brings: {}, control: {} })
    await write(task, 'changed\n')
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.equal(await read(task), 'changed\n')
  })

  test('X3: that the package takes away is kept aside where somebody changed it, and the report says so', async () => {
    const task = await upgrade({ brings: {}, control: { conffiles: `remove-on-upgrade ${PATH}\n` } })
    await write(task, 'changed\n')
    await installsAndSays(task, /no use for \/etc\/cc\.conf any more; .*kept as \/etc\/cc\.conf\.dpkg-old/)
    assert.equal(await read(task, `${PATH}.dpkg-old`), 'changed\n')
  })

  test('X2: that the package takes away though it never was the package’s is refused', async () => {
    const task = await tasks.forPackage(
      cc('1', { brings: {}, control: { conffiles: `remove-on-upgrade ${PATH}\n` } }),
      'empty',
    )
    await write(task, 'of the administrator\n')
    await isRefused(task, /\/etc\/cc\.conf lies on this appliance and was never of this package/)
    assert.equal(await read(task), 'of the administrator\n')
  })

  test('X2: of another package is refused before anything changes', async () => {
    const other = await tasks.forPackage(cc('1'), 'empty')
    succeeds(await install(other))
    const task = await tasks.next(other, cc('1', { name: 'dd' }))
    await isRefused(task, /\/etc\/cc\.conf belongs to the package cc/)
    assert.equal(await dpkgSays(task, 'cc'), 'ii 1')
    assert.equal(await dpkgSays(task, 'dd'), '')
  })

  test('X2: that a removed package has left, changed, is taken over as it is', async () => {
    const other = await tasks.forPackage(cc('1'), 'empty')
    succeeds(await install(other))
    await write(other, 'changed\n')
    const { root } = other
    await dpkg(other, '--remove', 'cc')
    const task = await tasks.next(other, cc('1', { name: 'dd' }))
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.equal(await readFile(join(root, PATH), 'utf8'), 'changed\n')
  })

  test('X3: a second order of the same version changes nothing and asks nothing', async () => {
    const task = await upgrade()
    await write(task, 'changed\n')
    succeeds(await install(task))
    const again: Outcome = await install({ ...task, scratch: await tasks.newFolder() })
    succeeds(again)
    assert.equal(await read(task), 'changed\n')
    assert.equal(await isThere(join(task.root, `${PATH}.dpkg-new`)), false)
  })
})
