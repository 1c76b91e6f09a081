/**
 * The way back from a patch bundle, with its own revert program: what is tried again, what is kept in mind until it is
 * back, and what a person is told when it is not.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { hasLeftSomething, whatWasBefore } from '../../agent/shell/installers/before.ts'
import { makeDatabase } from '../../agent/shell/installers/debian/dpkg-database.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { patchBundle } from '../../agent/shell/installers/patch-bundle.ts'
import { dpkg, fails, InstallTasks, isThere, select, succeeds } from '../support/install-tasks.ts'
import { buildPackage, cannotInstall } from '../support/real-packages.ts'

const { install, revert } = patchBundle
const BECOMES = (version: string): string =>
  `mkdir -p "$PATCHMESH_ROOT/opt/fixture"; echo ${version} > "$PATCHMESH_ROOT/opt/fixture/version"`
const HALF_DONE = `${BECOMES('0.9-broken')}; exit 1`
/** Ends badly until somebody has mended it. */
const WHEN_MENDED = (otherwise: string): string =>
  `test -e "$PATCHMESH_ROOT/mended" || { ${otherwise}; }; ${BECOMES('0.5')}`

const PURGE = 'dpkg --root="$PATCHMESH_ROOT" --log=/dev/null --purge hello'
const CONFFILES = { conffiles: '/etc/hello.conf\n' }

describe('The way back from a patch bundle', () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  /** 0.5 is there, and the patch fails in the middle. */
  async function failed(revertProgram?: string): Promise<InstallTask> {
    const programs = revertProgram === undefined ? {} : { revert: revertProgram }
    const task = await tasks.forBundle({ install: HALF_DONE, ...programs })
    await put(task, 'opt/fixture/version', '0.5\n')
    fails(await install(task), /status 1/)
    return task
  }

  test('X9: a revert program that asks to be tried again is for now, and what was before is kept', async () => {
    const task = await failed(WHEN_MENDED('echo later; exit 75'))
    const outcome = await revert(task)
    assert.equal(outcome.temporary, true)
    assert.equal(
      outcome.reason,
      'the revert program ended with status 75; now version 0.9-broken is there, and version 0.5 was before; mend what the revert program complains of and order the patch again, or the one that brings version 0.5',
    )
    await put(task, 'mended', '')
    const back = await revert(task)
    succeeds(back)
    assert.equal(back.reason, 'version 0.5 is there, as before')
    assert.equal(await whatWasBefore(task.scratch), null)
  })

  test('X9: a revert program that a signal ends is for now', async () => {
    const task = await failed(WHEN_MENDED('kill -9 $$'))
    const outcome = await revert(task)
    fails(outcome, /the revert program was ended by the signal SIGKILL; now version 0\.9-broken is there/)
    assert.equal(outcome.temporary, true)
    await put(task, 'mended', '')
    succeeds(await revert(task))
  })

  test('X9: after a revert that failed for good, a later attempt still goes back to what was there first', async () => {
    const task = await failed(WHEN_MENDED('exit 1'))
    const outcome = await revert(task)
    fails(outcome, /status 1; now version 0\.9-broken is there, and version 0\.5 was before/)
    assert.equal(outcome.temporary, false)
    assert.equal(await hasLeftSomething(task.scratch), true)
    fails(await install(task), /status 1/)
    assert.equal((await whatWasBefore(task.scratch))?.installedVersion, '0.5')
    await put(task, 'mended', '')
    succeeds(await revert(task))
    assert.equal(await readFile(join(task.root, 'opt/fixture/version'), 'utf8'), '0.5\n')
    assert.equal(await hasLeftSomething(task.scratch), false)
  })

  test('X9: a later attempt begins anew when somebody has brought another version since', async () => {
    const task = await failed(WHEN_MENDED('exit 1'))
    fails(await revert(task), /status 1/)
    await put(task, 'opt/fixture/version', '0.7\n')
    fails(await install(task), /status 1/)
    assert.equal((await whatWasBefore(task.scratch))?.installedVersion, '0.7')
  })

  test('X21: a patch without a way back says what is there and which patch brings back what was', async () => {
    const outcome = await revert(await failed())
    assert.equal(
      outcome.reason,
      'the patch promises no way back, so what it did stays: now version 0.9-broken is there, and version 0.5 was before; order the patch that brings version 0.5',
    )
  })

  test('X21: a revert program that ends well and brings nothing back is not believed', async () => {
    const outcome = await revert(await failed('exit 0'))
    assert.equal(
      outcome.reason,
      'the revert program ended well, but now version 0.9-broken is there, and version 0.5 was before; order the patch that brings version 0.5',
    )
    assert.equal(outcome.temporary, false)
  })

  describe('Where the bundle is detected by dpkg', { skip: cannotInstall() }, () => {
    /** hello 1 is half configured or removed, and the bundle's program fails. */
    async function failedOver(revertProgram: string, ...words: readonly string[]): Promise<InstallTask> {
      const task = await tasks.forBundle({ install: 'exit 1', revert: revertProgram }, 'hello')
      await makeDatabase(task.root)
      const own = { name: 'hello', version: '1', brings: { '/etc/hello.conf': 'mine\n' }, control: CONFFILES }
      const file = await buildPackage(join(task.scratch, '..'), own)
      for (const word of words) await dpkg(task, word, word === '--unpack' || word === '--install' ? file : 'hello')
      fails(await install(task), /status 1/)
      return task
    }

    test('X21: half a package that the revert program takes off is not as before, and both are named', async () => {
      const outcome = await revert(await failedOver(PURGE, '--unpack'))
      assert.equal(outcome.ok, false)
      assert.equal(
        outcome.reason,
        'the revert program ended well, but now no version is there, and before the patch hello 1 is unpacked but not configured (iU); order the patch that brings version 1',
      )
    })

    test('X21: configuration files that the revert program purges are not as before', async () => {
      const outcome = await revert(await failedOver(PURGE, '--install', '--remove'))
      fails(
        outcome,
        /now no version is there, and before the patch hello is removed, and its configuration files are kept \(rc\)/,
      )
    })

    test('X4: a hold on the package that the bundle brings is told, and no program of it runs', async () => {
      const task = await tasks.forBundle({ install: 'touch "$PATCHMESH_ROOT/ran"', revert: 'exit 0' }, 'hello')
      await makeDatabase(task.root)
      const file = await buildPackage(join(task.scratch, '..'), { name: 'hello', version: '1' })
      await dpkg(task, '--install', file)
      await select(task, 'hello hold')
      const outcome = await install(task)
      fails(outcome, /^hello 1 is installed and on hold, and an install would lift the hold; lift it/)
      assert.equal(outcome.untouched, true)
      assert.equal(await isThere(join(task.root, 'ran')), false)
    })

    test('X6: half a package that the revert program leaves alone is as before', async () => {
      const outcome = await revert(await failedOver('exit 0', '--unpack'))
      succeeds(outcome)
      assert.equal(outcome.reason, 'hello 1 is unpacked but not configured (iU), as before')
    })
  })
})

async function put({ root }: InstallTask, path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), content)
}
