/**
 * `npm run seeds` as its users type it: what it says of wrong words, and that it ends quietly, with all its processes,
 * when nobody listens any more.
 */
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { SOURCES } from '../../simulator/planted/text-change.ts'
import { eventually } from '../support/eventually.ts'

function start(words: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--import', 'tsx', join(SOURCES, 'simulator/seeds.ts'), ...words], { cwd: SOURCES })
}

async function run(...words: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = start(words)
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { status, stdout, stderr }
}

/** Linux lists them; elsewhere there is nothing to look at. */
function childrenOf(pid: number | undefined): number[] {
  const list = `/proc/${pid}/task/${pid}/children`
  return existsSync(list) ? readFileSync(list, 'utf8').split(' ').filter(Boolean).map(Number) : []
}

function isRunning(pid: number): boolean {
  const status = `/proc/${pid}/stat`
  return existsSync(status) && !readFileSync(status, 'utf8').includes(') Z ')
}

describe('npm run seeds', () => {
  test('--help names every option', async () => {
    const { status, stdout, stderr } = await run('--help')
    assert.deepEqual([status, stderr], [0, ''])
    for (const option of 'count from processes without settled seed trace only until planted search help'.split(' '))
      assert.match(stdout, new RegExp(`^  --${option} .* --${option}`, 'm'))
  })

  const mistakes: [words: string, sentence: string][] = [
    ['--cuont 3', "Unknown option '--cuont'"],
    ['--count', "Option '--count <value>' argument missing"],
    ['--count 0', '--count takes a whole number from 1 to 4294967295, not "0"'],
    ['--seed x', '--seed takes a whole number from 0 to 4294967295, not "x"'],
    ['--seed 3 --count 2', '--count does not go with --seed'],
    ['--planted --seed 3', '--seed does not go with --planted'],
    ['--trace', '--trace does not go with many seeds'],
    ['--seed 3 --only 1,x', '--only takes a whole number from 0 to 4294967295, not "x"'],
    ['--without rain', 'there is no kind of fault "rain"'],
    ['--planted weeds', 'no planted bug is called "weeds"'],
    ['7', 'there is nothing to do with "7"'],
  ]
  for (const [words, sentence] of mistakes) {
    test(`${words}: one line, and exit status 2`, async () => {
      const { status, stdout, stderr } = await run(...words.split(' '))
      assert.deepEqual([status, stdout], [2, ''])
      assert.equal(stderr, `npm run seeds: ${sentence}; see npm run seeds -- --help\n`)
    })
  }

  test('ends without a word, and with all its processes, when it is interrupted', async () => {
    const child = start(['--count', '100000', '--processes', '2'])
    const stderr = text(child.stderr)
    await once(child.stderr, 'readable')
    const workers = childrenOf(child.pid)
    child.kill('SIGINT')
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGINT')
    await eventually('the end of the processes that ran seeds', () => !workers.some(isRunning))
    assert.match(await stderr, /^(\d+ of 100000 seeds, \d+ faults, 0 failures\n)+$/)
  })

  test('ends without a word when the pipe is closed', async () => {
    const child = start(['--seed', '3', '--trace'])
    const stderr = text(child.stderr)
    child.stdout.destroy()
    const [status] = await once(child, 'exit')
    assert.deepEqual([status, await stderr], [0, ''])
  })
})
