/**
 * A topology as real processes on loopback, and what `simulate` says to who types it wrongly.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { carriedMarks } from '../../simulator/processes/run-mark.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { eventually } from '../support/eventually.ts'

const ONE = fileURLToPath(new URL('../../simulator/topologies/one-data-center.yaml', import.meta.url))
const THOUSAND = fileURLToPath(new URL('../../simulator/topologies/thousand-data-centers.yaml', import.meta.url))

describe('simulate --real', () => {
  test('replicates and installs, with an appliance killed on the way', async () => {
    const words = ['simulate', ONE, '--real', '--install', '--faults', 'some', '--patch-bytes', '1 MiB', '--json']
    const { status, stdout, stderr } = await patchmesh(words)
    assert.equal(status, 0, stderr)
    const { mode, patchBytes, replications, ratio, wanFactor, install, faultsHappened } = JSON.parse(stdout)
    assert.equal(mode, 'loopback')
    assert.equal(patchBytes, 1024 * 1024)
    assert.deepEqual(replications, { complete: 2, total: 2 })
    assert.deepEqual(install, { state: 'done', installed: 4, total: 4 })
    assert.deepEqual(faultsHappened, { kills: 1, linkDowns: 0 })
    assert.equal(ratio, null)
    assert.deepEqual(wanFactor, { mean: null, max: null })
  })

  test('leaves no process and no folder when it is killed outright', {
    skip: process.platform !== 'linux',
  }, async () => {
    const child = spawn(LAUNCHER, ['simulate', ONE, '--real', '--keep'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    const left = (): string[] =>
      [...carriedMarks(), ...readdirSync(tmpdir())].filter((name) => name.includes(`pm${child.pid}t`))
    await eventually('the run stays up', () => told.includes('Ctrl-C stops everything'))
    assert.equal(left().length, 2)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    await eventually('everything of the run is gone', () => left().length === 0)
  })
})

describe('simulate', () => {
  const wrong: [title: string, words: string[], status: number, sentence: RegExp][] = [
    ['no topology', [], 2, /^patchmesh: TOPOLOGY\.yaml is missing; see patchmesh simulate --help\n$/],
    ['two topologies', ['a', 'b'], 2, /^patchmesh: there is nothing to do with "b"; see/],
    ['an unknown option', ['a', '--fast'], 2, /^patchmesh: Unknown option '--fast'; see/],
    ['a seed that is no number', ['a', '--seed', 'x'], 2, /--seed takes a whole number from 0 to 4294967295, not "x"/],
    [
      'a size that is none',
      ['a', '--patch-bytes', 'big'],
      2,
      /--patch-bytes "big" is no number of bytes, and not a size/,
    ],
    ['a size of zero', ['a', '--patch-bytes', '0'], 2, /--patch-bytes takes a whole number from 1 to \d+, not "0"/],
    ['an unknown word of faults', ['a', '--faults', 'many'], 2, /--faults takes none, some or all, not "many"/],
    ['all faults for processes', ['a', '--real', '--faults', 'all'], 2, /--faults all is for virtual time only/],
    ['a page for processes', ['a', '--real', '--report', 'x.html'], 2, /--report is for virtual time only/],
    ['an outage without an install', ['a', '--allow-outage'], 2, /--allow-outage goes with --install; see/],
    [
      'a page that cannot be written, before it runs',
      [ONE, '--report', '/nowhere/x.html'],
      1,
      /^patchmesh: the report cannot be written to \/nowhere\/x\.html: .*; name a file in a folder that is there\n$/,
    ],
    ['keeping up what is virtual', ['a', '--keep'], 2, /--keep goes with --real or --isolate/],
    [
      'a file that is not there',
      ['/nowhere.yaml'],
      1,
      /^patchmesh: the topology \/nowhere\.yaml cannot be read: there is/,
    ],
    ['a file that is no topology', ['/etc/hostname'], 1, /^patchmesh: \/etc\/hostname:1: the file is /],
    [
      'more processes than a machine holds',
      [THOUSAND, '--real'],
      1,
      /has 2000 appliances, and --real starts at most 200/,
    ],
  ]
  for (const [title, words, expected, sentence] of wrong) {
    test(`refuses ${title}, in one line, with status ${expected}`, async () => {
      const { status, stdout, stderr } = await patchmesh(['simulate', ...words])
      assert.match(stderr, sentence)
      assert.match(stderr, /^[^\n]+\n$/)
      assert.equal(stdout, '')
      assert.equal(status, expected)
    })
  }

  test('tells with --help what each number means', async () => {
    const { status, stdout } = await patchmesh(['simulate', '--help'])
    assert.equal(status, 0)
    assert.match(stdout, /makespan is the time from the end of\s+the upload/)
  })
})
