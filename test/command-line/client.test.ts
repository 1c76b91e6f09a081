import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { sha256Hex } from '../../protocol/hashing.ts'
import { patchmesh } from './run-patchmesh.ts'

/** What a server that stands in for the Service Center was asked. */
type Asked = { method: string; path: string; body: string; bytes: number; authorization: string | undefined }

const ID = sha256Hex(Buffer.from('a patch'))
const patch = {
  id: ID,
  name: 'example',
  version: '1.0.0',
  architecture: null,
  bytes: 3_000_000,
  sha256: ID,
  uploadedAt: '2026-11-22T17:03:00.000Z',
  uploadedBy: 'ann',
  replications: { complete: 3, total: 4 },
  newAppliances: 1,
  supersededBy: null,
  condition: 'replicating',
  trouble: '',
  bytesArrived: 9_000_000,
}
const target = {
  appliance: 'acme-1',
  organization: 'Acme',
  dataCenter: 'Paris',
  kind: 'tenant',
  role: 'primary',
  state: 'failed',
  reason: 'exit status 1',
  output: 'no \u001b[31mspace\u001b[0m left\n',
  installedVersion: null,
}
const install = {
  id: '0'.repeat(32),
  patch: ID,
  name: 'example',
  version: '1.0.0',
  architecture: null,
  state: 'running',
  reason: '',
  organizations: ['Acme'],
  dataCenter: 'All',
  startedAt: patch.uploadedAt,
  startedBy: 'ann',
  installed: 0,
  total: 1,
  mixed: [],
  together: [],
  joinedLater: [],
  ...{ toldAt: patch.uploadedAt, deadline: patch.uploadedAt, expectedEnd: null, waveSoakSeconds: 0 },
  ...{ unprotectedSeconds: 0, pairs: [], openings: [] },
}
const copy = {
  ...{ organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role: 'primary', bytes: 0 },
  ...{ bytesLeft: 3_000_000, bytesPerSecond: 0, sources: [], secondsLeft: null },
}
const preview = {
  targets: 2,
  confirmation: ID,
  notReplicated: [{ ...copy, name: 'paris-1', state: 'waiting', reason: 'not reachable' }],
  ready: 1,
  queued: [{ appliance: 'acme-2', organization: 'Acme', dataCenter: 'Paris', reason: 'no copy yet' }],
  hindered: [{ appliance: 'acme-3', organization: 'Acme', dataCenter: 'Paris', reason: 'the patch needs base first' }],
  outsideWindows: [],
  withoutPeer: [{ appliance: 'acme-5', organization: 'Acme', dataCenter: 'Paris', reason: 'is alone' }],
  needs: [],
  goingBack: [
    { appliance: 'acme-2', organization: 'Acme', dataCenter: 'Paris', reason: 'has 2.0.0, and would go back to 1.0.0' },
  ],
  notApplicable: [{ appliance: 'acme-4', organization: 'Acme', dataCenter: 'Paris', reason: 'for another kind' }],
}

const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-client-'))
const asked: Asked[] = []
let server: ServerType
let environment: Record<string, string> = {}
/** How an install that was started goes on when it is looked at. */
let looks: object[] = []

