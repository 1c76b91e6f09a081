/**
 * `patches upload --resume` and `uploads`, with a Service Center in this process.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

let folder: string
let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-uploads-'))
  fleet = await emptyFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

async function bundle(name: string): Promise<string> {
  const out = path.join(folder, `${name}.patch`)
  await writeExampleBundle({ name, bytes: 4_000_000, out })
  return out
}

/** What an upload of the file leaves that is cut after so many bytes. */
async function interrupted(file: string, bytes: number): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const { uploads } = fleet.serviceCenter
  const lastModified = Math.floor(mtimeMs)
  const begun = await uploads.create({ owner: 'script', filename: path.basename(file), bytes: size, lastModified })
  assert.ok(!isRefusal(begun))
  async function* body() {
    yield (await readFile(file)).subarray(0, bytes)
  }
  const cut = await uploads.append({ id: begun.id, owner: 'script', offset: 0, body: body(), announced: undefined })
  assert.ok(!isRefusal(cut))
  return begun.id
}

test('an interrupted upload is listed, and --resume goes on with it', async () => {
  const file = await bundle('listed')
  const id = await interrupted(file, 1_500_000)
  const { stdout } = await patchmesh(['uploads', 'list'], { environment })
  assert.match(stdout, new RegExp(`^listed\\.patch +1\\.5 MB +4\\.0 MB +\\S+ \\S+ +${id}$`, 'm'))
  const { status, stdout: printed, stderr } = await patchmesh(['patches', 'upload', file, '--resume'], { environment })
  assert.equal(status, 0, stderr)
  assert.match(printed, /^listed@1\.0\.0 {2}[0-9a-f]{64}\n$/)
  const after = await patchmesh(['uploads', 'list'], { environment })
  assert.match(after.stdout, /No upload was interrupted\./)
})

test('an upload is begun anew where what arrived is of another file', async () => {
  const file = await bundle('swapped')
  const id = await interrupted(await bundle('other'), 1_500_000)
  const wrong = await interrupted(file, 1000)
  assert.notEqual(id, wrong)
  const { status, stderr } = await patchmesh(['patches', 'upload', file, '--resume', '--json'], { environment })
  assert.equal(status, 0, stderr)
  assert.deepEqual(
    fleet.serviceCenter.uploads.of('script').map((upload) => upload.id),
    [id],
  )
  const discarded = await patchmesh(['uploads', 'discard', id, '--yes'], { environment })
  assert.equal(discarded.stdout, `discarded ${id}\n`)
  assert.deepEqual(fleet.serviceCenter.uploads.of('script'), [])
})

test('--resume goes on by itself when the Service Center can be reached again', async () => {
  const file = await bundle('patient')
  const port = Number(new URL(app.url).port)
  await app.close()
  const uploading = patchmesh(['patches', 'upload', file, '--resume'], { environment })
  app = await serveApp(fleet, { port })
  const { status, stdout, stderr } = await uploading
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^patient@1\.0\.0 /)
})

test('--resume says why a file is refused, and keeps nothing', async () => {
  const { status, stderr } = await patchmesh(['patches', 'upload', import.meta.filename, '--resume'], { environment })
  assert.equal(status, 1)
  assert.match(stderr, /The file is .*; a patch bundle \(\.patch\) or a Debian package \(\.deb\) is accepted\./)
  assert.deepEqual(fleet.serviceCenter.uploads.files(), [])
})
