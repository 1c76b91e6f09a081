/**
 * The one generator of chance: the same seed gives the same sequence, here and wherever it is replayed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextBelow, nextId, nextWord, type Random, seededRandom } from '../../protocol/random.ts'

const words = (random: Random, count: number) => Array.from({ length: count }, () => nextWord(random))

test('gives the known answers of xoshiro128** 1.1', () => {
  // From state 1, 2, 3, 4, as the test vectors of other implementations have it.
  assert.deepEqual(words({ state: [1, 2, 3, 4] }, 4), [11520, 0, 5927040, 70819200])
})

test('gives the same sequence from the same seed, and another from another', () => {
  for (const seed of [0, 1, 7, 2 ** 31, 2 ** 32 - 1]) {
    assert.deepEqual(words(seededRandom(seed), 1000), words(seededRandom(seed), 1000))
    assert.notDeepEqual(words(seededRandom(seed), 4), words(seededRandom(seed + 1), 4))
  }
})

test('goes on where a copied state stands', () => {
  const random = seededRandom(5)
  words(random, 10)
  const copy: Random = { state: [...random.state] }
  assert.deepEqual(words(random, 10), words(copy, 10))
})

test('gives whole numbers of 32 bits, from all of their range', () => {
  const drawn = words(seededRandom(3), 10_000)
  assert.ok(drawn.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32))
  for (let bit = 0; bit < 32; bit++) {
    const ones = drawn.filter((word) => Math.floor(word / 2 ** bit) % 2 === 1).length
    assert.ok(ones > 4_700 && ones < 5_300, `bit ${bit} is set ${ones} times in 10000`)
  }
})

test('stays below a bound', () => {
  const random = seededRandom(4)
  const drawn = new Set(Array.from({ length: 1000 }, () => nextBelow(random, 7)))
  assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4, 5, 6])
  assert.equal(nextBelow(random, 1), 0)
})

test('makes ids of 32 hexadecimal digits that do not repeat', () => {
  const random = seededRandom(6)
  const ids = Array.from({ length: 10_000 }, () => nextId(random))
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)))
  assert.equal(new Set(ids).size, ids.length)
})
