/**
 * One seed, many independent streams of chance: each consumer draws from a child with its own name, so a new consumer,
 * or one that draws more often, changes nothing for the others.
 */
import { nextWord, type Random, seededRandom } from '../../protocol/random.ts'

/** The child of this name. It is made from where `parent` stands and moves it nowhere. */
export function childOf(parent: Random, name: string): Random {
  // FNV-1a (Fowler, Noll and Vo) over the name, begun with the parent's state.
  let hash = 0x811c9dc5
  for (const word of parent.state) hash = Math.imul(hash ^ word, 0x01000193) >>> 0
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return seededRandom(hash)
}

/** A number from 0 to below 1. */
export function nextShare(random: Random): number {
  return nextWord(random) / 2 ** 32
}

/** True about `ratio` of the time. */
export function happens(random: Random, ratio: number): boolean {
  return nextShare(random) < ratio
}
