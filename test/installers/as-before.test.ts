/**
 * What is as it was before a Debian package that failed: the state of the package, a hold, configuration files, and the
 * packages of others. Gone with the real dpkg in small Debian roots.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { copiesOf, FAILS, upgrade, withConffiles } from '../support/failed-upgrade.ts'
import { besideOf, dpkg, dpkgSays, fails, InstallTasks, isThere, select, succeeds } from '../support/install-tasks.ts'
import { cannotInstall } from '../support/real-packages.ts'

const { detect, install, revert } = debianPackage

describe('After the way back from a Debian package', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  test('X4: a package that was marked to be removed is marked so again after the way back', async () => {
    const { one, two } = await upgrade(tasks)
    await select(one, 'ss deinstall')
    fails(await install(two), /status 1/)
    succeeds(await revert(two))
    assert.equal(await dpkgSays(two, 'ss'), 'ri 1')
  })

  test('X4: a first install whose preinst failed leaves dpkg no wish to install it', async () => {
    const task = await tasks.forPackage({ name: 'cp', version: '1', scripts: { preinst: 'exit 1' } })
    fails(await install(task), /status 1/)
    assert.match(await dpkgSays(task, 'cp'), /^in/)
    succeeds(await revert(task))
    assert.match(await dpkgSays(task, 'cp'), /^$|^[pu]n$/)
  })

  test('X8: what an interrupted dpkg has left is merged, and a package that somebody has only unpacked stays so', async () => {
    const one = await tasks.forPackage({ name: 'ib', version: '1', scripts: FAILS })
    const other = await tasks.next(one, { name: 'vb', version: '1', scripts: { postinst: 'exit 1' } })
    await dpkg(one, '--unpack', other.file)
    fails(await install(one), /status 1/)
    const updates = join(one.root, 'var/lib/dpkg/updates')
    const [stanza = ''] = (await readFile(join(one.root, 'var/lib/dpkg/status'), 'utf8')).split('\n\n')
    await writeFile(join(updates, '0000'), `${stanza}\n`)
    succeeds(await revert(one))
    assert.equal(await dpkgSays(one, 'vb'), 'iU 1')
    assert.deepEqual(await readdir(updates), [])
    const again = await tasks.next(one, { name: 'ib', version: '2' })
    await writeFile(join(updates, '0000'), `${stanza}\n`)
    await install(again)
    assert.equal(await dpkgSays(one, 'vb'), 'iU 1')
  })

  for (const { title, first, letters } of [
    { title: 'failed in its preinst', first: { scripts: { preinst: 'exit 1' } }, letters: /^$|^i.R? ?1?$|^in/ },
    { title: 'failed in its postinst', first: { scripts: { postinst: 'exit 1' } }, letters: /^iF 1$/ },
  ]) {
    test(`X6: a first install that ${title} was never there, so nothing is said to have been installed before`, async () => {
      const one = await tasks.forPackage({ name: 'ph', version: '1', ...first })
      await assert.rejects(dpkg(one, '--install', one.file))
      assert.match(await dpkgSays(one, 'ph'), letters)
      const two = await tasks.next(one, { name: 'ph', version: '2', scripts: FAILS })
      fails(await install(two), /status 1/)
      const outcome = await revert(two)
      succeeds(outcome)
      assert.doesNotMatch(outcome.reason, /was installed before/)
      assert.match(await dpkgSays(two, 'ph'), /^$|^[a-z]n|^rc/)
      assert.equal(await isThere(join(two.root, 'opt/ph/version')), false)
    })
  }

  test('X6: a package that was only unpacked is only unpacked again, where its package file is there', async () => {
    const one = await tasks.forPackage({ name: 'ph', version: '1', scripts: { postinst: 'exit 1' } })
    await dpkg(one, '--unpack', one.file)
    const two = {
      ...(await tasks.next(one, { name: 'ph', version: '2', scripts: FAILS })),
      earlier: copiesOf(besideOf(one, 'kept'), [one]).find,
    }
    fails(await install(two), /status 1/)
    const outcome = await revert(two)
    assert.match(await dpkgSays(two, 'ph'), /^i[UF] 1$/)
    assert.match(outcome.reason, /ph 1 is (unpacked|half configured)/)
  })

  test('X6: a configuration file that the patch brought to a package that was only unpacked is named, and not called as before', async () => {
    const conffiles = withConffiles({ '/etc/ph.conf': 'shipped\n' })
    const one = await tasks.forPackage({ name: 'ph', version: '1', ...conffiles })
    await dpkg(one, '--unpack', one.file)
    assert.equal(await isThere(join(one.root, 'etc/ph.conf')), false)
    const two = {
      ...(await tasks.next(one, { name: 'ph', version: '2', scripts: FAILS, ...conffiles })),
      earlier: copiesOf(besideOf(one, 'kept'), [one]).find,
    }
    fails(await install(two), /status 1/)
    const outcome = await revert(two)
    succeeds(outcome)
    assert.match(await dpkgSays(two, 'ph'), /^iU 1$/)
    assert.ok(await isThere(join(two.root, 'etc/ph.conf')))
    assert.match(
      outcome.reason,
      /ph is back: ph 1 is unpacked .*; \/etc\/ph\.conf, which the patch has brought, stays$/,
    )
  })

  test('X6: configuration files of a package that was removed stay as they were', async () => {
    const conffiles = withConffiles({ '/etc/ph.conf': 'shipped 1\n' })
    const one = await tasks.forPackage({ name: 'ph', version: '1', ...conffiles })
    succeeds(await install(one))
    await writeFile(join(one.root, 'etc/ph.conf'), 'by the administrator\n')
    await dpkg(one, '--remove', 'ph')
    const newer = withConffiles({ '/etc/ph.conf': 'shipped 2\n' })
    const two = await tasks.next(one, { name: 'ph', version: '2', scripts: FAILS, ...newer })
    fails(await install(two), /status 1/)
    const outcome = await revert(two)
    succeeds(outcome)
    assert.match(
      outcome.reason,
      /configuration files are there \(rc\) with what they held; dpkg calls them those of 2 now, and of 1 before$/,
    )
    assert.match(await dpkgSays(two, 'ph'), /^rc/)
    assert.equal(await readFile(join(two.root, 'etc/ph.conf'), 'utf8'), 'by the administrator\n')
    assert.deepEqual(
      (await readdir(join(two.root, 'etc'))).filter((name) => name.startsWith('ph.conf.')),
      [],
    )
  })

  test("X2: the administrator's own file is there again when a first install that ships it is taken off", async () => {
    const conffiles = withConffiles({ '/etc/cc.conf': 'shipped\n' })
    const task = await tasks.forPackage({ name: 'cc', version: '1', scripts: FAILS, ...conffiles })
    await writeFile(join(task.root, 'etc/cc.conf'), 'by the administrator\n', { mode: 0o640 })
    fails(await install(task), /./)
    succeeds(await revert(task))
    assert.equal(await readFile(join(task.root, 'etc/cc.conf'), 'utf8'), 'by the administrator\n')
    assert.equal(await dpkgSays(task, 'cc'), '')
  })

  test('X3: a configuration file that the administrator changed is as it was after the way back, with nothing beside it', async () => {
    const { two } = await upgrade(
      tasks,
      withConffiles({ '/etc/ss.conf': 'shipped 1\n', '/etc/plain.conf': 'plain 1\n' }),
      withConffiles({ '/etc/ss.conf': 'shipped 2\n', '/etc/plain.conf': 'plain 2\n' }),
    )
    const file = join(two.root, 'etc/ss.conf')
    await writeFile(file, 'by the administrator\n')
    fails(await install(two), /status 1/)
    succeeds(await revert(two))
    assert.equal(await readFile(file, 'utf8'), 'by the administrator\n')
    assert.equal(await readFile(join(two.root, 'etc/plain.conf'), 'utf8'), 'plain 1\n')
    assert.deepEqual(
      (await readdir(join(two.root, 'etc'))).filter((name) => /^(ss|plain)\.conf\./.test(name)),
      [],
    )
  })

  test('X3: what a script of the patch overwrote is as it was, and what somebody writes meanwhile stays', async () => {
    const conffiles = withConffiles({ '/etc/ss.conf': 'shipped\n', '/etc/tt.conf': 'shipped\n' })
    const postinst = 'rm /etc/ss.conf; exit 1'
    const { two } = await upgrade(tasks, conffiles, { ...conffiles, scripts: { postinst } })
    await writeFile(join(two.root, 'etc/ss.conf'), 'mine\n')
    fails(await install(two), /status 1/)
    await writeFile(join(two.root, 'etc/tt.conf'), 'meanwhile\n')
    const outcome = await revert(two)
    succeeds(outcome)
    assert.equal(await readFile(join(two.root, 'etc/ss.conf'), 'utf8'), 'mine\n')
    assert.equal(await readFile(join(two.root, 'etc/tt.conf'), 'utf8'), 'meanwhile\n')
    assert.match(outcome.reason, /changed meanwhile by somebody, and left so: \/etc\/tt\.conf/)
  })

  /** `cc` is triggered by what `bb` brings, and fails while /opt/bb/version says 2. */
  async function triggered(ccFails: string): Promise<InstallTask> {
    const postinst = `case $1 in triggered) echo "$(cat /opt/bb/version)" >> /cache; ${ccFails};; esac`
    const cc = await tasks.forPackage({
      name: 'cc',
      version: '1',
      scripts: { postinst },
      control: { triggers: 'interest-noawait /opt/bb\n' },
    })
    succeeds(await install(cc))
    const one = await tasks.next(cc, { name: 'bb', version: '1' })
    succeeds(await install(one))
    const two = await tasks.next(cc, { name: 'bb', version: '2' })
    return { ...two, earlier: copiesOf(besideOf(cc, 'kept'), [one]).find }
  }

  test('X7: another package whose trigger failed is in order again, and its trigger was processed again', async () => {
    const two = await triggered('if grep -q 2 /opt/bb/version; then exit 1; fi')
    fails(await install(two), /./)
    assert.match(await dpkgSays(two, 'cc'), /^iF/)
    succeeds(await revert(two))
    assert.equal(await dpkgSays(two, 'cc'), 'ii 1')
    assert.equal(await dpkgSays(two, 'bb'), 'ii 1')
    assert.equal((await readFile(join(two.root, 'cache'), 'utf8')).trim().split('\n').at(-1), '1')
  })

  test('X7: another package that stays broken is named with what to do, and the order counts as installed by no look', async () => {
    const two = await triggered(
      'if test -e /opt/bb/broken || grep -q 2 /opt/bb/version; then echo > /opt/bb/broken; exit 1; fi',
    )
    fails(await install(two), /./)
    const outcome = await revert(two)
    fails(
      outcome,
      /now bb 1 is installed; not in order any more: cc.*mend what the scripts of cc complain of, then run: dpkg .*--configure cc/,
    )
    assert.notEqual((await detect(two)).result, 'installed')
  })
})
