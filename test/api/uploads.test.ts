/**
 * Uploads that survive a cut, over real connections: what a tus client asks and is answered.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { MAX_PATCH_BYTES } from '../../protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type RawAnswer, rawRequest } from '../support/raw-request.ts'

let fleet: Fleet
let app: ServedApp
let token: string
let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-uploads-'))
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
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

function ask(method: string, address: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Response> {
  return fetch(`${app.url}${address}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Tus-Resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  })
}

async function begin(filename: string, bytes: number): Promise<string> {
  const metadata = `filename ${Buffer.from(filename).toString('base64')},lastModified ${Buffer.from('7').toString('base64')}`
  const begun = await ask('POST', '/api/v1/uploads', { 'Upload-Length': String(bytes), 'Upload-Metadata': metadata })
  assert.equal(begun.status, 201, await begun.text())
  return begun.headers.get('location') ?? ''
}

const part = (offset: number) => ({
  'Content-Type': 'application/offset+octet-stream',
  'Upload-Offset': String(offset),
})

/** Announces all of it and sends so much of it; what is given cuts the connection. */
function sendPart(address: string, body: Buffer, bytes: number): () => void {
  const headers = { ...part(0), Authorization: `Bearer ${token}`, 'Content-Length': body.byteLength }
  const sending = request(`${app.url}${address}`, { method: 'PATCH', headers })
  sending.on('error', () => 'it was cut on purpose')
  sending.write(body.subarray(0, bytes))
  return () => sending.destroy()
}

test('says which version of tus is spoken', async () => {
  const other = await ask('POST', '/api/v1/uploads', { 'Tus-Resumable': '0.2.2', 'Upload-Length': '1' })
  assert.equal(other.status, 412)
  assert.equal(other.headers.get('tus-version'), '1.0.0')
})

test('U32 a client that vanishes finds everything that arrived, and no ghost is in the list', async () => {
  const bytes = await bundle('vanished')
  const address = await begin('vanished.patch', bytes.byteLength)
  const vanish = sendPart(address, bytes, 2_000_000)
  const list = async () =>
    (await (await ask('GET', '/api/v1/uploads')).json()) as { offset: number; filename: string; sending: boolean }[]
  const seen = await eventually(
    'something has arrived',
    async () => (await list()).find(({ offset }) => offset > 0)?.offset,
  )
  vanish()
  await eventually('it is known that it has gone', async () => (await list())[0]?.sending === false)
  const arrived = Number((await ask('HEAD', address)).headers.get('upload-offset'))
  const [unfinished] = await list()
  assert.deepEqual([unfinished?.filename, unfinished?.offset], ['vanished.patch', arrived])
  assert.ok(arrived >= seen && arrived <= 2_000_000, `${arrived} bytes are kept, and ${seen} were there before`)
  assert.equal((await ask('GET', '/api/v1/patches/vanished@1.0.0')).status, 404)
  const done = await ask('PATCH', address, part(arrived), bytes.subarray(arrived))
  assert.equal(done.status, 204)
  assert.equal(done.headers.get('upload-offset'), String(bytes.byteLength))
  const { patch, created } = (await (await ask('GET', address)).json()) as { patch: string; created: boolean }
  const { id } = (await (await ask('GET', '/api/v1/patches/vanished@1.0.0')).json()) as { id: string }
  assert.deepEqual([patch, created], [id, true])
  assert.deepEqual(await (await ask('GET', '/api/v1/uploads')).json(), [])
})

test('U33 a wrong offset is answered 409 with the right one', async () => {
  const bytes = await bundle('offset')
  const address = await begin('offset.patch', bytes.byteLength)
  assert.equal((await ask('PATCH', address, part(0), bytes.subarray(0, 1000))).status, 204)
  const wrong = await ask('PATCH', address, part(500), bytes.subarray(500))
  assert.equal(wrong.status, 409)
  assert.equal(wrong.headers.get('upload-offset'), '1000')
  assert.equal((await ask('PATCH', address, part(1000), bytes.subarray(1000))).status, 204)
})

test("U33 another's upload is 404", async () => {
  const address = await begin('mine.patch', 1000)
  const headers = { Cookie: await app.cookie(), Origin: app.url }
  for (const method of ['GET', 'HEAD', 'DELETE', 'PATCH']) {
    const asked = { method, headers: method === 'PATCH' ? { ...headers, ...part(0) } : headers }
    assert.equal((await fetch(`${app.url}${address}`, asked)).status, 404, method)
  }
  assert.equal((await ask('DELETE', address)).status, 204)
  assert.equal((await ask('HEAD', address)).status, 404)
})

