/**
 * The form with which a browser uploads where no script runs: it streams as the API does; whatever is no such form is
 * refused, leaves nothing, and takes nobody else down.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

const LIST = '/appliances/software-updates'

let fleet: Fleet
let app: ServedApp
let cookie: string
let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-form-'))
  fleet = await standardFleet()
  app = await serveApp(fleet)
  cookie = await app.cookie()
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

async function bundle(name: string): Promise<Buffer> {
  const out = path.join(folder, `${name}.patch`)
  await writeExampleBundle({ name, bytes: 4 * 1024 * 1024, out })
  return readFile(out)
}

function send(body: BodyInit, type?: string): Promise<Response> {
  const headers = { Cookie: cookie, Origin: app.url, ...(type === undefined ? {} : { 'Content-Type': type }) }
  return fetch(`${app.url}${LIST}`, { method: 'POST', headers, body, redirect: 'manual' })
}

const storedNames = (): string[] =>
  [...fleet.serviceCenter.state.patches.values()].map(({ publication }) => publication.name)

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code
}

const head = (more = '') => `--x\r\nContent-Disposition: form-data; name="file"; filename="a.patch"${more}\r\n\r\n`
const MULTIPART = 'multipart/form-data; boundary=x'

test('several files are taken in one after the other; those before a refused one stay', async () => {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(await bundle('first'))]), 'first.patch')
  form.append('file', new Blob(['no patch']), 'second.patch')
  form.append('file', new Blob([new Uint8Array(await bundle('third'))]), 'third.patch')
  const answer = await send(form)
  assert.equal(answer.status, 422)
  assert.match(await answer.text(), /second\.patch.*plain text file/)
  assert.deepEqual(storedNames(), ['first'])
})

test('U37 names given twice, nested parts and what is no file change nothing about what the bytes are', async () => {
  const twice = `${head("; filename*=UTF-8''b; filename*=c")}y\r\n--x--\r\n`
  const nested = `${head('\r\nContent-Type: multipart/mixed; boundary=y')}--y\r\n\r\nz\r\n--y--\r\n--x--\r\n`
  for (const form of [twice, nested]) assert.equal(await codeOf(await send(form, MULTIPART)), 'not_a_patch')
  assert.equal(await codeOf(await send('--x\r\n\r\ny\r\n--x--\r\n', MULTIPART)), 'empty_file')
})

test('U37 no boundary, a huge one, a huge header and ten thousand parts are refused', async () => {
  assert.equal(await codeOf(await send('y', 'multipart/form-data')), 'bad_request')
  assert.equal(await codeOf(await send('y', `multipart/form-data; boundary=${'b'.repeat(5000)}`)), 'bad_request')
  assert.equal(await codeOf(await send('y', 'text/plain')), 'bad_request')
  assert.equal(await codeOf(await send('', MULTIPART)), 'bad_request')
  const parts = Array.from(
    { length: 10_000 },
    (_, index) => `--x\r\nContent-Disposition: form-data; name="p${index}"\r\n\r\ny\r\n`,
  )
  assert.equal(await codeOf(await send(`${parts.join('')}--x--\r\n`, MULTIPART)), 'bad_field')
  assert.equal(
    await codeOf(await send(`--x\r\nX-Huge: ${'h'.repeat(1_000_000)}\r\n\r\ny\r\n--x--\r\n`, MULTIPART)),
    'empty_file',
  )
})

test('U32 a form that is cut anywhere leaves nothing', async () => {
  const file = await bundle('cut')
  const whole = Buffer.concat([Buffer.from(head()), file, Buffer.from('\r\n--x--\r\n')])
  for (const share of [0.01, 0.5, 0.999]) {
    const short = whole.subarray(0, Math.floor(whole.byteLength * share))
    // once as a body that ends early, once as a connection that does
    assert.notEqual((await send(new Uint8Array(short), MULTIPART)).status, 200)
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    const lines = [`POST ${LIST} HTTP/1.1`, 'Host: localhost', `Origin: http://localhost`, `Cookie: ${cookie}`]
    socket.write(`${lines.join('\r\n')}\r\nContent-Type: ${MULTIPART}\r\nContent-Length: ${whole.byteLength}\r\n\r\n`)
    await new Promise<void>((resolve) => socket.write(short, () => resolve()))
    socket.destroy()
  }
  assert.ok(!storedNames().includes('cut'))
  assert.equal((await send(new Uint8Array(whole), MULTIPART)).status, 200)
  assert.ok(storedNames().includes('cut'))
  const isLetGo = async () => (await readdir(fleet.folder)).every((name) => !name.startsWith('upload-'))
  // Here no upload is ever too slow, so it is the end of its connection that lets it go.
  await eventually('nothing unfinished is left', isLetGo)
})

test('a large wrong file is refused though most of it was never read', async () => {
  const answer = await send(new Blob([head(), new Uint8Array(64 * 1024 * 1024), '\r\n--x--\r\n']), MULTIPART)
  assert.equal(await codeOf(answer), 'not_a_patch')
})

test(
  'U37 what comes after the end of the form is read and changes nothing, and the form is answered',
  DEADLINE,
  async () => {
    for (const after of ['--x\r\n', `${head()}y`, `${head()}y\r\n--x--\r\n`, 'y'.repeat(300_000)])
      assert.equal(await codeOf(await send(`--x--\r\n${after}`, MULTIPART)), 'empty_file')
  },
)

test('U37 of more files than a form takes none is passed over in silence', async () => {
  const form = new FormData()
  for (let sent = 0; sent <= 100; sent++) form.append('file', new Blob([]), sent < 100 ? '' : 'last.patch')
  assert.equal(await codeOf(await send(form)), 'bad_field')
})
