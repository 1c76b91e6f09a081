/**
 * The order in which the targets of an install begin. It plans and never acts: from what is known now to who may be
 * ordered now, and why each other one waits. What holds somebody back is decided by the policies (policies.ts), each asked
 * again with what has just been planned; here is only who is asked first:
 * - a Data Center that has begun before one that has not, so that no more pairs than need be stay half done;
 * - within a group the secondary first (the manifest's `pair.order`), but a ready member before one that is not.
 */
import type { Clock } from '../../../protocol/clock.ts'
import type { PeerId } from '../../../protocol/identifiers.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import type { InstallRecord } from '../records.ts'
import { type Elsewhere, isWaiting, occupy, ongoingAround, siteKey } from './ongoing.ts'
import { whyNotNow } from './policies.ts'
import type { TargetFacts } from './target-facts.ts'

export type RolloutPlan = {
  readonly start: readonly PeerId[]
  /** Why each queued target that does not start waits. */
  readonly waiting: ReadonlyMap<PeerId, string>
}

export type RolloutFacts = {
  readonly install: InstallRecord
  readonly manifest: Manifest
  readonly targets: readonly TargetFacts[]
  readonly elsewhere: Elsewhere
}

export function planRollout({ install, manifest, targets, elsewhere }: RolloutFacts, clock: Clock): RolloutPlan {
  const start: PeerId[] = []
  const waiting = new Map<PeerId, string>()
  const ongoing = ongoingAround(install, targets, elsewhere)
  for (const fact of inOrder(targets, manifest.pair.order)) {
    if (!isWaiting(fact.target)) continue
    const reason = whyNotNow({ fact, install, manifest, ongoing }, clock)
    if (reason !== null) waiting.set(fact.appliance.peer, reason)
    else {
      start.push(fact.appliance.peer)
      occupy(ongoing, fact.appliance)
    }
  }
  return { start, waiting }
}

function inOrder(facts: readonly TargetFacts[], order: Manifest['pair']['order']): TargetFacts[] {
  const begun = new Set(facts.filter(({ target }) => target.order !== null).map(({ appliance }) => siteKey(appliance)))
  const rank = ({ appliance }: TargetFacts): string => {
    const site = siteKey(appliance)
    const role = order === 'secondary-first' && appliance.role === 'primary' ? 1 : 0
    return JSON.stringify([begun.has(site) ? 0 : 1, site, role, appliance.name])
  }
  const ranked = facts.map((fact) => ({ fact, rank: rank(fact) }))
  return ranked.sort((left, right) => (left.rank < right.rank ? -1 : 1)).map(({ fact }) => fact)
}
