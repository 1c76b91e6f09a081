/**
 * The checks of an operator with real programs and real addresses: whatever they do, each is an answer within its time, and
 * nothing of them goes on.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CheckResult } from '../../agent/core/events.ts'
import { Checks } from '../../agent/shell/checks/check-config.ts'
import { OperatorChecks } from '../../agent/shell/checks/operator-checks.ts'
import { livingProcess } from '../../agent/shell/installers/process-tree.ts'
import { eventually } from '../support/eventually.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchmesh-checks-'))
})
after(() => rm(folder, { recursive: true, force: true }))

type Words = Record<string, unknown>

function ask(...checks: Words[]): Promise<CheckResult[]> {
  const named = checks.map((check, at) => ({ name: `check ${at + 1}`, ...check }))
  return new OperatorChecks({ checks: Checks.parse(named), folder: join(folder, 'notes'), root: folder }).ask()
}

/** A shell script of the operator. */
async function script(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return file
}

const isGone = async (file: string): Promise<boolean> => livingProcess(Number(await readFile(file, 'utf8'))) === null

describe('a program', () => {
  test('that ends with 0 is good, and gets its arguments as they are, the root, and nothing to read', async () => {
    const program = await script('good', 'printf "%s|" "$@" "$PATCHMESH_ROOT"; cat')
    const [result] = await ask({ program, arguments: ['a b', '$HOME', ''] })
    assert.deepEqual(result, {
      ...{ name: 'check 1', ok: true, reason: `${program} ended well` },
      output: `a b|$HOME||${folder}|`,
    })
  })

  test('that ends otherwise is bad, with its status and the end of what it said', async () => {
    const program = await script('bad', 'echo begins; echo "no route to the peer" >&2; exit 3')
    const [result] = await ask({ program })
    assert.equal(result?.ok, false)
    assert.equal(result?.reason, `${program} ended with status 3`)
    assert.equal(result?.output, 'begins\nno route to the peer\n')
  })

  test('that hangs is ended after its time with all that it has started, also in a session of its own', async () => {
    const program = await script(
      'hangs',
      `trap "" TERM; setsid sh -c 'trap "" TERM; echo $$ > ${folder}/far; while :; do sleep 1; done' & echo $$ > ${folder}/near; while :; do sleep 1; done`,
    )
    const [result] = await ask({ program, timeoutSeconds: 1 })
    assert.equal(result?.ok, false)
    assert.match(result?.reason ?? '', /did not end within 1 s and was killed with everything it had started$/)
    assert.ok((await isGone(join(folder, 'near'))) && (await isGone(join(folder, 'far'))))
  })

  test('that ends and leaves something running leaves nothing', async () => {
    const pid = join(folder, 'left')
    const program = await script(
      'forks',
      `setsid sh -c 'echo $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 600' & while [ ! -e ${pid} ]; do sleep 0.05; done`,
    )
    const [result] = await ask({ program })
    assert.equal(result?.ok, true)
    assert.ok(await isGone(pid))
  })

  test('that prints a gigabyte is read to its end, and its last words are what is told', async () => {
    const program = await script('prints', 'head -c 1073741824 /dev/zero | tr "\\0" x; echo; echo the end; exit 1')
    const [result] = await ask({ program, timeoutSeconds: 600 })
    assert.match(result?.reason ?? '', /ended with status 1$/)
    assert.ok((result?.output.length ?? 0) <= 300)
    assert.match(result?.output ?? '', /xxx\nthe end\n$/)
  })

  test('that is not there, or is none, is bad and named', async () => {
    await writeFile(join(folder, 'text'), 'no program')
    const [gone, text] = await ask({ program: join(folder, 'nowhere') }, { program: join(folder, 'text') })
    assert.deepEqual([gone?.ok, text?.ok], [false, false])
    assert.match(gone?.reason ?? '', /nowhere ended with status 12[67]$/)
    assert.match(text?.reason ?? '', /text ended with status 126$/)
  })

  test('that an agent which was killed has left is ended before the next one is asked', async () => {
    const program = await script('stays', `echo $$ > ${folder}/stays.pid; while :; do sleep 1; done`)
    const checks = Checks.parse([{ name: 'stays', program, timeoutSeconds: 600 }])
    const options = { checks, folder: join(folder, 'notes'), root: folder }
    const first = new OperatorChecks(options).ask()
    await eventually('it runs', async () => (await readFile(join(folder, 'stays.pid'), 'utf8')).endsWith('\n'))
    await writeFile(program, '#!/bin/sh\nexit 0\n')
    const [result] = await new OperatorChecks(options).ask()
    assert.equal(result?.ok, true)
    assert.ok(await isGone(join(folder, 'stays.pid')))
    assert.equal((await first)[0]?.ok, false)
  })
})

