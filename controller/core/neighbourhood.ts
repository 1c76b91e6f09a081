/**
 * Which Data Centers trade pieces with each other. In a small fleet each with every other; in a large one each with the
 * Data Centers before and after it in a few rings, in each of which all stand in another order. A union of random rings
 * is connected, and a piece reaches everybody in few hops (Law and Siu, "Distributed Construction of Random Expander
 * Networks", 2003); a Data Center that comes or goes changes the neighbours of those beside it only.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'

const RINGS = 6
const MOST_NEIGHBOURS = 2 * RINGS

/** A place on a ring and the number of who stands there make one number, by which a ring is sorted. */
const MOST_DATA_CENTERS = 2 ** 20

/** Of each of `all`, in their order and without itself; the relation is symmetric. */
export function neighboursIn(all: ReadonlySet<DataCenterName>): (dataCenter: DataCenterName) => DataCenterName[] {
  const names = [...all]
  const others = (dataCenter: DataCenterName) => names.filter((other) => other !== dataCenter)
  if (names.length <= MOST_NEIGHBOURS + 1) return others
  const numbers = new Map(names.map((name, number) => [name, number]))
  const rings = Array.from({ length: RINGS }, (_, ring) => ringOf(names, ring))
  return (dataCenter) => {
    const own = numbers.get(dataCenter)
    if (own === undefined) return []
    const beside = new Set<number>()
    for (const { inOrder, placeOf } of rings) {
      const place = placeOf[own] ?? 0
      for (const step of [-1, 1]) beside.add(inOrder[(place + step + names.length) % names.length] ?? own)
    }
    return [...beside].sort((left, right) => left - right).flatMap((number) => names[number] ?? [])
  }
}

/** By their numbers in `names`: who follows whom, and where each stands. */
function ringOf(names: readonly DataCenterName[], ring: number): { inOrder: Uint32Array; placeOf: Uint32Array } {
  const places = Float64Array.from(names, (name, number) => placeOn(ring, name) * MOST_DATA_CENTERS + number).sort()
  const inOrder = Uint32Array.from(places, (place) => place % MOST_DATA_CENTERS)
  const placeOf = new Uint32Array(names.length)
  for (const [place, number] of inOrder.entries()) placeOf[number] = place
  return { inOrder, placeOf }
}

/**
 * Whose neighbours are others when `dataCenter`, one of `all`, has come or goes: those beside it; all, where the fleet
 * passes from each with every other to rings, or back.
 */
export function affectedBy(dataCenter: DataCenterName, all: ReadonlySet<DataCenterName>): DataCenterName[] {
  if (all.size !== MOST_NEIGHBOURS + 2) return neighboursIn(all)(dataCenter)
  return [...all].filter((other) => other !== dataCenter)
}

/** FNV-1a (Fowler, Noll and Vo), and the last steps of MurmurHash3 (Appleby), so that like names stand far apart. */
function placeOn(ring: number, name: string): number {
  let hash = (0x811c9dc5 ^ ring) >>> 0
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16) ^ Math.imul(ring + 1, 0x9e3779b9), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
