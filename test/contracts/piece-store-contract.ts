/**
 * What every piece store keeps to, on disk or in memory. `open` gives a store over the same place each time it is called
 * with it, as a new process would.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countBits, hasBit } from '../../protocol/bitfield.ts'
import { equalBytes, sha256Hex, toHex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, hashAt, pieceCount, pieceHash, pieceRange } from '../../protocol/pieces.ts'

type Awaitable<Value> = Value | Promise<Value>
export type StoredPatch = Cut & { readonly sha256: Sha256 }

/** The interface that both have; what is done at once in memory may be awaited too. */
export type AnyPieceStore = {
  held(): Awaitable<Map<Sha256, Uint8Array>>
  removeUnknown(known: ReadonlySet<string>, withdrawn?: ReadonlySet<string>): Awaitable<unknown>
  openPartial(patch: StoredPatch, hashes: Uint8Array): Awaitable<Uint8Array>
  writePiece(patch: Sha256, index: number, bytes: Uint8Array): Awaitable<void>
  readPiece(patch: StoredPatch, index: number): Awaitable<Uint8Array>
  seal(patch: StoredPatch): Awaitable<boolean>
  provePiece(patch: StoredPatch, index: number): Awaitable<Uint8Array>
  setApart(patch: Sha256): Awaitable<void>
  discard(patch: Sha256): Awaitable<void>
}

export type OpenPieceStore<Place> = {
  newPlace(): Awaitable<Place>
  open(place: Place): Awaitable<AnyPieceStore>
  /** Changes what lies in the place of one piece, behind the back of the store. */
  damage(place: Place, patch: StoredPatch, index: number): Awaitable<void>
}

export type SamplePatch = { stored: StoredPatch; hashes: Uint8Array; pieces: Uint8Array[] }

/** `count` pieces of 64 bytes and a last one that is shorter. */
export function samplePatch(count = 5, salt = 0): SamplePatch {
  const content = Buffer.from(Array.from({ length: 64 * count - 10 }, (_, at) => (at * 7 + salt + (at >> 6)) % 256))
  const stored: StoredPatch = { bytes: content.byteLength, pieceLength: 64, sha256: sha256Hex(content) }
  const pieces = Array.from({ length: pieceCount(stored) }, (_, index) => {
    const { offset, length } = pieceRange(stored, index)
    return content.subarray(offset, offset + length)
  })
  return { stored, hashes: Buffer.concat(pieces.map((piece) => pieceHash(piece))), pieces }
}

export async function writePieces(store: AnyPieceStore, patch: SamplePatch, indexes: readonly number[]): Promise<void> {
  for (const index of indexes) await store.writePiece(patch.stored.sha256, index, patch.pieces[index] as Uint8Array)
}

export function indexesIn(have: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter((index) => hasBit(have, index))
}

