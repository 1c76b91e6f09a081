/**
 * Checks the whole trail, entry after entry, a part at a time, so that neither its length nor the check is felt by anybody
 * else. Reading in parts is safe, since entries are only ever added at the end.
 */
import { setImmediate as othersHadTheirTurn } from 'node:timers/promises'
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { TrailVerification } from '../core/access-views.ts'
import { type Chain, type ChainBreak, cutOff, EMPTY_CHAIN, follow, isBreak } from '../core/trail-chain.ts'
import type { Repository } from './ports.ts'

const AT_ONCE = 500

export type TrailCheck = {
  chain: Chain
  broken: ChainBreak | null
  /** Of the heads that somebody has noted, those that are the chain's, and at which entry each is. */
  found: ReadonlyMap<Sha256, number>
  checkedAt: number
}

export type CheckGiven = {
  repository: Repository
  nowMs: number
  /** Heads that somebody has noted earlier. */
  noted?: ReadonlySet<Sha256>
  /** What the chain was when this process looked at it before. */
  known?: Chain
  /** Whether the process ends: then the check throws. */
  signal?: AbortSignal
}

export async function checkTrail(given: CheckGiven): Promise<TrailCheck> {
  const { repository, nowMs: checkedAt, noted = new Set(), known = EMPTY_CHAIN, signal } = given
  const found = new Map<Sha256, number>()
  let chain = EMPTY_CHAIN
  for (;;) {
    const entries = await repository.trailAfter(chain.entries === 0 ? null : chain.position, AT_ONCE)
    for (const entry of entries) {
      const next = follow(chain, entry, known)
      if (isBreak(next)) return { chain, broken: next, found, checkedAt }
      chain = next
      if (noted.has(chain.head)) found.set(chain.head, chain.position)
    }
    if (entries.length < AT_ONCE) return { chain, broken: cutOff(chain, known), found, checkedAt }
    await othersHadTheirTurn()
    signal?.throwIfAborted()
  }
}

/** As API, pages and command line show it to whoever has noted this head. */
export function trailVerification(
  { chain, broken, found, checkedAt }: TrailCheck,
  asked: Sha256 | null = null,
): TrailVerification {
  const { entries, position, head, at } = chain
  const noted = asked === null ? null : { head: asked, position: found.get(asked) ?? null }
  return {
    ...{ intact: broken === null, entries, head, headAt: entries === 0 ? null : new Date(at).toISOString(), position },
    ...{ brokenAt: broken, noted, checkedAt: new Date(checkedAt).toISOString() },
  }
}
