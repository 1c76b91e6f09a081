/**
 * What the rehearsal finds of dpkg on the appliance: holds, other packages, its database, its lock, and the options
 * that an administrator has set for it. The options are those of the machine that the tests run on, so such a test runs
 * in a mount namespace of its own.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { debianPackage } from '../../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask, Outcome } from '../../../agent/shell/installers/installer.ts'
import { eventually } from '../../support/eventually.ts'
import { dpkgSays, fails, InstallTasks, isThere, select, succeeds } from '../../support/install-tasks.ts'
import { cannotInstall, type OwnPackage } from '../../support/real-packages.ts'

const run = promisify(execFile)
const { detect, install, verify, revert } = debianPackage
const PROGRAM = fileURLToPath(new URL('../../support/install-and-print.ts', import.meta.url))

describe('dpkg on the appliance', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  async function isRefused(task: InstallTask, why: RegExp): Promise<void> {
    const outcome = await install(task)
    fails(outcome, why)
    assert.equal(outcome.untouched, true)
    assert.match((await revert(task)).reason, /nothing of the patch is left to put back/)
  }

  /** `own` installed, and a task for `next` in the same root. */
  async function beside(own: OwnPackage, next: OwnPackage): Promise<InstallTask> {
    const first = await tasks.forPackage(own, 'empty')
    succeeds(await install(first))
    return tasks.next(first, next)
  }

  test('X4: a package on hold is named and stays at its version, and the hold stays', async () => {
    const task = await beside({ name: 'hh', version: '1' }, { name: 'hh', version: '2' })
    await select(task, 'hh hold')
    await isRefused(task, /hh 1 is installed and on hold.*lift it on this appliance first/)
    assert.equal(await dpkgSays(task, 'hh'), 'hi 1')
    await select(task, 'hh install')
    succeeds(await install(task))
    assert.equal(await dpkgSays(task, 'hh'), 'ii 2')
  })

  for (const letters of ['hi', 'ri', 'iU'] as const) {
    test(`X4: an older version never goes over a newer one that is "${letters}"`, async () => {
      const first = await tasks.forPackage({ name: 'hh', version: '3' }, 'empty')
      if (letters === 'iU') {
        for (const folder of ['info', 'updates'])
          await mkdir(join(first.root, 'var/lib/dpkg', folder), { recursive: true })
        for (const file of ['status', 'available']) await writeFile(join(first.root, 'var/lib/dpkg', file), '')
        await run('dpkg', [`--root=${first.root}`, '--unpack', first.file])
      } else succeeds(await install(first))
      if (letters === 'hi') await select(first, 'hh hold')
      if (letters === 'ri') await select(first, 'hh deinstall')
      const task = await tasks.next(first, { name: 'hh', version: '2' })
      await isRefused(task, /hh 3 .*would go back/)
      assert.equal(await dpkgSays(task, 'hh'), `${letters} 3`)
    })
  }

  test('X8: an unrelated package that is broken does not stand in the way', async () => {
    const broken = await tasks.forPackage({ name: 'zz', version: '1', scripts: { postinst: 'exit 1' } }, 'debian')
    await assert.rejects(run('dpkg', [`--root=${broken.root}`, '--install', broken.file]))
    const task = await tasks.next(broken, { name: 'hh', version: '1' })
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.equal(await dpkgSays(task, 'zz'), 'iF 1')
  })

  for (const [what, file, content, says] of [
    ['a torn status', 'status', 'Package: aa\nStatus: install ok installed\nArchi', /parsing file|end of file/],
    ['a status with marks of a merge', 'status', '<<<<<<< ours\n', /field name '<<<<<<<'/],
    ['a status that ends in zeros', 'status', '\0\0\0\0', /end of file|field name/],
    ['garbage in its journal', 'updates/0000', 'garb age\n', /field name 'garb'/],
    ['an override that is none', 'statoverride', 'nonsense\n', /statoverride/],
    ['an override for a user that is gone', 'statoverride', 'nobodyknows root 755 /srv\n', /nobodyknows/],
    ['a diversion that ends early', 'diversions', '/a\n', /diversions/],
    ['a list of another package that ends early', 'info/hh.list', '/srv', /missing final newline/],
    ['a format from the future', 'info/format', '9\n', /info database format/],
    ['a broken list of triggers', 'triggers/File', 'x\n', /file triggers/],
  ] as const) {
    test(`X8: ${what} in dpkg's database is told beforehand`, async () => {
      const task = await beside({ name: 'hh', version: '1' }, { name: 'new', version: '1' })
      await writeFile(join(task.root, 'var/lib/dpkg', file), content, { flag: file === 'status' ? 'a' : 'w' })
      const outcome = await install(task)
      fails(outcome, says)
      assert.equal(outcome.untouched, true)
      assert.equal(await isThere(join(task.root, 'opt/new')), false)
    })
  }

  test('X8: what an interrupted dpkg has left in its journal counts', async () => {
    const task = await beside({ name: 'hh', version: '1' }, { name: 'new', version: '1', depends: 'hh' })
    const half = (await readFile(join(task.root, 'var/lib/dpkg/status'), 'utf8')).replace(
      'ok installed',
      'ok half-installed',
    )
    await writeFile(join(task.root, 'var/lib/dpkg/updates/0001'), half)
    await isRefused(task, /dependency problems/)
  })

  test('X4: a lock that somebody holds is told with who holds it, and is over when it is let go', async () => {
    const task = await beside({ name: 'hh', version: '1' }, { name: 'new', version: '1' })
    const lock = join(task.root, 'var/lib/dpkg/lock-frontend')
    const holding = `import fcntl,sys; f=open(${JSON.stringify(lock)},"w"); fcntl.lockf(f,fcntl.LOCK_EX); print("held",flush=True); sys.stdin.read()`
    const holder = spawn('python3', ['-c', holding], { stdio: ['pipe', 'pipe', 'inherit'] })
    let held = ''
    holder.stdout.on('data', (chunk: Buffer) => {
      held += chunk.toString()
    })
    await eventually('the lock is held', async () => held.includes('held'))
    const outcome = await install(task)
    fails(outcome, new RegExp(`another program holds the lock of dpkg: python3, process ${holder.pid}`))
    assert.equal(outcome.temporary, true)
    assert.equal(outcome.untouched, true)
    holder.stdin.end()
    await eventually('the lock is let go', async () => holder.exitCode !== null)
    succeeds(await install(task))
  })

  for (const [what, fields, says] of [
    [
      'that it conflicts with and replaces',
      ['Conflicts: hh', 'Replaces: hh'],
      /dpkg would remove hh from this appliance in favour of new/,
    ],
    ['that it conflicts with', ['Conflicts: hh'], /new conflicts with hh/],
    ['that it breaks', ['Breaks: hh'], /would break hh/],
  ] as const) {
    test(`X8: a package ${what} stays, and the order is refused`, async () => {
      const task = await beside({ name: 'hh', version: '1' }, { name: 'new', version: '1', fields })
      await isRefused(task, says)
      assert.equal(await dpkgSays(task, 'hh'), 'ii 1')
    })
  }

  test('X8: a package of which the new one brings every file stays, and the order is refused', async () => {
    const brings = { '/opt/hh/version': '2\n' }
    const task = await beside(
      { name: 'hh', version: '1' },
      { name: 'new', version: '1', brings, fields: ['Replaces: hh'] },
    )
    await isRefused(task, /hh 1 would disappear from this appliance, since new brings all of its files/)
    assert.equal(await dpkgSays(task, 'hh'), 'ii 1')
  })

  /** Installs as an appliance on which an administrator has put these lines into dpkg.cfg.d, or into another folder. */
  async function withOptions(
    task: InstallTask,
    lines: readonly string[],
    [folder, file] = ['/etc/dpkg/dpkg.cfg.d', 'administrator'],
  ): Promise<Outcome> {
    const description = join(dirname(task.scratch), 'task.json')
    await writeFile(description, JSON.stringify(task))
    const options = join(dirname(task.scratch), 'options')
    await rm(options, { recursive: true, force: true })
    await mkdir(options)
    await writeFile(join(options, file), `${lines.join('\n')}\n`)
    const inside = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    const node = [process.execPath, '--import', 'tsx', PROGRAM, description]
    const { stdout } = await run('unshare', ['--mount', 'sh', '-c', inside, 'sh', options, folder, ...node])
    return JSON.parse(stdout)
  }

  test('X4: what an administrator leaves out is left out, and the report says so', async () => {
    const task = await tasks.forPackage(
      { name: 'new', version: '1', brings: { '/srv/doc/a': 'a', '/srv/kept': 'k' } },
      'empty',
    )
    succeeds(await withOptions(task, ['# less to keep', 'path-exclude = /srv/doc/*']))
    assert.equal(await isThere(join(task.root, 'srv/doc/a')), false)
    assert.equal(await isThere(join(task.root, 'srv/kept')), true)
    assert.match((await verify(task)).reason, /\(path-exclude\) leave out \/srv\/doc\/a$/)
  })

  test('X4: what is left out stands in nobody’s way', async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1', brings: { '/srv/it': 'of the package' } }, 'empty')
    await mkdir(join(task.root, 'srv'))
    await writeFile(join(task.root, 'srv/it'), 'mine\n')
    succeeds(await withOptions(task, ['path-exclude=/srv/*']))
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'mine\n')
  })

  test('X4: what lies where dpkg puts nothing is there again after the way back', async () => {
    const scripts = { postinst: 'exit 1' }
    const own = { name: 'new', version: '1', brings: { '/srv/it': 'of the package' }, scripts }
    const task = await tasks.forPackage(own, 'empty')
    await mkdir(join(task.root, 'srv'))
    await writeFile(join(task.root, 'srv/it'), 'mine\n')
    fails(await withOptions(task, ['path-exclude=/srv/*']), /status 1/)
    succeeds(await revert(task))
    assert.equal(await readFile(join(task.root, 'srv/it'), 'utf8'), 'mine\n')
  })

  test('X4: a file that somebody has put where dpkg puts nothing is not deleted by an upgrade: it is refused', async () => {
    const brings = { '/srv/it': 'of the package' }
    const one = await tasks.forPackage({ name: 'new', version: '1', brings }, 'empty')
    succeeds(await withOptions(one, ['path-exclude=/srv/*']))
    await mkdir(join(one.root, 'srv'), { recursive: true })
    await writeFile(join(one.root, 'srv/it'), 'mine\n')
    const two = await tasks.next(one, { name: 'new', version: '2' })
    const outcome = await withOptions(two, ['path-exclude=/srv/*'])
    fails(
      outcome,
      /\/srv\/it is a file on this appliance that no package has brought; the options of dpkg \(path-exclude\)/,
    )
    assert.equal(outcome.untouched, true)
    assert.equal(await readFile(join(one.root, 'srv/it'), 'utf8'), 'mine\n')
  })

  test('X4: what a package brought before there was a filter goes with the upgrade', async () => {
    const brings = { '/srv/it': 'of the package' }
    const one = await tasks.forPackage({ name: 'new', version: '1', brings }, 'empty')
    succeeds(await withOptions(one, []))
    const two = await tasks.next(one, { name: 'new', version: '2', brings })
    succeeds(await withOptions(two, ['path-exclude=/srv/*']))
    assert.equal(await isThere(join(one.root, 'srv/it')), false)
  })

  test('X4: a hard link to what is left out is told: dpkg could not make it', async () => {
    const brings = { '/srv/a': 'one file', '/srv/b': { hardLink: '/srv/a' } }
    const task = await tasks.forPackage({ name: 'new', version: '1', brings }, 'empty')
    fails(await withOptions(task, ['path-exclude=/srv/a']), /\/srv\/b is the same file as \/srv\/a, which .* leave out/)
  })

  for (const option of ['no-act', 'selected-only', 'admindir=/elsewhere']) {
    test(`X4: ${option} in dpkg's options is told: the install would only seem to happen`, async () => {
      const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
      fails(
        await withOptions(task, [option]),
        /dpkg would (do nothing|work elsewhere) on this appliance, since \S+administrator says/,
      )
    })
  }

  test('X4: what an administrator forces is obeyed and said', async () => {
    const brings = { '/opt/hh/version': 'of the new one\n' }
    const task = await beside(
      { name: 'hh', version: '1', brings: { '/srv/more': '' } },
      { name: 'new', version: '1', brings },
    )
    succeeds(await withOptions(task, ['force-overwrite']))
    assert.match((await verify(task)).reason, /dpkg is told on this appliance to force overwrite/)
  })

  test('X4: an option that dpkg does not know is told in its own words', async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
    fails(await withOptions(task, ['nonsense']), /unknown option 'nonsense'/)
  })

  test('X4: a hook that fails before dpkg begins is told, and nothing was changed', async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
    const outcome = await withOptions(task, ['pre-invoke=exit 3'])
    fails(outcome, /error executing hook 'exit 3'/)
    assert.equal(outcome.untouched, true)
  })

  test('X4: a program that dpkg starts with each install is told, whenever it is started', async () => {
    for (const hook of ['pre-invoke', 'post-invoke', 'status-logger']) {
      const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
      succeeds(await withOptions(task, [`${hook}=cat > /dev/null`]))
      const { reason } = await verify(task)
      assert.match(reason, /dpkg starts programs of the administrator on this appliance: /)
      assert.ok(reason.includes(`${hook} "cat > /dev/null" of /etc/dpkg/dpkg.cfg.d/administrator`), reason)
    }
  })

  test('X4: a hook that fails after dpkg has worked is found before anything changes', async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
    const outcome = await withOptions(task, ['post-invoke=exit 3'])
    fails(outcome, /error executing hook 'exit 3'/)
    assert.equal(outcome.untouched, true)
    assert.equal(await dpkgSays(task, 'new'), '')
  })

  test("X4: what root's own configuration of dpkg leaves out is left out too, and the report says so", async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1', brings: { '/srv/doc/a': 'a' } }, 'empty')
    succeeds(await withOptions(task, ['path-exclude=/srv/doc/*'], ['/root', '.dpkg.cfg']))
    assert.equal(await isThere(join(task.root, 'srv/doc/a')), false)
    assert.match((await verify(task)).reason, /\(path-exclude\) leave out \/srv\/doc\/a$/)
  })

  test("X4: an option of root's own that has dpkg do nothing is told with its file", async () => {
    const task = await tasks.forPackage({ name: 'new', version: '1' }, 'empty')
    const outcome = await withOptions(task, ['no-act'], ['/root', '.dpkg.cfg'])
    fails(outcome, /dpkg would do nothing on this appliance, since \/root\/\.dpkg\.cfg says no-act/)
  })

  test('X5: the package for another architecture is not replaced without a word', async () => {
    const own = { name: 'mm', version: '1', architecture: 'i386' }
    const task = await tasks.forPackage(own, 'empty')
    for (const folder of ['info', 'updates']) await mkdir(join(task.root, 'var/lib/dpkg', folder), { recursive: true })
    for (const file of ['status', 'available']) await writeFile(join(task.root, 'var/lib/dpkg', file), '')
    await run('dpkg', [`--root=${task.root}`, '--add-architecture', 'i386'])
    succeeds(await install(task))
    const other = await tasks.next(task, { ...own, version: '2', architecture: 'amd64' })
    assert.equal((await detect(other)).installedVersion, null)
    await isRefused(other, /mm 1 for i386 is on this appliance, and dpkg would put the package for amd64 in its place/)
  })

  test('X2: a question that nobody answers is told', async () => {
    const templates = 'Template: new/password\nType: password\nDescription: The password\n It has no default.\n'
    const config = '#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_input high new/password || true\ndb_go\n'
    const task = await tasks.forPackage({ name: 'new', version: '1', control: { templates, config } }, 'empty')
    succeeds(await install(task))
    assert.match((await verify(task)).reason, /the package asks new\/password and has no default/)
  })
})
