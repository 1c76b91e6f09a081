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
  /** A head that somebody has noted, and at which entry it is; null if it is none of the chain's. */
  noted: { head: Sha256; position: number | null } | null
  checkedAt: number
}

export type CheckGiven = {
  repository: Repository
  nowMs: number
  /** A head that somebody has noted earlier. */
  noted?: Sha256 | null
  /** What the chain was when this process looked at it before. */
  known?: Chain
  /** Whether the process ends: then the check throws. */
  signal?: AbortSignal
}

export async function checkTrail(given: CheckGiven): Promise<TrailCheck> {
  const { repository, nowMs: checkedAt, noted: head = null, known = EMPTY_CHAIN, signal } = given
  const noted = head === null ? null : { head, position: null as number | null }
  let chain = EMPTY_CHAIN
  for (;;) {
    const entries = await repository.trailAfter(chain.entries === 0 ? null : chain.position, AT_ONCE)
    for (const entry of entries) {
      const next = follow(chain, entry, known)
      if (isBreak(next)) return { chain, broken: next, noted, checkedAt }
      chain = next
      if (noted !== null && chain.head === noted.head) noted.position = chain.position
    }
    if (entries.length < AT_ONCE) return { chain, broken: cutOff(chain, known), noted, checkedAt }
    await othersHadTheirTurn()
    signal?.throwIfAborted()
  }
}

/** As API, pages and command line show it. */
export function trailVerification({ chain, broken, noted, checkedAt }: TrailCheck): TrailVerification {
  const { entries, position, head, at } = chain
  return {
    ...{ intact: broken === null, entries, head, headAt: entries === 0 ? null : new Date(at).toISOString(), position },
    ...{ brokenAt: broken, noted, checkedAt: new Date(checkedAt).toISOString() },
  }
}
