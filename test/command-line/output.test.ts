/**
 * What the client commands print, and how they end: the same values in every form, nothing that a terminal would act on
 * in any, and the statuses of the one list.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { parse } from 'yaml'
import { HELP as ON_APPLIANCE } from '../../agent/other-command.ts'
import { DETAILED_NOTE, exitRows } from '../../agent/shell/command-line/exit-status.ts'
import { COMMANDS } from '../../controller/cli/commands.ts'
import { fullHelp } from '../../controller/cli/help.ts'
import { commandsPage } from '../../controller/package/manual-pages.ts'
import { provide } from '../support/machine.ts'
import { patchmesh } from './run-patchmesh.ts'

const ROOT = path.join(import.meta.dirname, '../..')
/** Words that a parser of YAML 1.1 would take for something else, and text that a terminal would act on. */
const sessions = [
  { id: '0123', name: 'no', startedAt: '2026-11-30T19:00:00Z', usedAt: '2026-11-30T19:00:00Z', origin: '1e3' },
  {
    id: 'x',
    name: '\u001b[31mred\u009b2J\u202e',
    startedAt: '2026-11-30T19:00:00Z',
    usedAt: 'a\nb\t\u{e0001}',
    origin: '~',
  },
]

let server: ServerType
let environment: Record<string, string>
before(async () => {
  await provide('script')
  const app = new Hono()
  const refusal = (code: string) => ({ error: { code, message: `it is ${code}`, hint: 'Look.', requestId: 'r' } })
  app.get('/api/v1/sessions', (c) => c.json(sessions))
  app.get('/api/v1/patches/:patch', (c) => c.json(refusal('not_found'), 404))
  app.get('/api/v1/people', (c) => c.json(refusal('forbidden'), 403))
  app.get('/api/v1/windows', (c) => c.json(refusal('unauthenticated'), 401))
  app.get('/api/v1/publishers', (c) => c.json(refusal('in_use'), 409))
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => resolve(port))
  })
  environment = { PATCHMESH_SERVER: `http://127.0.0.1:${port}`, PATCHMESH_API_TOKEN: 't' }
})
after(() => void server.close())

describe('what a command shows', () => {
  test('is the same as JSON, with --json and -o json, and as YAML', async () => {
    const [long, short, yaml] = await Promise.all(
      [['--json'], ['-o', 'json'], ['--output=yaml']].map((form) =>
        patchmesh(['sessions', 'list', ...form], { environment }),
      ),
    )
    assert.deepEqual(JSON.parse(long?.stdout ?? ''), sessions)
    assert.equal(short?.stdout, long?.stdout)
    assert.deepEqual(parse(yaml?.stdout ?? ''), sessions)
    assert.deepEqual(parse(yaml?.stdout ?? '', { version: '1.1' }), sessions)
  })

  test('has nothing in it that a terminal would act on, in any form', async () => {
    for (const form of ['json', 'yaml', 'table']) {
      const { stdout } = await patchmesh(['sessions', 'list', '-o', form], { environment })
      assert.doesNotMatch(stdout, /(?!\n)[\p{Cc}\p{Cf}]/u, form)
      assert.match(stdout, /red/)
    }
  })

  for (const [words, sentence] of [
    [['-o', 'xml'], /--output "xml" is none of json, yaml, table\./],
    [['--json', '-o', 'yaml'], /--json and --output yaml do not go together\./],
  ] as const) {
    test(`is nothing for ${words.join(' ')}, which is wrong usage`, async () => {
      const { status, stdout, stderr } = await patchmesh(['sessions', 'list', ...words], { environment })
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, sentence)
    })
  }

  test('has its headings in bold at a terminal alone, and not where NO_COLOR is set', async () => {
    const at = async (more: Record<string, string>): Promise<string> => {
      const words = ['-qec', `${ROOT}/patchmesh sessions list`, '/dev/null']
      const run = promisify(execFile)('script', words, {
        env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...environment, ...more },
      })
      return (await run).stdout
    }
    assert.ok((await at({})).startsWith('\u001b[1mID    NAME'))
    for (const none of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.match(await at(none), /^ID {4}NAME/)
    assert.match((await patchmesh(['sessions', 'list'], { environment })).stdout, /^ID {4}NAME/)
  })

  test('can be had in each form from every command that prints JSON, but for exports that have their own', () => {
    const without = Object.values(COMMANDS)
      .flat()
      .filter(({ options }) => ('server' in options || 'json' in options) && !('output' in options))
    assert.deepEqual(
      without.map(({ name }) => name),
      ['trail export'],
    )
  })
})

describe('how a command ends', () => {
  const ends: [words: string[], plainly: number, inDetail: number][] = [
    [['patches', 'show', 'x@1'], 1, 3],
    [['people', 'list'], 1, 4],
    [['windows', 'list'], 1, 4],
    [['publishers', 'list'], 1, 1],
    [['patches', 'list', '--server', 'http://127.0.0.1:9'], 1, 5],
    [['sessions', 'list'], 0, 0],
    [['sessions', 'list', '--frob'], 2, 2],
  ]
  for (const [words, plainly, inDetail] of ends) {
    test(`is ${plainly}, or in detail ${inDetail}, for: ${words.join(' ')}`, async () => {
      const detailed = { ...environment, PATCHMESH_EXIT_STATUS: 'detailed' }
      assert.equal((await patchmesh(words, { environment })).status, plainly)
      assert.equal((await patchmesh(words, { environment: detailed })).status, inDetail)
    })
  }

  test('is listed alike in both helps, in the manual page and on the page of the command line', async () => {
    const page = await readFile(path.join(ROOT, 'docs/command-line.md'), 'utf8')
    for (const [status, meaning] of exitRows()) {
      assert.ok(
        page.includes(`\n| ${status} | ${meaning} |\n`),
        `docs/command-line.md has no row for ${status}: ${meaning}`,
      )
      const manual = commandsPage(fullHelp(COMMANDS).join('\n'), [], { version: '1', date: '2026-11-30' })
      assert.ok(manual.replaceAll('\\-', '-').includes(`\n  ${status}  ${meaning}\n`), `the manual page: ${meaning}`)
      for (const help of [ON_APPLIANCE, fullHelp(COMMANDS).join('\n')])
        assert.ok(help.includes(`\n  ${status}  ${meaning}\n`), meaning)
    }
    assert.equal(page.match(/^\| \d+ \| /gm)?.length, exitRows().length)
    assert.ok(page.includes(DETAILED_NOTE))
  })
})

test('a question waits for nobody where input ends, and tells the word to add', async () => {
  const { status, stdout, stderr } = await patchmesh(['limits', 'set', '--service-center', '--none'], { environment })
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /\? Patches may fill it at once\. \[y\/N\] Nothing was lifted: nobody answered\. Add --yes\.\n$/)
})
