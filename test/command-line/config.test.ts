/**
 * The YAML files of both daemons: what is wrong with one is said with its line and what was meant, what the package brings is
 * right, the guide's tables are the schemas, and SIGHUP changes what it can.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AGENT, AgentConfig } from '../../agent/shell/config/agent-config.ts'
import { readConfigFile, WrongConfig } from '../../agent/shell/config/config-file.ts'
import { nearestName } from '../../agent/shell/config/nearest-name.ts'
import type { Daemon } from '../../agent/shell/config/places.ts'
import { rowsOf } from '../../agent/shell/config/setting.ts'
import { exampleFile, settingsTable } from '../../agent/shell/config/showing.ts'
import { journalLine } from '../../agent/shell/log.ts'
import { CONTROLLER, ControllerConfig } from '../../controller/controller-config.ts'
import { runController } from '../support/agent-run.ts'
import { patchmesh } from './run-patchmesh.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-config-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function written(name: string, text: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}

/** What is wrong with it, a line each. */
async function problems({ schema }: Daemon, text: string): Promise<string[]> {
  const file = await written('read.yaml', text)
  try {
    await readConfigFile(schema, file)
    return []
  } catch (error) {
    assert.ok(error instanceof WrongConfig, String(error))
    return error.problems.map(({ line, message }) => `${line}: ${message}`)
  }
}

describe('a file with anything wrong in it is refused, with the line, the place and what was meant', () => {
  const long = Array.from(
    { length: 200 },
    (_, at) => `a${at}: &x${at} [${at === 0 ? '1' : `*x${at - 1}, *x${at - 1}`}]`,
  )
  for (const [what, daemon, text, expected] of [
    ['an unknown key', AGENT, 'data: /x\nlissten: []\n', [/^2: Unrecognized key: "lissten"; did you mean listen\?$/]],
    ['letters exchanged', AGENT, 'chekcs: []', [/did you mean checks\?$/]],
    ['a name as the command line has it', CONTROLLER, 'tls-cert: /x', [/did you mean tlsCert\?$/]],
    ['another case', CONTROLLER, 'behindtlsproxy: true', [/did you mean behindTlsProxy\?$/]],
    ['a name that is like none', CONTROLLER, 'colour: red', [/"colour"; there are data, database, http/]],
    [
      'an unknown key further in',
      AGENT,
      'switchover:\n  release:\n    program: /x\n    timeout: 3',
      [/^4: switchover\.release: .*did you mean timeoutSeconds\?$/],
    ],
    [
      'an unknown key of a check',
      AGENT,
      'checks:\n  - { name: a, http: "http://x", stauts: 200 }',
      [/^2: checks\.0: .*did you mean status\?$/],
    ],
    ['another kind of value', CONTROLLER, 'http: 8080', [/^1: http: .*expected string/]],
    [
      'a number out of bounds',
      AGENT,
      '\n\nsilenceSeconds: 3',
      [/^3: silenceSeconds: Too small: expected number to be >=25/],
    ],
    [
      'a key that is there twice',
      AGENT,
      'data: /x\ndata: /y',
      [/^2: is not YAML as it has to be: Map keys must be unique/],
    ],
    ['a list that does not end', AGENT, 'listen: [', [/^1: is not YAML/]],
    ['a list in place of settings', AGENT, '- data', [/expected object/]],
    ['two documents', AGENT, 'data: /x\n---\ndata: /y', [/is not YAML/]],
    ['an alias that unfolds without end', AGENT, long.join('\n'), [/Excessive alias count/]],
    [
      'all of it at once',
      CONTROLLER,
      'htp: x\ndata: ""\nlogLevel: loud',
      [/^1: .*did you mean http/, /^2: data: /, /^3: logLevel: /],
    ],
  ] as const) {
    test(what, async () => {
      const found = await problems(daemon, text)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [at, pattern] of expected.entries()) assert.match(found[at] ?? '', pattern)
    })
  }

  test('a file that is not there, and one that is too large', async () => {
    const there = readConfigFile(AgentConfig, path.join(folder, 'none.yaml'))
    await assert.rejects(there, /none\.yaml: cannot be read: ENOENT.*; correct it, patchmesh config check/)
    assert.match((await problems(AGENT, `#${' '.repeat(1_048_576)}`))[0] ?? '', /1048576 at most are read/)
  })
})

