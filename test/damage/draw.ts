/**
 * What is done to a fleet, drawn from a seed alone: who is killed, which of its files is damaged while it is down, and how.
 * Which file of a folder such as the store it is depends on what lies there, by a number that is drawn too.
 */
import { nextBelow, nextWord, seededRandom } from '../../protocol/random.ts'

/** Service Provider appliances hold copies and count; the tenant appliance is installed on. */
export const APPLIANCES = ['paris-1', 'paris-2', 'rome-1', 'tenant-1'] as const
export const SERVICE_CENTER = 'service-center'
export type Victim = (typeof APPLIANCES)[number] | typeof SERVICE_CENTER

const OF_AN_AGENT = [
  ...['ledger.sqlite', 'ledger.sqlite', 'ledger.sqlite-wal', 'identity', 'enrollment', 'lock', 'port', 'clock.json'],
  ...['store', 'store', 'store', 'pieces', 'partial'],
] as const
const OF_THE_SERVICE_CENTER = [
  ...['patchmesh.sqlite', 'patchmesh.sqlite', 'patchmesh.sqlite-wal', 'keys/signing', 'keys/mesh-identity', 'lock'],
  ...['store', 'store', 'store', 'pieces', 'partial'],
] as const
/** A file, or a folder in which one is taken. */
export type Place = (typeof OF_AN_AGENT)[number] | (typeof OF_THE_SERVICE_CENTER)[number]

/** `nothing` is a kill alone. */
export const WAYS = ['flip', 'cut', 'empty', 'remove', 'pages', 'text', 'older', 'nothing'] as const
export type Way = (typeof WAYS)[number]

export type Damage = {
  readonly victim: Victim
  readonly place: Place
  readonly way: Way
  /** Takes one of the files of a folder, and a byte of it. */
  readonly word: number
}

export function drawDamages(seed: number, count: number): Damage[] {
  const random = seededRandom(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[nextBelow(random, items.length)] as Item
  return Array.from({ length: count }, () => {
    const victim = pick([SERVICE_CENTER, SERVICE_CENTER, ...APPLIANCES] as const)
    const place = pick<Place>(victim === SERVICE_CENTER ? OF_THE_SERVICE_CENTER : OF_AN_AGENT)
    return { victim, place, way: pick(WAYS), word: nextWord(random) }
  })
}

export function inWords({ victim, place, way }: Damage): string {
  return way === 'nothing' ? `kill -9 of ${victim}` : `kill -9 of ${victim}, and ${way} of its ${place}`
}