export function pieceStoreContract<Place>(name: string, { newPlace, open, damage }: OpenPieceStore<Place>): void {
  describe(`the piece store ${name}`, () => {
    const patch = samplePatch()
    const { stored, hashes, pieces } = patch
    const { sha256 } = stored
    const all = pieces.map((_, index) => index)

    test('is empty when it is new, and has no piece of a patch that was never begun', async () => {
      const store = await open(await newPlace())
      assert.equal((await store.held()).size, 0)
      assert.equal(countBits(await store.openPartial(stored, hashes)), 0)
    })

    test('holds a patch only after it was sealed, and gives back each piece', async () => {
      const store = await open(await newPlace())
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, [4, 2, 0, 3, 1])
      assert.equal((await store.held()).size, 0)
      assert.equal(await store.seal(stored), true)
      const held = await store.held()
      assert.deepEqual([...held.keys()], [sha256])
      assert.equal(toHex(held.get(sha256) as Uint8Array), toHex(hashes))
      for (const index of all) {
        assert.equal(toHex(await store.readPiece(stored, index)), toHex(pieces[index] as Uint8Array))
      }
    })

    test('gives back the pieces of an unfinished patch that are there, for relaying', async () => {
      const store = await open(await newPlace())
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, [3])
      assert.equal(toHex(await store.readPiece(stored, 3)), toHex(pieces[3] as Uint8Array))
    })

    test('finds after a restart exactly the pieces that were written', async () => {
      const place = await newPlace()
      const first = await open(place)
      await first.openPartial(stored, hashes)
      await writePieces(first, patch, [0, 3, 4])
      const again = await open(place)
      assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), 5), [0, 3, 4])
      await writePieces(again, patch, [1, 2])
      assert.equal(await again.seal(stored), true)
    })

    test('does not find a piece that is damaged, and takes it again', async () => {
      const place = await newPlace()
      const first = await open(place)
      await first.openPartial(stored, hashes)
      await writePieces(first, patch, all)
      await damage(place, stored, 2)
      const again = await open(place)
      assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), 5), [0, 1, 3, 4])
      await writePieces(again, patch, [2])
      assert.equal(await again.seal(stored), true)
    })

    test('does not seal a file that is not what was signed, and keeps what is right of it', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await damage(place, stored, 2)
      assert.equal(await store.seal(stored), false)
      assert.equal((await store.held()).size, 0)
      assert.deepEqual(indexesIn(await store.openPartial(stored, hashes), 5), [0, 1, 3, 4])
    })

    test('does not seal a file with a piece missing', async () => {
      const store = await open(await newPlace())
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, [0, 1, 2, 4])
      assert.equal(await store.seal(stored), false)
      assert.equal((await store.held()).size, 0)
    })

    test('proves a held file again, and gives it up when it has changed', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      assert.equal(await store.seal(stored), true)
      const again = await open(place)
      assert.equal(await again.seal(stored), true)
      await damage(place, stored, 1)
      assert.equal(await again.seal(stored), false)
      assert.equal((await again.held()).size, 0)
      assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), 5), [0, 2, 3, 4])
    })

    test('reads one piece of a held file again, as it is on disk then', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await assert.rejects(async () => store.provePiece(stored, 0), 'an unfinished file is not held')
      await store.seal(stored)
      const right = async (index: number) => equalBytes(await store.provePiece(stored, index), hashAt(hashes, index))
      assert.deepEqual(await Promise.all(all.map(right)), [true, true, true, true, true])
      await damage(place, stored, 3)
      assert.deepEqual(await Promise.all(all.map(right)), [true, true, true, false, true])
    })

    test('sets a held file apart and keeps what is right of it; sets apart nothing where there is none', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await store.seal(stored)
      await damage(place, stored, 0)
      await store.setApart(sha256)
      assert.equal((await store.held()).size, 0)
      assert.deepEqual(indexesIn(await store.openPartial(stored, hashes), 5), [1, 2, 3, 4])
      await writePieces(store, patch, [0])
      assert.equal(await store.seal(stored), true)
      await store.setApart(samplePatch(2, 4).stored.sha256)
    })

    test('discards a held patch, an unfinished one, and one that it never had', async () => {
      const store = await open(await newPlace())
      const other = samplePatch(3, 9)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await store.seal(stored)
      await store.openPartial(other.stored, other.hashes)
      await writePieces(store, other, [0])
      for (const each of [sha256, other.stored.sha256, samplePatch(2, 4).stored.sha256]) await store.discard(each)
      assert.equal((await store.held()).size, 0)
      assert.equal(countBits(await store.openPartial(other.stored, other.hashes)), 0)
      await assert.rejects(async () => store.readPiece(stored, 0))
    })

    test('removes what no record knows, and nothing else', async () => {
      const store = await open(await newPlace())
      const other = samplePatch(3, 9)
      for (const each of [patch, other]) {
        await store.openPartial(each.stored, each.hashes)
        await writePieces(
          store,
          each,
          each.pieces.map((_, index) => index),
        )
        await store.seal(each.stored)
      }
      await store.removeUnknown(new Set([sha256]))
      assert.deepEqual([...(await store.held()).keys()], [sha256])
    })

    test('R5: sets aside a complete file that no record knows, and uses its pieces once a record knows it again', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await store.seal(stored)
      const again = await open(place)
      await again.removeUnknown(new Set())
      assert.equal((await again.held()).size, 0)
      await (await open(place)).removeUnknown(new Set())
      assert.deepEqual(indexesIn(await again.openPartial(stored, hashes), pieces.length), all)
      assert.equal(await again.seal(stored), true)
    })

    test('R5: removes a complete file of a patch that a record calls withdrawn', async () => {
      const place = await newPlace()
      const store = await open(place)
      await store.openPartial(stored, hashes)
      await writePieces(store, patch, all)
      await store.seal(stored)
      const again = await open(place)
      await again.removeUnknown(new Set(), new Set([sha256]))
      assert.equal(countBits(await again.openPartial(stored, hashes)), 0)
    })

    test('keeps patches apart that are written at the same time', async () => {
      const store = await open(await newPlace())
      const other = samplePatch(5, 9)
      await store.openPartial(stored, hashes)
      await store.openPartial(other.stored, other.hashes)
      for (const index of all) {
        await writePieces(store, patch, [index])
        await writePieces(store, other, [index])
      }
      assert.deepEqual([await store.seal(stored), await store.seal(other.stored)], [true, true])
    })
  })
}
