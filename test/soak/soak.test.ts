/**
 * A short soak; `npm run soak` is the long one.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { DEADLINE } from '../support/eventually.ts'

test('N27 peers that come and go leave no reader, socket or memory behind', DEADLINE, async () => {
  const script = new URL('./soak.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '300'])
  assert.equal(stdout.match(/ 0 readers$/gm)?.length, 10, stdout)
})
