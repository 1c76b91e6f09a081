/**
 * Which Data Centers trade pieces with each other. In a small fleet each with every other; in a large one each with the
 * Data Centers before and after it in a few rings, in each of which all stand in another order. A union of random rings
 * is connected, and a piece reaches everybody in few hops (Law and Siu, "Distributed Construction of Random Expander
 * Networks", 2003); a Data Center that comes or goes changes the neighbours of those beside it only.
 */
import type { DataCenterName } from '../../protocol/identifiers.ts'

const RINGS = 6
const MOST_NEIGHBOURS = 2 * RINGS

/** In the order of `all`, without `dataCenter` itself; the relation is symmetric. */
export function neighboursOf(dataCenter: DataCenterName, all: ReadonlySet<DataCenterName>): DataCenterName[] {
  const others = [...all].filter((other) => other !== dataCenter)
  if (others.length <= MOST_NEIGHBOURS) return others
  const beside = new Set<DataCenterName>()
  for (let ring = 0; ring < RINGS; ring++) {
    const own = placeOn(ring, dataCenter)
    let [before, after] = [others[0], others[0]] as [DataCenterName, DataCenterName]
    let [least, most] = [Number.POSITIVE_INFINITY, -1]
    for (const other of others) {
      const distance = (placeOn(ring, other) - own + CIRCUMFERENCE) % CIRCUMFERENCE
      if (distance < least) [least, after] = [distance, other]
      if (distance > most) [most, before] = [distance, other]
    }
    beside.add(before).add(after)
  }
  return others.filter((other) => beside.has(other))
}

/**
 * Whose neighbours are others when `dataCenter`, one of `all`, has come or goes: those beside it; all, where the fleet
 * passes from each with every other to rings, or back.
 */
export function affectedBy(dataCenter: DataCenterName, all: ReadonlySet<DataCenterName>): DataCenterName[] {
  if (all.size !== MOST_NEIGHBOURS + 2) return neighboursOf(dataCenter, all)
  return [...all].filter((other) => other !== dataCenter)
}

const CIRCUMFERENCE = 2 ** 32

/** FNV-1a (Fowler, Noll and Vo), and the last steps of MurmurHash3 (Appleby), so that like names stand far apart. */
function placeOn(ring: number, name: string): number {
  let hash = (0x811c9dc5 ^ ring) >>> 0
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16) ^ Math.imul(ring + 1, 0x9e3779b9), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
