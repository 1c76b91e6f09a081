/**
 * What a dpkg that is killed while it unpacks leaves of the new version is gone after the way back, and nothing else is.
 * The old version's own script kills dpkg, at the moment when all files are in place and no list names them.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import { upgrade } from '../support/failed-upgrade.ts'
import { dpkgSays, fails, InstallTasks, isThere, succeeds } from '../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../support/real-packages.ts'

const { install, revert } = debianPackage
const KILLS_DPKG = { postrm: 'if [ "$1" = upgrade ] && [ ! -e /killed ]; then touch /killed; kill -9 $PPID; fi' }
const NEWLY = {
  '/opt/ss/new': 'only the new version has it\n',
  '/opt/ss/link': { link: 'new' },
  '/opt/ss/again': { hardLink: '/opt/ss/new' },
  '/srv/ss/deep/down': 'in folders of its own\n',
  '/etc/ss.conf': 'new\n',
} as const satisfies OwnPackage['brings']
const SECOND: Partial<OwnPackage> = { scripts: {}, brings: NEWLY, control: { conffiles: '/etc/ss.conf\n' } }

describe('After the way back from a dpkg that was killed while it unpacked', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  test('X10: the files, links and folders that only the new version brings are gone', async () => {
    const { two } = await upgrade(tasks, { scripts: KILLS_DPKG }, SECOND)
    fails(await install(two), /was ended by the signal SIGKILL/)
    assert.equal(await isThere(join(two.root, 'opt/ss/new')), true)
    const outcome = await revert(two)
    succeeds(outcome)
    assert.equal(outcome.reason, 'ss is 1, as before')
    assert.equal(await dpkgSays(two, 'ss'), 'ii 1')
    assert.deepEqual(await readdir(join(two.root, 'opt/ss')), ['version'])
    assert.equal(await isThere(join(two.root, 'srv/ss')), false)
    assert.deepEqual(
      (await readdir(join(two.root, 'etc'))).filter((name) => name.startsWith('ss.conf')),
      [],
    )
  })

  test('X10: what somebody has put in their place or in their folders meanwhile stays', async () => {
    const { two } = await upgrade(tasks, { scripts: KILLS_DPKG }, SECOND)
    fails(await install(two), /was ended by the signal SIGKILL/)
    await writeFile(join(two.root, 'opt/ss/new'), 'what the administrator keeps here\n')
    await writeFile(join(two.root, 'srv/ss/notes'), 'notes\n')
    succeeds(await revert(two))
    assert.equal(await isThere(join(two.root, 'opt/ss/new')), true)
    assert.deepEqual(await readdir(join(two.root, 'srv/ss')), ['notes'])
  })

  test('X10: what lay there before and is what the patch brings stays, also when a second try finds it', async () => {
    const { two } = await upgrade(tasks, { scripts: KILLS_DPKG }, SECOND)
    await mkdir(join(two.root, 'srv/ss/deep'), { recursive: true })
    await writeFile(join(two.root, 'srv/ss/deep/down'), NEWLY['/srv/ss/deep/down'])
    fails(await install(two), /was ended by the signal SIGKILL/)
    succeeds(await revert(two))
    assert.equal(await isThere(join(two.root, 'srv/ss/deep/down')), true)
    assert.deepEqual(await readdir(join(two.root, 'opt/ss')), ['version'])
  })
})
