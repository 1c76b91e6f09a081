/**
 * How a patch is cut, and how one root proves every piece.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sha256, toHex } from '../../protocol/hashing.ts'
import { MAX_PATCH_BYTES } from '../../protocol/limits.ts'
import { PieceHasher } from '../../protocol/piece-hasher.ts'
import {
  hashAt,
  pieceCount,
  pieceHash,
  pieceLengthBytes,
  pieceRange,
  piecesRoot,
  provesPieces,
} from '../../protocol/pieces.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

describe('the length of pieces is the smallest power of two that gives at most 256, from 256 KiB to 4 MiB', () => {
  const table: [bytes: number, pieceLength: number, pieces: number][] = [
    [1, 256 * KiB, 1],
    [256 * KiB, 256 * KiB, 1],
    [256 * KiB + 1, 256 * KiB, 2],
    [64 * MiB, 256 * KiB, 256],
    [64 * MiB + 1, 512 * KiB, 129],
    [128 * MiB, 512 * KiB, 256],
    [128 * MiB + 1, MiB, 129],
    [256 * MiB, MiB, 256],
    [256 * MiB + 1, 2 * MiB, 129],
    [512 * MiB, 2 * MiB, 256],
    [512 * MiB + 1, 4 * MiB, 129],
    [GiB, 4 * MiB, 256],
    [GiB + 1, 4 * MiB, 257],
    [MAX_PATCH_BYTES, 4 * MiB, 8192],
  ]
  for (const [bytes, pieceLength, pieces] of table) {
    test(`${bytes} bytes are ${pieces} pieces of ${pieceLength}`, () => {
      assert.equal(pieceLengthBytes(bytes), pieceLength)
      assert.equal(pieceCount({ bytes, pieceLength }), pieces)
    })
  }

  test('the ranges of all pieces lie end to end and cover the file', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 * GiB }), (bytes) => {
        const cut = { bytes, pieceLength: pieceLengthBytes(bytes) }
        let end = 0
        for (let index = 0; index < pieceCount(cut); index++) {
          const { offset, length } = pieceRange(cut, index)
          assert.equal(offset, end)
          assert.ok(length > 0 && length <= cut.pieceLength)
          end += length
        }
        assert.equal(end, bytes)
      }),
      { numRuns: 50, seed: 1 },
    )
  })
})

describe('the root is the Merkle tree hash of RFC 6962', () => {
  // The known answers of the certificate-transparency project's reference tests, which cover odd counts up to 8 leaves.
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]
  for (const [index, root] of roots.entries()) {
    test(`over ${index + 1} leaves`, () => {
      const hashes = leaves.slice(0, index + 1).map((leaf) => pieceHash(Buffer.from(leaf, 'hex')))
      assert.equal(toHex(piecesRoot(Buffer.concat(hashes))), root)
    })
  }

  test('over any count, as the recursive definition of the RFC says', () => {
    const recursive = (hashes: Uint8Array[]): Uint8Array => {
      if (hashes.length === 1) return hashes[0] as Uint8Array
      let split = 1
      while (split * 2 < hashes.length) split *= 2
      return sha256(Uint8Array.of(1), recursive(hashes.slice(0, split)), recursive(hashes.slice(split)))
    }
    for (let count = 1; count <= 70; count++) {
      const hashes = Array.from({ length: count }, (_, index) => pieceHash(Buffer.from(String(index))))
      assert.equal(toHex(piecesRoot(Buffer.concat(hashes))), toHex(recursive(hashes)), `${count} leaves`)
    }
  })

  test('an inner node can never be passed off as a piece', () => {
    const [one, other] = [pieceHash(Buffer.from('a')), pieceHash(Buffer.from('b'))]
    const root = piecesRoot(Buffer.concat([one, other]))
    assert.notDeepEqual(pieceHash(Buffer.concat([one, other])), root)
  })
})

describe('leaves are proven by the signed root', () => {
  const cut = { bytes: 5 * 256 * KiB - 1, pieceLength: 256 * KiB }
  const hashes = Buffer.concat(Array.from({ length: 5 }, (_, index) => pieceHash(Buffer.from([index]))))
  const root = piecesRoot(hashes)

  test('when they are exactly those', () => {
    assert.ok(provesPieces(hashes, cut, root))
    assert.equal(toHex(hashAt(hashes, 3)), toHex(pieceHash(Buffer.from([3]))))
  })

  test('and not with a bit flipped, one more, one less, two swapped, or none', () => {
    for (let bit = 0; bit < hashes.byteLength * 8; bit += 7) {
      const changed = Buffer.from(hashes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.ok(!provesPieces(changed, cut, root), `bit ${bit}`)
    }
    assert.ok(!provesPieces(Buffer.concat([hashes, hashes.subarray(0, 32)]), cut, root))
    assert.ok(!provesPieces(hashes.subarray(0, 128), cut, root))
    assert.ok(!provesPieces(hashes.subarray(0, 159), cut, root))
    const swapped = Buffer.concat([hashes.subarray(32, 64), hashes.subarray(0, 32), hashes.subarray(64)])
    assert.ok(!provesPieces(swapped, cut, root))
    assert.ok(!provesPieces(new Uint8Array(), cut, root))
    assert.ok(!provesPieces(root, cut, root))
  })
})

test('a file is hashed the same in whatever chunks it passes', () => {
  const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251))
  const whole = new PieceHasher(64)
  whole.update(content)
  const expected = whole.finish()
  assert.equal(expected.hashes.byteLength, Math.ceil(1000 / 64) * 32)
  assert.equal(toHex(hashAt(expected.hashes, 15)), toHex(pieceHash(content.subarray(960))))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 30 }), (lengths) => {
      const hasher = new PieceHasher(64)
      let at = 0
      for (const length of lengths) {
        hasher.update(content.subarray(at, at + length))
        at = Math.min(content.byteLength, at + length)
      }
      hasher.update(content.subarray(at))
      assert.deepEqual(hasher.finish(), expected)
    }),
    { numRuns: 50, seed: 1 },
  )
})
