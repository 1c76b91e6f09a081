/**
 * The piece store on a real disk, and the one in memory that stands for it in virtual time, under one contract; and what
 * only files can show.
 */
import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, mock, test } from 'node:test'
import { isNoSpace } from '../../agent/shell/disk-space.ts'
import { PieceStore } from '../../agent/shell/piece-store.ts'
import { sha256Hex, toHex } from '../../protocol/hashing.ts'
import { pieceRange } from '../../protocol/pieces.ts'
import { SimulatedStore } from '../../simulator/world/simulated-store.ts'
import { indexesIn, pieceStoreContract, samplePatch, writePieces } from './piece-store-contract.ts'

const base = mkdtempSync(join(tmpdir(), 'patchmesh-pieces-'))
const opened: PieceStore[] = []
after(async () => {
  for (const store of opened) await store.close()
  rmSync(base, { recursive: true, force: true })
})
const newPlace = () => mkdtempSync(join(base, 'data-'))

async function openStore(place: string): Promise<PieceStore> {
  const store = await PieceStore.open(place)
  opened.push(store)
  return store
}

/** Writes into the file that holds the patch now, finished or not. */
function overwrite(place: string, sha256: string, offset: number, bytes: Uint8Array): void {
  const file = [join(place, 'partial', sha256), join(place, 'store', sha256)].find((path) => existsSync(path))
  assert.ok(file)
  put(file, bytes, offset)
}

function put(file: string, bytes: Uint8Array, offset: number): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.byteLength, offset)
  closeSync(descriptor)
}

pieceStoreContract('on a disk', {
  newPlace,
  open: openStore,
  damage: (place, patch, index) => {
    overwrite(place, patch.sha256, pieceRange(patch, index).offset + 3, Uint8Array.of(0xff, 0x00, 0xff))
  },
})

pieceStoreContract('in memory', {
  newPlace: () => new SimulatedStore(),
  open: (place) => place,
  damage: (place, patch, index) => place.rot(patch.sha256, index),
})

const patch = samplePatch()
const { stored, hashes } = patch
const { sha256 } = stored
const content = Buffer.concat(patch.pieces)

async function unfinished(indexes: readonly number[]): Promise<{ place: string; store: PieceStore }> {
  const place = newPlace()
  const store = await openStore(place)
  await store.openPartial(stored, hashes)
  await writePieces(store, patch, indexes)
  return { place, store }
}