before(async () => {
  const app = new Hono()
  app.use(async (c, next) => {
    const { method, path } = c.req
    const body = await c.req.text()
    const authorization = c.req.header('authorization')
    asked.push({ method, path, body: body.slice(0, 1000), bytes: Buffer.byteLength(body), authorization })
    return next()
  })
  const refusal = { code: 'not_found', message: 'there is no \u001b[2Jpatch', hint: 'List them.', requestId: 'r' }
  app.get('/api/v1/patches/:patch', (c) => c.json({ error: refusal }, 404))
  app.get('/api/v1/patches/:patch/install-preview', (c) => c.json(preview))
  app.get('/api/v1/patches', (c) => c.json([{ ...patch, name: '\u001b]0;owned\u0007\u202egnp', version: '1' }, patch]))
  app.post('/api/v1/patches', (c) => c.json(patch, 201))
  app.post('/api/v1/installs', (c) => c.json({ ...install, targets: [{ ...target, state: 'queued' }] }, 201))
  app.get('/api/v1/installs/:id', (c) => c.json(looks.length > 1 ? looks.shift() : looks[0]))
  app.get('/api/v1/appliances', (c) => c.html('<h1>Welcome to another program</h1>'))
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => resolve(port))
  })
  environment = { PATCHMESH_SERVER: `http://127.0.0.1:${port}`, PATCHMESH_API_TOKEN: 'the-token' }
})
after(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the client commands', () => {
  test('upload a file whole, with its name and the token, and print JSON alone', async () => {
    asked.length = 0
    const file = path.join(folder, 'a b&c.patch')
    writeFileSync(file, 'x'.repeat(3_000_000))
    const { status, stdout, stderr } = await patchmesh(['patches', 'upload', file, '--json'], { environment })
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), patch)
    assert.match(stderr, /uploaded a b&c\.patch {2}100 % {2}3\.0 MB of 3\.0 MB/)
    assert.deepEqual(
      asked.map(({ method, bytes, authorization }) => ({ method, bytes, authorization })),
      [{ method: 'POST', bytes: 3_000_000, authorization: 'Bearer the-token' }],
    )
  })

  test('upload nothing where there is no file', async () => {
    asked.length = 0
    for (const [file, sentence] of [
      [path.join(folder, 'none.patch'), /cannot be read \(ENOENT\): check the path\./],
      [folder, /is not a file: name the patch file itself\./],
    ] as const) {
      const { status, stderr } = await patchmesh(['patches', 'upload', file], { environment })
      assert.equal(status, 1)
      assert.match(stderr, sentence)
    }
    assert.equal(asked.length, 0)
  })

  test('A29: print names as text, whatever a terminal would make of them', async () => {
    const { stdout } = await patchmesh(['patches', 'list'], { environment })
    assert.doesNotMatch(stdout, /(?!\n)[\p{Cc}\p{Cf}]/u)
    assert.match(stdout, /\\u\{1b\}\]0;owned\\u\{7\}\\u\{202e\}gnp@1/)
  })

  test('align the columns of a list', async () => {
    const { stdout } = await patchmesh(['patches', 'list'], { environment })
    const [heading = '', , line = ''] = stdout.split('\n')
    assert.match(line, /^example@1\.0\.0 +3\.0 MB {2}3\/4, 1 new +replicating +2026-11-22 17:03 +ann +[0-9a-f]{64}$/)
    for (const [word, value] of [
      ['SIZE', '3.0 MB'],
      ['REPLICATIONS', '3/4'],
      ['ID', ID],
    ] as const) {
      assert.equal(heading.indexOf(word), line.indexOf(value), word)
    }
  })

  test('show a refusal with what to do, on one line, and exit 1', async () => {
    const { status, stdout, stderr } = await patchmesh(['patches', 'show', 'missing@1'], { environment })
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.equal(stderr, 'patchmesh: there is no \\u{1b}[2Jpatch. List them.\n')
  })

  test('say so when something else answers', async () => {
    const { status, stderr } = await patchmesh(['appliances', 'list'], { environment })
    assert.equal(status, 1)
    assert.match(stderr, /\(status 200\) is not a Service Center: give its address with --server URL\.\n$/)
  })

  test('start nothing when the answer is no, or when there is nobody to answer', async () => {
    for (const input of ['n\n', '', 'maybe\n']) {
      asked.length = 0
      const words = ['installs', 'start', 'example@1.0.0', '--organization', 'Acme']
      const { status, stdout, stderr } = await patchmesh(words, { environment, input })
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(
        stderr,
        /Warning: the patch is not replicated to 1 appliance yet:\n(.*\n)? +paris-1 +Paris +waiting +3\.0 MB +unknown +Not/,
      )
      assert.match(stderr, /1 target would be queued(.*\n)+ +acme-2 +Acme +no copy yet/)
      assert.match(stderr, /Install example@1\.0\.0 for Acme in all Data Centers, on 2 appliances\? \[y\/N\]/)
      assert.match(stderr, /Nothing was started(: nobody answered\. Add|\. Answer y, or add) --yes\.\n$/)
      assert.deepEqual(
        asked.map(({ method }) => method),
        ['GET'],
      )
    }
  })

  test('start after a yes, with what was chosen', async () => {
    asked.length = 0
    const words = ['installs', 'start', 'example@1.0.0', '--organization', 'A', '--organization', 'B']
    const more = ['--data-center', 'Paris', '--allow-outage']
    const { status, stdout } = await patchmesh([...words, ...more], { environment, input: 'y\n' })
    assert.equal(status, 0)
    assert.equal(stdout, `${install.id}\n`)
    const [, started] = asked
    assert.deepEqual(JSON.parse(started?.body ?? ''), {
      patch: 'example@1.0.0',
      organizations: ['A', 'B'],
      dataCenter: 'Paris',
      allowOutage: true,
      outsideWindows: false,
      first: [],
      waveSoakSeconds: 0,
      confirmation: ID,
    })
  })

  test('follow an install to its end and exit 1 when not all are installed', async () => {
    const halted = { ...install, state: 'halted', reason: 'acme-1 failed' }
    looks = [
      { ...install, targets: [{ ...target, state: 'installing' }] },
      { ...halted, targets: [{ ...target, state: 'verifying' }] },
      { ...halted, targets: [target] },
    ]
    const words = ['installs', 'start', 'example@1.0.0', '--organization', 'Acme', '--yes', '--wait']
    const { status, stdout, stderr } = await patchmesh(words, { environment })
    assert.equal(status, 7)
    assert.match(stderr, /running: 0\/1 installed; acme-1 installing\nhalted: 0\/1 installed; acme-1 verifying\n/)
    assert.match(
      stderr,
      /patchmesh: 0 of 1 appliances have the patch \(halted: acme-1 failed\)\. See patchmesh installs/,
    )
    assert.match(stdout, /acme-1 printed:\n {2}no space left\n$/)
  })

  test('follow an install to its end and exit 0 when all are installed', async () => {
    looks = [{ ...install, state: 'done', installed: 1, targets: [{ ...target, state: 'installed', output: '' }] }]
    const words = ['installs', 'start', 'example@1.0.0', '--organization', 'Acme', '--yes', '--wait', '--json']
    const { status, stdout } = await patchmesh(words, { environment })
    assert.equal(status, 0)
    assert.equal(JSON.parse(stdout).state, 'done')
  })
})