test('a note of an earlier program that is damaged keeps no check from being asked', async () => {
  const program = await script('after', 'exit 0')
  await writeFile(join(folder, 'notes', 'running-program.json'), '{ torn')
  assert.equal((await ask({ program }))[0]?.ok, true)
})

describe('an address', () => {
  const servers: Server[] = []
  after(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function serving(listener: RequestListener): Promise<string> {
    const server = createServer(listener)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
  }

  test('that answers the status that is expected is good', async () => {
    const asked: string[] = []
    const http = await serving((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(asked.length === 1 ? 200 : 204).end()
    })
    const [first, second] = await ask({ http }, { http, status: 204 })
    assert.deepEqual([first?.ok, second?.ok], [true, true])
    assert.deepEqual(asked, ['GET /health', 'GET /health'])
  })

  test('that answers 500 is bad, with the status and the beginning of what it says', async () => {
    const http = await serving((_, response) => response.writeHead(500).end('the database is away\n'))
    const [result] = await ask({ http })
    assert.deepEqual(result, {
      ...{ name: 'check 1', ok: false, reason: `${http} answers 500, and 200 is expected` },
      output: 'the database is away\n',
    })
  })

  test('that points elsewhere is followed nowhere', async () => {
    const http = await serving((request, response) =>
      request.url === '/health' ? response.writeHead(302, { location: '/other' }).end() : response.writeHead(200).end(),
    )
    const [result] = await ask({ http })
    assert.match(result?.reason ?? '', /answers 302, and 200 is expected$/)
  })

  test('that never answers, and one whose answer never ends, are left when their time is over', async () => {
    const silent = await serving(() => {})
    const endless = await serving((_, response) => {
      response.writeHead(503)
      const drip = setInterval(() => response.write('x'), 50)
      response.once('close', () => clearInterval(drip))
    })
    const [never, drips] = await ask({ http: silent, timeoutSeconds: 1 }, { http: endless, timeoutSeconds: 1 })
    for (const result of [never, drips]) {
      assert.equal(result?.ok, false)
      assert.match(result?.reason ?? '', /did not answer within 1 s$/)
    }
  })

  test('that answers a gigabyte is not read further than is told', async () => {
    const chunk = 'y'.repeat(65_536)
    const http = await serving((_, response) => {
      response.writeHead(500)
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const [result] = await ask({ http })
    assert.match(result?.reason ?? '', /answers 500/)
    assert.equal(result?.output, 'y'.repeat(300))
  })

  test('where nobody listens, or somebody who speaks no HTTP, is bad and says why', async () => {
    const server = createSocketServer((socket) => socket.resume().end('what?\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const [odd] = await ask({ http: `http://127.0.0.1:${port}` })
    await new Promise((resolve) => server.close(resolve))
    const [nobody] = await ask({ http: `http://127.0.0.1:${port}` })
    assert.match(odd?.reason ?? '', /does not answer: .*(Parse Error|HPE_)/)
    assert.match(nobody?.reason ?? '', /does not answer: .*ECONNREFUSED/)
  })
})

describe('a configuration', () => {
  const vpn = { name: 'vpn', program: '/usr/bin/true' }
  for (const { what, checks, says } of [
    {
      what: 'with a word that nobody knows',
      checks: [{ ...vpn, programm: 'x' }],
      says: 'Unrecognized key: "programm"',
    },
    {
      what: 'with a program and an address',
      checks: [{ ...vpn, http: 'http://127.0.0.1' }],
      says: 'Unrecognized key: "program"',
    },
    {
      what: 'of a program without its whole path',
      checks: [{ ...vpn, program: 'true' }],
      says: 'must be the whole path',
    },
    {
      what: 'of an address that is none of HTTP',
      checks: [{ name: 'a', http: 'file:///etc/passwd' }],
      says: 'must be an address that begins with http',
    },
    { what: 'without a name', checks: [{ program: '/usr/bin/true' }], says: 'name' },
    {
      what: 'with a name that would forge a line',
      checks: [{ ...vpn, name: 'a\nb' }],
      says: 'must be 1 to 40 letters',
    },
    { what: 'with one name twice', checks: [vpn, vpn], says: 'must have names of their own' },
    { what: 'with a time-out of an hour', checks: [{ ...vpn, timeoutSeconds: 3600 }], says: '600' },
    {
      what: 'with more checks than there may be',
      checks: Array.from({ length: 17 }, (_, at) => ({ ...vpn, name: `c${at}` })),
      says: '16',
    },
    {
      what: 'whose checks may take an hour together',
      checks: Array.from({ length: 6 }, (_, at) => ({ ...vpn, name: `c${at}`, timeoutSeconds: 600 })),
      says: 'at most 600 seconds together',
    },
    { what: 'that is no list', checks: vpn, says: 'expected array' },
  ])
    test(`${what} is refused with a sentence`, () => {
      const parsed = Checks.safeParse(checks)
      const told = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n') ?? ''
      assert.ok(!parsed.success && told.includes(says), told)
    })
})