describe('on a disk', () => {
  test('nothing stands under the final name before the whole file is proven, and then exactly the file does', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3])
    assert.deepEqual(readdirSync(join(place, 'store')), [])
    await writePieces(store, patch, [4])
    assert.deepEqual(readdirSync(join(place, 'store')), [])
    assert.equal(await store.seal(stored), true)
    assert.deepEqual(readdirSync(join(place, 'store')), [sha256])
    assert.equal(sha256Hex(readFileSync(join(place, 'store', sha256))), sha256, 'sha256sum audits the folder')
    assert.deepEqual(readdirSync(join(place, 'partial')), [])
  })

  test('folders and files are for their owner only', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    for (const name of ['store', 'partial', 'pieces']) assert.equal(statSync(join(place, name)).mode & 0o077, 0, name)
    assert.equal(statSync(join(place, 'store', sha256)).mode & 0o077, 0)
  })

  const losses: [what: string, lose: (file: string) => void, left: number[]][] = [
    ['cut in the middle of a piece', (file) => truncateSync(file, 64 * 3 + 1), [0, 1, 2]],
    ['cut to nothing', (file) => truncateSync(file, 0), []],
    ['gone', (file) => rmSync(file), []],
    ['longer than the patch', (file) => truncateSync(file, 10_000), [0, 1, 2, 3, 4]],
    ['with a piece of zeros', (file) => put(file, Buffer.alloc(64), 64), [0, 2, 3, 4]],
    ['with a torn piece', (file) => put(file, Buffer.alloc(20), 64 + 40), [0, 2, 3, 4]],
    ['all zeros', (file) => writeFileSync(file, Buffer.alloc(stored.bytes)), []],
    ['of other bytes altogether', (file) => writeFileSync(file, Buffer.alloc(stored.bytes, 'x')), []],
  ]
  for (const [what, lose, left] of losses) {
    test(`an unfinished file that is found ${what} keeps its right pieces only`, async () => {
      const { place, store } = await unfinished([0, 1, 2, 3, 4])
      await store.close()
      lose(join(place, 'partial', sha256))
      const again = await openStore(place)
      assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), 5), left)
      await writePieces(
        again,
        patch,
        [0, 1, 2, 3, 4].filter((index) => !left.includes(index)),
      )
      assert.equal(await again.seal(stored), true)
      assert.equal(readFileSync(join(place, 'store', sha256)).compare(content), 0)
    })
  }

  test('every single flipped bit of an unfinished file is found at its piece', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.close()
    for (let at = 0; at < stored.bytes; at += 13) {
      const changed = Buffer.from(content)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(join(place, 'partial', sha256), changed)
      const again = await openStore(place)
      const have = indexesIn(await again.openPartial(stored, hashes), 5)
      assert.deepEqual(
        have,
        [0, 1, 2, 3, 4].filter((index) => index !== at >> 6),
        `byte ${at}`,
      )
      await again.close()
    }
  })

  test('what is sealed is not put under its final name when its whole is corrupt', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    overwrite(place, sha256, 70, Uint8Array.of(1, 2, 3))
    assert.equal(await store.seal(stored), false)
    assert.deepEqual(readdirSync(join(place, 'store')), [])
    assert.deepEqual(readdirSync(join(place, 'partial')), [sha256])
  })

  test('a file that has another length than it must have is not held, and no piece of it is proven', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    for (const other of [content.subarray(0, 64), Buffer.concat([content, Buffer.from('more')])]) {
      writeFileSync(join(place, 'store', sha256), other)
      assert.equal((await store.held((patch) => (patch === sha256 ? stored.bytes : undefined))).size, 0)
      await assert.rejects(store.provePiece(stored, 0), /^Error: the file has \d+ bytes instead of 310$/)
    }
  })

  test('a file without its piece hashes does not count as held', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    rmSync(join(place, 'pieces', sha256))
    assert.equal((await (await openStore(place)).held()).size, 0)
  })

  test('R5: a complete file that no record knows is set aside, and its pieces are used once a record knows it again', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    const again = await openStore(place)
    const path = join(place, 'unknown', sha256)
    assert.deepEqual(await again.removeUnknown(new Set()), [path])
    assert.deepEqual(sha256Hex(readFileSync(path)), sha256)
    assert.equal((await again.held()).size, 0)
    assert.deepEqual(await again.removeUnknown(new Set()), [], 'and is never removed')
    assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), 5), [0, 1, 2, 3, 4])
    assert.equal(await again.seal(stored), true)
    assert.equal(existsSync(path), false)
  })

  test('R5: a complete file of a patch that a record calls withdrawn goes', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    assert.deepEqual(await (await openStore(place)).removeUnknown(new Set(), new Set([sha256])), [])
    assert.deepEqual(readdirSync(join(place, 'store')), [])
    assert.equal(existsSync(join(place, 'unknown')), false)
  })

  test('after a sync that failed nothing of the file is believed, also where it could not be removed at once', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    const inTheWay = join(place, 'store', sha256)
    mkdirSync(inTheWay)
    const handle = await open(place)
    const failing = mock.method(Object.getPrototypeOf(handle), 'sync', () => Promise.reject(new Error('EIO: sync')))
    await assert.rejects(store.seal(stored), /could not be put away \(EIO: sync\), and not be removed$/)
    failing.mock.restore()
    await handle.close()
    await assert.rejects(store.openPartial(stored, hashes), { code: 'ERR_FS_EISDIR' })
    assert.ok(existsSync(join(place, 'partial', sha256)), 'or this test shows nothing')
    rmdirSync(inTheWay)
    assert.deepEqual(indexesIn(await store.openPartial(stored, hashes), 5), [])
    await writePieces(store, patch, [0, 1, 2, 3, 4])
    assert.equal(await store.seal(stored), true)
  })

  test('an unfinished file beside its complete one goes at the next start', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    writeFileSync(join(place, 'partial', sha256), content.subarray(0, 70))
    await (await openStore(place)).removeUnknown(new Set([sha256]))
    assert.deepEqual([readdirSync(join(place, 'partial')), readdirSync(join(place, 'store'))], [[], [sha256]])
  })

  test('foreign files in its folders are not taken for patches, and are out of the way after the next start', async () => {
    const { place, store } = await unfinished([0, 1, 2, 3, 4])
    await store.seal(stored)
    for (const name of ['store', 'partial', 'pieces']) {
      for (const foreign of ['notes.txt', '.hidden', 'AB'.repeat(32), `${sha256}.part`]) {
        writeFileSync(join(place, name, foreign), 'foreign')
      }
    }
    symlinkSync('/etc/passwd', join(place, 'partial', 'link'))
    const again = await openStore(place)
    assert.deepEqual([...(await again.held()).keys()], [sha256])
    await again.removeUnknown(new Set([sha256]))
    assert.deepEqual(readdirSync(join(place, 'store')), [sha256])
    assert.deepEqual(readdirSync(join(place, 'partial')), [])
    assert.ok(existsSync('/etc/passwd'))
  })

  test('a link in the place of an unfinished or a held file is not followed', async () => {
    const place = newPlace()
    const store = await openStore(place)
    const outside = join(newPlace(), 'outside')
    writeFileSync(outside, content)
    symlinkSync(outside, join(place, 'partial', sha256))
    await assert.rejects(store.openPartial(stored, hashes), { code: 'ELOOP' })
    symlinkSync(outside, join(place, 'store', sha256))
    await assert.rejects(store.readPiece(stored, 0), { code: 'ELOOP' })
    await assert.rejects(store.seal(stored), { code: 'ELOOP' })
    assert.equal(readFileSync(outside).compare(content), 0)
  })

  test('an upload that was proven is adopted under its name', async () => {
    const place = newPlace()
    const store = await openStore(place)
    const upload = join(store.partialFolder, 'upload')
    writeFileSync(upload, content)
    await store.adopt(upload, sha256, hashes)
    assert.equal(existsSync(upload), false)
    assert.equal(toHex((await store.held()).get(sha256) as Uint8Array), toHex(hashes))
    assert.equal(await store.seal(stored), true)
  })

  test('a patch that does not fit on the disk is refused before a byte is written, with what is needed and free', async () => {
    const store = await openStore(newPlace())
    const huge = { bytes: 2 ** 52, pieceLength: 2 ** 50, sha256 }
    await assert.rejects(store.openPartial(huge, hashes.subarray(0, 128)), (error: unknown) => {
      assert.ok(isNoSpace(error))
      assert.match((error as Error).message, /^\d+ MB needed and \d+ MB free in /)
      return true
    })
  })

  test('the pieces of one file may be written and read at the same time', async () => {
    const { store } = await unfinished([0])
    await Promise.all([
      writePieces(store, patch, [1, 2, 3, 4]),
      ...Array.from({ length: 20 }, async () => {
        assert.equal(toHex(await store.readPiece(stored, 0)), toHex(patch.pieces[0] as Uint8Array))
      }),
    ])
    assert.equal(await store.seal(stored), true)
  })

  test('a piece that is read while the file is sealed is right', async () => {
    const { store } = await unfinished([0, 1, 2, 3, 4])
    const reads = Array.from({ length: 20 }, (_, turn) => store.readPiece(stored, turn % 5))
    const [sealed, ...pieces] = await Promise.all([store.seal(stored), ...reads])
    assert.equal(sealed, true)
    for (const [turn, piece] of pieces.entries())
      assert.equal(toHex(piece), toHex(patch.pieces[turn % 5] as Uint8Array))
  })
})
