/**
 * Which pieces somebody has, one bit a piece.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { countBits, emptyBitfield, fullBitfield, hasBit, isBitfieldOf, setBit } from '../../protocol/bitfield.ts'

test('the first piece is the highest bit of the first byte', () => {
  const field = emptyBitfield(12)
  setBit(field, 0)
  setBit(field, 9)
  assert.deepEqual(field, Uint8Array.of(0b1000_0000, 0b0100_0000))
})

test('has exactly the bits that were set, whatever their number and order', () => {
  const sets = fc
    .integer({ min: 1, max: 300 })
    .chain((count) => fc.record({ count: fc.constant(count), set: fc.uniqueArray(fc.nat({ max: count - 1 })) }))
  fc.assert(
    fc.property(sets, ({ count, set }) => {
      const field = emptyBitfield(count)
      for (const index of set) setBit(field, index)
      for (let index = 0; index < count; index++) assert.equal(hasBit(field, index), set.includes(index))
      assert.equal(countBits(field), set.length)
      assert.ok(isBitfieldOf(field, count))
    }),
    { numRuns: 100, seed: 1 },
  )
})

test('a full field has every piece and no bit beyond', () => {
  for (let count = 0; count <= 40; count++) {
    const field = fullBitfield(count)
    assert.equal(countBits(field), count)
    assert.ok(isBitfieldOf(field, count))
    assert.equal(hasBit(field, count), false)
  }
})

describe('a field from a peer is one of a number of pieces only with the right length and no bit beyond them', () => {
  const table: [bytes: number[], count: number, isOne: boolean][] = [
    [[], 0, true],
    [[0], 0, false],
    [[0], 1, true],
    [[0b1000_0000], 1, true],
    [[0b0100_0000], 1, false],
    [[0b1111_1111], 8, true],
    [[0b1111_1111], 7, false],
    [[0b1111_1110], 7, true],
    [[0b1111_1111], 9, false],
    [[0b1111_1111, 0b1000_0000], 9, true],
    [[0b1111_1111, 0b1000_0001], 9, false],
    [[0, 0, 0], 16, false],
  ]
  for (const [bytes, count, isOne] of table) {
    test(`${bytes.map((byte) => byte.toString(2).padStart(8, '0')).join(' ') || 'nothing'} of ${count}`, () => {
      assert.equal(isBitfieldOf(Uint8Array.from(bytes), count), isOne)
    })
  }
})
