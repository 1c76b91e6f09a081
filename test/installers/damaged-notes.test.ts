/**
 * R11 for what an install notes in its working folder: a note that is damaged is named with what to do, and its folder is
 * kept as it is, since what was on the appliance before the patch is known from nowhere else.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hasLeftSomething, rememberBefore, whatWasBefore } from '../../agent/shell/installers/before.ts'
import { findingsOf } from '../../agent/shell/installers/debian/rehearsal/findings.ts'
import { settleProgram, workingProgram } from '../../agent/shell/installers/program-record.ts'
import { Scratch } from '../../agent/shell/scratch.ts'
import { asSha256, sha256 } from '../../protocol/hashing.ts'
import { cut, empty, fillWithText } from '../support/damage.ts'

const base = mkdtempSync(join(tmpdir(), 'patchmesh-notes-'))
after(() => rmSync(base, { recursive: true }))
const patch = asSha256(sha256(Buffer.from('a patch')))

const READERS = {
  'before.json': whatWasBefore,
  'rehearsal.json': findingsOf,
  'running-program.json': (scratch: string) => workingProgram(scratch),
} as const

for (const [file, read] of Object.entries(READERS)) {
  for (const [what, damage] of Object.entries({ 'is a text': fillWithText, 'is empty': empty })) {
    test(`R11: a ${file} that ${what} is named with what to do`, async () => {
      const scratch = mkdtempSync(join(base, 'scratch-'))
      writeFileSync(join(scratch, file), '{}')
      damage(join(scratch, file))
      await assert.rejects(
        async () => read(scratch),
        new RegExp(
          `The file ${join(scratch, file)} is damaged: .*\\. Look at what is installed .* remove ${scratch} and`,
        ),
      )
    })
  }
}

test('R11: a program of which the note is cut is not taken for one that has ended', async () => {
  const scratch = mkdtempSync(join(base, 'scratch-'))
  writeFileSync(join(scratch, 'running-program.json'), JSON.stringify({ pid: process.pid, startTime: 1, mark: 'm' }))
  cut(join(scratch, 'running-program.json'), -5)
  await assert.rejects(settleProgram(scratch, 1), /running-program\.json is damaged/)
  assert.ok(existsSync(join(scratch, 'running-program.json')))
})

test('R11: at the start a folder with such a note is kept with a word, and the others are cleared away', async () => {
  const folder = mkdtempSync(join(base, 'install-'))
  const other = asSha256(sha256(Buffer.from('another')))
  const words: string[] = []
  const scratch = new Scratch(folder, { warn: (_, line) => words.push(line) })
  for (const each of [patch, other]) mkdirSync(scratch.folderOf(each))
  const before = { installedVersion: '1.0', configurationFiles: false, audit: [], package: null, files: [] }
  await rememberBefore(scratch.folderOf(patch), '', async () => ({ ...before, taken: { entries: [], lists: [] } }))
  cut(join(scratch.folderOf(patch), 'before.json'), -3)
  await scratch.clear((each) => hasLeftSomething(scratch.folderOf(each)))
  assert.deepEqual([existsSync(scratch.folderOf(patch)), existsSync(scratch.folderOf(other))], [true, false])
  assert.match(words.join(), /^a working folder is kept as it is: The file .*before\.json is damaged/)
})
