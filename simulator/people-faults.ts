/**
 * What people do to machines behind the back of the fleet: a disk is copied and both machines run, a ledger is put back
 * from a backup, a machine comes back with another address. Drawn from a stream of their own, in some worlds.
 */
import { nextBelow, type Random } from '../protocol/random.ts'
import type { Fault } from './faults.ts'
import { chance, type Estate, pick } from './workload.ts'

export const PEOPLE_KINDS = ['clone', 'older-ledger', 'new-address'] as const

/** Kinds after which nobody may be there who knows how an order ended. */
export const FORGETS_ORDERS: ReadonlySet<string> = new Set<(typeof PEOPLE_KINDS)[number]>(['clone', 'older-ledger'])

const EARLIEST_MS = 8_000
const OF_ONE_KIND_AT_MOST = 3

/** Numbered from `firstId` on. */
export function drawPeopleFaults(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
  const kinds = PEOPLE_KINDS.filter(() => chance(random, 30))
  return kinds
    .flatMap((kind) => Array.from({ length: 1 + nextBelow(random, OF_ONE_KIND_AT_MOST) }, () => kind))
    .map((kind, at) => ({
      ...{ id: firstId + at, kind, other: '' },
      who: pick(random, kind === 'new-address' ? depots : estate.appliances),
      atMs: EARLIEST_MS + nextBelow(random, safetyMs - EARLIEST_MS),
      lastsMs: 500 + nextBelow(random, 20_000),
      dice: nextBelow(random, 1_000_000),
    }))
}
