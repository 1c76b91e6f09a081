/**
 * What the admins of a world change about its fleet, beside what they do with patches: appliances are retired, get another
 * name, are replaced by a machine with a key of its own, and new ones join. Drawn from a stream of its own, so that all
 * else about a seed is what it is without.
 */
import { nextBelow, type Random } from '../protocol/random.ts'
import { ADMINS, chance, type Estate, pick, type Workload } from './workload.ts'

/** `place` is what the first machine there is called; whoever stands there when the time has come is meant. */
export type PlaceChange = { readonly atMs: number; readonly admin: string; readonly place: string } & (
  | { readonly kind: 'retire'; readonly lastMember: boolean; readonly isSwitchedOff: boolean }
  | { readonly kind: 'rename'; readonly to: string }
  /** `isBroken`: the former machine is dead when its successor is asked for; `carriedMs`: until the token is used. */
  | {
      readonly kind: 'replace'
      readonly isBroken: boolean
      readonly isSwitchedOff: boolean
      readonly carriedMs: number
    }
  | { readonly kind: 'join'; readonly carriedMs: number }
)

export const PLACE_CHANGES = ['retire', 'rename', 'replace', 'join'] as const satisfies readonly PlaceChange['kind'][]

const EARLIEST_MS = 5_000
/** After something was uploaded or ordered: it is under way then. */
const SOON_MS = 8_000
const MOST_CHANGES = 6
const SETTLED_PERCENT = 40

/** In some worlds nobody comes, goes or is renamed. */
export function drawPlaceChanges(
  random: Random,
  { appliances, dataCenters }: Estate,
  { deeds }: Workload,
  safetyMs: number,
): PlaceChange[] {
  if (chance(random, SETTLED_PERCENT)) return []
  const busy = deeds.filter(({ kind }) => kind === 'install' || kind === 'upload')
  const changes = Array.from({ length: 1 + nextBelow(random, MOST_CHANGES) }, (): PlaceChange => {
    const atMs = chance(random, 60)
      ? pick(random, busy).atMs + nextBelow(random, SOON_MS)
      : nextBelow(random, safetyMs - EARLIEST_MS)
    const common = { atMs: Math.max(EARLIEST_MS, atMs), admin: pick(random, ADMINS), place: pick(random, appliances) }
    const carriedMs = chance(random, 50) ? 0 : nextBelow(random, 20_000)
    const isSwitchedOff = chance(random, 50)
    const dice = nextBelow(random, 100)
    if (dice < 40) return { ...common, kind: 'replace', isBroken: chance(random, 30), isSwitchedOff, carriedMs }
    if (dice < 60) return { ...common, kind: 'retire', lastMember: chance(random, 25), isSwitchedOff }
    if (dice < 80) {
      const to = chance(random, 70) ? `${common.place}-renamed` : pick(random, appliances)
      return { ...common, kind: 'rename', to }
    }
    // A new member of a depot, or the place of somebody who may have left it by then.
    const place = chance(random, 70) ? `${pick(random, dataCenters)}/fourth` : common.place
    return { ...common, kind: 'join', place, carriedMs }
  })
  return changes.sort((left, right) => left.atMs - right.atMs)
}
