/**
 * Archives inside of a patch are files like any other: nothing looks into them, so what they would unpack to, or where,
 * harms nobody.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { unpackPayload } from '../../agent/shell/installers/unpack-payload.ts'
import { inspectDebianPackage } from '../../controller/shell/intake/debian-package.ts'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { bundleFixture, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { arArchive, CONTROL, debianMembers } from '../support/debian-fixtures.ts'
import { type TarFixture, tarArchive } from '../support/tar-fixtures.ts'

const HOSTILE: TarFixture[] = [
  { name: '../../../../../tmp/escaped', content: 'x' },
  { name: 'link', type: '2', linkName: '/etc' },
  { name: 'link/passwd', content: 'x' },
]
/** Refused, or far too large, wherever somebody unpacks them; the last is an archive in archives. */
const ARCHIVES: Readonly<Record<string, Buffer>> = {
  'hostile.tar': tarArchive(HOSTILE),
  'hostile.patch': bundleFixture({ payload: [SCRIPT, ...HOSTILE] }),
  'hostile.deb': arArchive(debianMembers({ data: HOSTILE })),
  'bomb.gz': gzipSync(Buffer.alloc(128 * 1024 * 1024)),
  'bomb.tar.gz.gz': gzipSync(
    gzipSync(tarArchive([{ name: 'bomb.gz', content: gzipSync(Buffer.alloc(128 * 1024 * 1024)) }])),
  ),
}

test('U18 archives within a bundle come out as they went in', async () => {
  const entries = Object.entries(ARCHIVES).map(([name, content]) => ({ name: `payload/${name}`, content }))
  const bundle = bundleFixture({ payload: [SCRIPT, ...entries] })
  const manifest = await inspectBundle(chunked(bundle))
  assert.ok(!isRefusal(manifest), JSON.stringify(manifest))
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-nested-'))
  try {
    await unpackPayload(chunked(bundle), folder)
    const found = (await readdir(folder, { recursive: true })).sort()
    assert.deepEqual(found, ['install', ...Object.keys(ARCHIVES)].sort())
    for (const [name, content] of Object.entries(ARCHIVES)) {
      assert.ok(content.equals(await readFile(path.join(folder, name))), name)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('U18 a package needs the room of the archives in it, not of what is in those', async () => {
  const data = Object.entries(ARCHIVES).map(([name, content]) => ({ name: `./opt/${name}`, content }))
  const control = [
    { name: './control', content: `${CONTROL.filter((line) => !line.startsWith('Installed-Size')).join('\n')}\n` },
  ]
  const draft = await inspectDebianPackage(chunked(arArchive(debianMembers({ control, data }))))
  assert.ok(!isRefusal(draft), JSON.stringify(draft))
  const room = Object.values(ARCHIVES).reduce((sum, { byteLength }) => sum + byteLength, 0)
  assert.equal(draft.diskBytes, room)
})
