import assert from 'node:assert/strict'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Inspection } from '../../controller/shell/intake/inspection.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { bundleFixture } from '../support/bundle-fixtures.ts'
import { flipBit, places } from '../support/chunked-bytes.ts'
import { buildDebianPackage } from '../support/debian-fixtures.ts'

const folder = await mkdtemp(join(tmpdir(), 'proven-parts-'))
after(() => rm(folder, { recursive: true }))

/** What is said of a file that was received as `received`, where the disk then holds each of `onDisk`. */
async function prove(received: Uint8Array, onDisk: readonly Uint8Array[]) {
  const path = join(folder, 'upload')
  await writeFile(path, received)
  const file = await open(path, 'r+')
  const inspection = new Inspection({ path, descriptor: file.fd, expectedBytes: received.byteLength })
  try {
    inspection.report({ bytes: received.byteLength, complete: true })
    const verdict = await inspection.verdict()
    assert.ok(!isRefusal(verdict), JSON.stringify(verdict))
    const said: unknown[] = []
    for (const bytes of onDisk) {
      await writeFile(path, bytes)
      said.push(await inspection.prove(verdict).catch((error: Error) => error.message))
    }
    return said
  } finally {
    await inspection.end()
    await file.close()
  }
}

test('what was received is proven from disk, a bundle and a package', async () => {
  for (const received of [bundleFixture(), buildDebianPackage({})])
    assert.deepEqual(await prove(received, [received]), [null])
})

test('a bit that the disk gives back otherwise is found wherever it is, and no fault of the upload', async () => {
  for (const received of [bundleFixture(), buildDebianPackage({})]) {
    const wrong = places(24, received.byteLength).map((place, index) => flipBit(received, place, index % 8))
    for (const said of await prove(received, wrong))
      assert.match(String(said), /^the disk gives back other bytes than were written: [0-9a-f]{64} instead of/)
  }
})

test('a file that the disk gives back shortened is found, in any part of it', async () => {
  const received = bundleFixture()
  const short = [0, 700, received.byteLength - 1025, received.byteLength - 1].map((end) => received.subarray(0, end))
  for (const said of await prove(received, short)) assert.match(String(said), /gives back other bytes/)
})

test('another bundle that is right in itself is not taken for the one that was received', async () => {
  const other = bundleFixture({ manifest: { name: 'other' } })
  const [said] = await prove(bundleFixture(), [other])
  assert.match(String(said), /gives back other bytes/)
})
