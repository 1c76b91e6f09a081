/**
 * The one source of chance for the cores: a seeded generator, the same in production (seeded by the operating system)
 * and in the simulator (seeded by a number a person can type again).
 *
 * xoshiro128** 1.1 by Blackman and Vigna (prng.di.unimi.it), seeded through SplitMix32. Not for secrets.
 */
export type Random = { state: [number, number, number, number] }

export function seededRandom(seed: number): Random {
  let mix = seed >>> 0
  const next = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0
    let word = mix
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
  return { state: [next(), next(), next(), next()] }
}

/** A whole number from 0 to 2^32 - 1. */
export function nextWord(random: Random): number {
  const [a, b, c, d] = random.state
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
  const shifted = b << 9
  const c1 = c ^ a
  const d1 = d ^ b
  random.state = [(a ^ d1) >>> 0, (b ^ c1) >>> 0, (c1 ^ shifted) >>> 0, rotateLeft(d1, 11) >>> 0]
  return result
}

/** A whole number from 0 to `bound` - 1; the bias of the remainder is far below what any use here could notice. */
export function nextBelow(random: Random, bound: number): number {
  return nextWord(random) % bound
}

/** 32 hexadecimal digits, for the id of an install or an order. */
export function nextId(random: Random): string {
  return Array.from({ length: 4 }, () => nextWord(random).toString(16).padStart(8, '0')).join('')
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
