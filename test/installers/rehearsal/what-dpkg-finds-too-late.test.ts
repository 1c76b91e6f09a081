/**
 * What no dry run of dpkg sees is refused on the appliance too, before anything changes. That the real dpkg would have
 * failed in the middle is shown beside each.
 */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import { dpkg, dpkgSays, fails, InstallTasks, isThere, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const { install, revert } = debianPackage

type TooLate = Pick<OwnPackage, 'brings' | 'control'> & { readonly what: string; readonly why: RegExp }

const TOO_LATE: readonly TooLate[] = [
  {
    what: 'a list of triggers with a directive that there is not',
    control: { triggers: 'nonsense /srv\n' },
    why: /nonsense \/srv in its list of triggers is no trigger/,
  },
  {
    what: 'a list of triggers that ends early',
    control: { triggers: 'interest-noawait /srv' },
    why: /its list of triggers has no line feed at its end/,
  },
  {
    what: 'a configuration file that is a folder',
    brings: { '/etc/new': null },
    control: { conffiles: '/etc/new\n' },
    why: /its configuration file \/etc\/new is a folder/,
  },
  {
    what: 'a configuration file that is a link to a folder of this appliance',
    brings: { '/etc/new.conf': { link: '../srv/here' } },
    control: { conffiles: '/etc/new.conf\n' },
    why: /its configuration file \/etc\/new.conf is a link to \/srv\/here, a folder/,
  },
  {
    what: 'a name of 247 bytes',
    brings: { [`/srv/${'n'.repeat(247)}`]: '' },
    why: /n has a name of 247 bytes, and 246 are possible/,
  },
]

describe('What dpkg finds too late', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  for (const { what, why, ...own } of TOO_LATE) {
    test(`Y4: ${what} is refused on the appliance too, and nothing was changed`, async () => {
      const task = await tasks.forPackage({ name: 'new', version: '1', ...own }, 'empty')
      await mkdir(join(task.root, 'srv/here'), { recursive: true })
      const outcome = await install(task)
      fails(outcome, why)
      assert.equal(outcome.untouched, true)
      succeeds(await revert(task))
      assert.equal(await dpkgSays(task, 'new'), '')
      assert.equal(await isThere(join(task.root, 'opt')), false)
      await assert.rejects(dpkg(task, '--install', task.file))
    })
  }

  test('Y4: a name of 246 bytes, and a configuration file that is a link to a file, are in order', async () => {
    const brings = { [`/srv/${'n'.repeat(246)}`]: '', '/etc/new.conf': { link: '/srv/it' }, '/srv/it': 'a file\n' }
    const control = { conffiles: '/etc/new.conf\n' }
    succeeds(await install(await tasks.forPackage({ name: 'new', version: '1', brings, control }, 'empty')))
  })
})
