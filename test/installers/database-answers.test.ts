/**
 * dpkg's answers about its database, which are kept while nobody touches it: whoever does is seen at once.
 */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Answer } from '../../agent/shell/installers/ask-program.ts'
import { askDatabase } from '../../agent/shell/installers/debian/database-answers.ts'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import { auditDatabase } from '../../agent/shell/installers/debian/dpkg-audit.ts'
import { databaseFolder, packageStates } from '../../agent/shell/installers/debian/dpkg-database.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { eventually } from '../support/eventually.ts'
import { dpkg, InstallTasks, succeeds } from '../support/install-tasks.ts'
import { cannotInstall } from '../support/real-packages.ts'

describe("dpkg's answers", { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  function ask({ root }: InstallTask): Promise<Answer | null> {
    const database = databaseFolder(root)
    return askDatabase(database, 'dpkg-query', `--admindir=${database}`, '--show', '--showformat=${Version}', 'pp')
  }

  /** An appliance on which a package was installed long enough ago for answers to be kept. */
  async function settled(): Promise<InstallTask> {
    const task = await tasks.forPackage({ name: 'pp', version: '1' }, 'empty')
    succeeds(await debianPackage.install(task))
    await eventually('an answer is kept', async () => (await ask(task)) === (await ask(task)))
    return task
  }

  test('are not asked for again while nobody has touched the database', async () => {
    const task = await settled()
    const known = await ask(task)
    assert.equal(await ask(task), known)
    assert.equal(known?.text, '1')
  })

  test('X23: are asked for again as soon as another dpkg has worked', async () => {
    const task = await settled()
    const next = await tasks.next(task, { name: 'pp', version: '2' })
    await dpkg(task, '--install', next.file)
    assert.equal((await ask(task))?.text, '2')
    await dpkg(task, '--purge', 'pp')
    assert.deepEqual(await packageStates(task.root, 'pp'), [])
  })

  test('X23: are asked for again when somebody has edited the status by hand', async () => {
    const task = await settled()
    const status = join(databaseFolder(task.root), 'status')
    const text = await readFile(status, 'utf8')
    await writeFile(status, text.replace('Version: 1\n', 'Version: 7\n'))
    assert.equal((await ask(task))?.text, '7')
  })

  test('X8: are asked for again when a list of files is gone', async () => {
    const task = await settled()
    await eventually('the audit finds nothing', async () => (await auditDatabase(task.root)).length === 0)
    await rm(join(databaseFolder(task.root), 'info/pp.list'))
    assert.match((await auditDatabase(task.root)).map(({ fault }) => fault).join(), /missing the list control file/)
  })

  test('X9: are asked for again when an interrupted dpkg has left a record', async () => {
    const task = await settled()
    const folder = databaseFolder(task.root)
    const stanza = (await readFile(join(folder, 'status'), 'utf8')).trim()
    await writeFile(
      join(folder, 'updates/0001'),
      `${stanza.replace('Status: install ok installed', 'Status: install ok unpacked')}\n`,
    )
    assert.equal((await packageStates(task.root, 'pp'))[0]?.status, 'unpacked')
  })
})