describe('a file that is right is taken', () => {
  for (const daemon of [AGENT, CONTROLLER]) {
    test(`that of the package of the ${daemon.name}, with each comment opened too`, async () => {
      const text = await exampleFile(daemon.schema, { title: 'x', given: { data: '/var/lib/x' } })
      assert.deepEqual(await problems(daemon, text), [])
      assert.deepEqual(await problems(daemon, text.replaceAll(/^#(?! \S)/gm, '')), [])
      assert.equal(rowsOf(daemon.schema).length, [...text.matchAll(/^#?\w+:/gm)].length)
    })

    test(`an empty one of the ${daemon.name}, and one of comments only`, async () => {
      assert.deepEqual(await problems(daemon, ''), [])
      assert.deepEqual(await problems(daemon, '# nothing\n'), [])
    })
  }

  test('those of the release before', async () => {
    const agent =
      'listen: [/ip4/0.0.0.0/tcp/4002]\nannounce: []\ninstallRoot: /\nconnectionsAtMost: 4\nproveEveryHours: 9'
    assert.deepEqual(await problems(AGENT, `${agent}\nprimaryPatienceSeconds: 9\nsilenceSeconds: 30\nchecks: []`), [])
    const center = 'http: 127.0.0.1:1\ntlsCert: a\ntlsKey: b\nbehindTlsProxy: false\norigins: [https://a.example]'
    assert.deepEqual(await problems(CONTROLLER, `${center}\nmesh: []\nannounce: []\nsilenceSeconds: 30`), [])
  })
})

test('a name is suggested only where it is near', () => {
  const names = ['listen', 'announce', 'timeoutSeconds', 'http']
  const cases = {
    lsiten: 'listen',
    Announce: 'announce',
    timeout: 'timeoutSeconds',
    htttp: 'http',
    zzz: null,
    te: null,
  }
  for (const [given, expected] of Object.entries(cases)) assert.equal(nearestName(given, names), expected, given)
})

test('the tables of the guide are the schemas', async () => {
  const guide = await readFile(path.join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  for (const schema of [AgentConfig, ControllerConfig])
    assert.ok(guide.includes(settingsTable(schema)), settingsTable(schema))
})

describe('patchmesh config check', () => {
  test('says that a file is right, and whose it is by its name', async () => {
    const file = await written('controller.yaml', 'http: 127.0.0.1:8080\n')
    assert.deepEqual(await patchmesh(['config', 'check', file]), {
      status: 0,
      stdout: `${file}: right, for the controller\n`,
      stderr: '',
    })
  })

  test('says all that is wrong, as lines and as JSON', async () => {
    const file = await written('agent.yaml', 'data: /x\nhttp: y\nlogLevel: loud\n')
    const { status, stdout } = await patchmesh(['config', 'check', file])
    assert.equal(status, 1)
    assert.match(stdout, /^.*agent\.yaml:2: .*"http".*\n.*agent\.yaml:3: logLevel: .*\n$/)
    const told = await patchmesh(['config', 'check', file, '--json'])
    const [{ daemon, problems: listed }] = JSON.parse(told.stdout)
    assert.deepEqual([told.status, daemon, listed.map(({ line }: { line: number }) => line)], [1, 'agent', [2, 3]])
  })

  test('wants to know whose file it is, where its name does not say so', async () => {
    const file = await written('other.yaml', 'data: /x\n')
    const { status, stderr } = await patchmesh(['config', 'check', file])
    assert.equal(status, 2)
    assert.match(stderr, /say whose file .*other\.yaml is, with --for agent or controller/)
    assert.equal((await patchmesh(['config', 'check', file, '--for', 'agent'])).status, 0)
    assert.equal((await patchmesh(['config', 'check', file, '--for', 'nobody'])).status, 2)
  })

  test('a daemon says the same when it starts, and starts not', async () => {
    const file = await written('agent.yaml', 'data: /x\nlissten: []\nlogLevel: loud\n')
    const { status, stderr } = await patchmesh(['agent', '--config', file])
    assert.equal(status, 2)
    assert.match(
      stderr,
      /^patchmesh: .*agent\.yaml:2: .*did you mean listen\? \(and 1 more\); correct it, patchmesh config/,
    )
  })
})

test('an option on the command line goes before the file, and the file says the rest', async () => {
  const unreachable = 'http: 203.0.113.1:1\nmesh: [/ip4/203.0.113.1/tcp/1]\n'
  const file = await written('controller.yaml', `data: ${path.join(folder, 'center')}\n${unreachable}`)
  const { stdout, stderr } = await runController(['--config', file])
  assert.match(stdout, /^ready http=http:\/\/127\.0\.0\.1:\d+ mesh=\/ip4\/127\.0\.0\.1\//, stderr)
})

test('the token of the first start may come from the environment', async () => {
  const words = ['agent', '--data', path.join(folder, 'appliance')]
  assert.match((await patchmesh(words)).stderr, /this appliance is not enrolled: start it once with --token/)
  const { status, stderr } = await patchmesh(words, { environment: { PATCHMESH_TOKEN: 'pm1.nonsense' } })
  assert.equal(status, 1)
  assert.doesNotMatch(stderr, /is not enrolled: start it once/)
  assert.match(stderr, /token/)
})

test('in the journal a line has its priority, its words and its fields', () => {
  const line = '{"level":40,"time":1,"pid":2,"name":"agent","file":"/x","msg":"a word"}\n'
  assert.equal(journalLine(line), '<4>a word {"file":"/x"}\n')
  assert.equal(journalLine('{"level":60,"time":1,"msg":"ends"}\n'), '<2>ends\n')
  assert.equal(journalLine('{"level":20,"event":"tick"}\n'), '<7>{"event":"tick"}\n')
})