test('U37 U36 refuses a form, a packed part, and what is no number', async () => {
  const address = await begin('strict.patch', 1000)
  const wrong: [string, string, Record<string, string>][] = [
    ['PATCH', address, { ...part(0), 'Content-Type': 'multipart/form-data; boundary=x' }],
    ['PATCH', address, { ...part(0), 'Content-Encoding': 'gzip' }],
    ['PATCH', address, { ...part(0), 'Upload-Offset': '-1' }],
    ['PATCH', address, { ...part(0), 'Upload-Offset': '1e3' }],
    ['POST', '/api/v1/uploads', { 'Upload-Length': 'NaN' }],
    ['POST', '/api/v1/uploads', { 'Upload-Length': '10' }],
  ]
  for (const [method, at, headers] of wrong)
    assert.equal((await ask(method, at, headers, Buffer.from('x'))).status, 400, JSON.stringify(headers))
  assert.equal((await ask('PATCH', address, part(0), Buffer.alloc(1001))).status, 422)
  assert.equal((await ask('HEAD', address)).headers.get('upload-offset'), '0')
})

/** A raw upload, exactly as written. */
function post(headers: Record<string, string>, body: Buffer): Promise<RawAnswer> {
  const sent = { Authorization: `Bearer ${token}`, ...headers }
  return rawRequest(`${app.url}/api/v1/patches?filename=a.patch`, { method: 'POST', headers: sent, body })
}

test('U36 takes a file that waits for 100 Continue, and one that comes in chunks', async () => {
  const bytes = await bundle('expects')
  assert.equal((await post({ Expect: '100-continue' }, bytes)).status, 201)
  const bytesInChunks = await bundle('chunked')
  const chunked = await fetch(`${app.url}/api/v1/patches?filename=a.patch`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: new Blob([new Uint8Array(bytesInChunks)]).stream(),
    duplex: 'half',
  } as RequestInit)
  assert.equal(chunked.status, 201)
})

test('U37 a form is no patch, whatever is inside, and leaves nothing', async () => {
  const file = await bundle('formed')
  const part = (name: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"; filename*=a; filename*=b\r\n\r\n`
  const forms = [
    Buffer.concat([Buffer.from(part('file')), file, Buffer.from('\r\n--x--\r\n')]),
    Buffer.from(Array.from({ length: 10_000 }, (_, index) => `${part(`p${index}`)}y\r\n`).join('')),
    Buffer.from(`--x\r\nX-Huge: ${'h'.repeat(1_000_000)}`),
  ]
  for (const form of forms) {
    for (const type of ['multipart/form-data; boundary=x', 'multipart/form-data', 'multipart/mixed; boundary=y']) {
      const answer = await post({ 'Content-Type': type }, form)
      assert.equal(answer.status, 422, answer.body)
      assert.equal(JSON.parse(answer.body).error.code, 'not_a_patch')
    }
  }
  assert.equal((await ask('GET', '/api/v1/patches/formed@1.0.0')).status, 404)
})

test('U40 a length above the limit is answered 413 before anything is sent', async () => {
  const filename = Buffer.from('huge.patch').toString('base64')
  const headers = { 'Upload-Length': String(MAX_PATCH_BYTES + 1), 'Upload-Metadata': `filename ${filename}` }
  assert.equal((await ask('POST', '/api/v1/uploads', headers)).status, 413)
})

test('a file that is no patch is refused in a sentence, though most of it never came', async () => {
  const address = await begin('holiday.patch', 10_000_000)
  const refused = await ask('PATCH', address, part(0), Buffer.from('GIF89a'.padEnd(600)))
  assert.equal(refused.status, 422)
  const { error } = (await refused.json()) as { error: { code: string; message: string } }
  assert.equal(error.code, 'not_a_patch')
  assert.match(error.message, /is a GIF image/)
})

test('U29 the same file again is told apart from a new one', async () => {
  const bytes = await bundle('twice')
  const created = []
  for (const turn of ['first', 'second']) {
    const address = await begin(`${turn}.patch`, bytes.byteLength)
    assert.equal((await ask('PATCH', address, part(0), bytes)).status, 204)
    created.push(((await (await ask('GET', address)).json()) as { created: boolean }).created)
  }
  assert.deepEqual(created, [true, false])
})
