/**
 * Faults of links: cut both ways or one way, flapping, slow, dropped, and all links of a Data Center clogged one after
 * the other.
 */

import { nextBelow } from '../../protocol/random.ts'
import { NO_LIMITS } from '../../protocol/wan-limits.ts'
import { dataCenterOf, isTenant } from '../checkers/evidence.ts'
import type { FaultKind } from '../faults.ts'
import { pair } from '../world/partitions.ts'
import { limitSite } from '../world/routes.ts'
import type { World } from '../world/world.ts'
import { type Act, type Hands, type Heal, NOTHING_TO_HEAL } from './hands.ts'

const FLAP_MS = 2_000
const FLAPS = 3
const USUAL_PIECE_MS = 100

export const linkActs = {
  cut: ({ who, other }, hands) => cut(hands, who, other),
  'cut-one-way': ({ who, other, dice }, hands) => cut(hands, who, other, dice % 2 === 0 ? 'there' : 'back'),
  isolate: ({ who }, { world: { network } }) => {
    const site = dataCenterOf(who)
    if (!network.sites.has(site)) return null
    network.isolate(site)
    return () => network.rejoin(site)
  },
  flap: ({ who, other }, hands) => {
    if (!hands.exists(who) || !hands.exists(other)) return null
    for (let turn = 0; turn < FLAPS; turn++) {
      hands.world.at(hands.world.nowMs + turn * FLAP_MS, () => {
        const mend = hands.isOver ? null : cut(hands, who, other)
        if (mend !== null) hands.later(FLAP_MS / 2, mend)
      })
    }
    return NOTHING_TO_HEAL
  },
  'slow-link': ({ who, dice }, { world: { network } }) => {
    const site = network.sites.get(dataCenterOf(who))
    if (site === undefined) {
      network.pieceMs = 5 * USUAL_PIECE_MS + (dice % 8_000)
      return () => {
        network.pieceMs = USUAL_PIECE_MS
      }
    }
    limitSite(site, { ...NO_LIMITS, downBitsPerSecond: site.options.downBitsPerSecond / (2 + (dice % 60)) })
    return () => limitSite(site, NO_LIMITS)
  },
  'drop-streams': ({ who, other }, hands) => {
    const mend = cut(hands, who, other)
    mend?.()
    return mend === null ? null : NOTHING_TO_HEAL
  },
  'dead-connection': ({ who, other }, hands) => {
    if (!hands.exists(who) || !hands.exists(other)) return null
    hands.world.network.die(who, other)
    return NOTHING_TO_HEAL
  },
  /** FoundationDB's swizzle: clogs links in one order, and mends them in another. */
  'swizzle-clog': ({ who, lastsMs }, hands) => {
    const site = dataCenterOf(who)
    const names = [...hands.world.appliances.keys()].filter((name) => dataCenterOf(name) === site)
    const ends = [...names.filter((name) => !isTenant(name)), 'service-center']
    for (const name of names) {
      for (const other of ends.filter((end) => end !== name)) {
        const fromMs = nextBelow(hands.random, lastsMs)
        const clogsMs = 500 + nextBelow(hands.random, lastsMs)
        hands.world.at(hands.world.nowMs + fromMs, () => {
          const mend = hands.isOver ? null : cut(hands, name, other)
          if (mend !== null) hands.later(clogsMs, mend)
        })
      }
    }
    return names.length === 0 ? null : NOTHING_TO_HEAL
  },
} satisfies Partial<Record<FaultKind, Act>>

const cuts = new WeakMap<World, Map<string, number>>()

/** Cuts of one link may overlap; it is whole when the last has ended. */
function cut(hands: Hands, one: string, other: string, way: 'both' | 'there' | 'back' = 'both'): Heal | null {
  if (!hands.exists(one) || !hands.exists(other)) return null
  const { network } = hands.world
  const link = pair(one, other)
  const count = cuts.get(hands.world) ?? new Map<string, number>()
  cuts.set(hands.world, count.set(link, (count.get(link) ?? 0) + 1))
  if (way === 'both') network.cut(one, other)
  else if (way === 'there') network.silence(one, other)
  else network.silence(other, one)
  return () => {
    const left = (count.get(link) ?? 1) - 1
    count.set(link, left)
    if (left === 0) network.mend(one, other)
  }
}
