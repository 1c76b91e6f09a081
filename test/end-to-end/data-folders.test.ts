/**
 * The table of the data folders (docs/data-folders.md) against the folders of real processes: whatever lies there, while
 * they work and after they have ended, is in it, with what happens when it is missing, empty, torn, older or foreign.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { slotOf } from '../support/fleet-slots.ts'

const TABLE = join(import.meta.dirname, '../../docs/data-folders.md')
const COLUMNS = ['file', 'what it is', 'missing', 'empty', 'torn', 'older', 'foreign']
/** What the words of the table stand for. */
const WORDS: Record<string, string> = { SHA256: '[0-9a-f]{64}', ID: '[0-9a-f]{32}', NAME: '[^/]+', '…': '.+' }

type Section = 'Of an agent' | 'Of the Service Center'

function rowsOf(section: Section): string[][] {
  const text = readFileSync(TABLE, 'utf8').split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `') || line.startsWith('| file'))
    .map((line) => line.slice(2, -2).split(' | '))
}

function patternsOf(section: Section): RegExp[] {
  return rowsOf(section)
    .slice(1)
    .map(([file = '']) => {
      const words = file.replaceAll('`', '').split(/(SHA256|ID|NAME|…)/)
      // What begins with a dot may lie in any of the folders.
      const where = file.startsWith('`.') ? '(?:.+/)?' : ''
      return new RegExp(`^${where}${words.map((word) => WORDS[word] ?? word.replaceAll('.', '\\.')).join('')}$`)
    })
}

describe('the table of the data folders', () => {
  for (const section of ['Of an agent', 'Of the Service Center'] as const) {
    test(`${section.toLowerCase()} says of each file what happens when it is not as it was`, () => {
      const [head, ...rows] = rowsOf(section)
      assert.deepEqual(head, COLUMNS)
      assert.ok(rows.length > 10)
      for (const row of rows) assert.ok(row.length === COLUMNS.length && row.every((cell) => cell !== ''), row.join())
    })
  }
})

describe('R11 every file that real processes keep is in the table', () => {
  let fleet: Fleet
  let work: string
  before(async () => {
    work = mkdtempSync(join(tmpdir(), 'patchmesh-folders-'))
    fleet = await Fleet.start()
    const paris = { dataCenter: 'Paris', role: 'primary' } as const
    const slots = [
      slotOf({ ...paris, name: 'depot', organization: 'Provider', kind: 'service-provider' }),
      slotOf({ ...paris, name: 'tenant', organization: 'Org', kind: 'tenant' }),
    ]
    await fleet.addAll(slots)
    const out = join(work, 'a.patch')
    await writeExampleBundle({ name: 'a', version: '1.0.0', bytes: 2_000_000, out })
    const { id } = await fleet.api.upload(out)
    await fleet.until(
      '1/1',
      () => fleet.api.patch(id),
      ({ replications }) => replications.complete === 1,
    )
    await beginUpload()
    await fleet.api.startInstall({ patch: id, organizations: ['Org'], dataCenter: 'Paris', allowOutage: true })
  })
  after(async () => {
    await fleet.stop()
    rmSync(work, { recursive: true })
  })

  async function beginUpload(): Promise<void> {
    const headers = {
      ...{ authorization: fleet.authorization, 'tus-resumable': '1.0.0', 'upload-length': '1000' },
      'upload-metadata': `filename ${Buffer.from('b.patch').toString('base64')}`,
    }
    const { status } = await fetch(`${fleet.url}/api/v1/uploads`, { method: 'POST', headers })
    assert.equal(status, 201)
  }

  function unnamed(section: Section, folder: string): string[] {
    const patterns = patternsOf(section)
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((path) => !path.startsWith('root') && isFile(join(folder, path)))
      .filter((path) => !patterns.some((pattern) => pattern.test(path)))
  }

  /** Files come and go while processes work. */
  const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

  test('while they work, and when they have ended', async () => {
    const look = (): void => {
      assert.deepEqual(unnamed('Of the Service Center', join(fleet.folder, 'service-center')), [])
      for (const name of ['depot', 'tenant']) assert.deepEqual(unnamed('Of an agent', fleet.folderOf(name)), [])
    }
    await fleet.until(
      'the install has ended',
      async () => {
        look()
        return fleet.api.installs()
      },
      ([install]) => install !== undefined && !isUnderWay(install.state),
    )
    for (const name of ['depot', 'tenant']) await fleet.daemon(name).stop()
    await fleet.serviceCenter.stop()
    look()
  })
})
