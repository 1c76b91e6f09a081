/**
 * The order in which the targets of an install begin. It plans and never acts: from what is known now to who may be
 * ordered now, and why each other one waits. What holds somebody back is decided by the policies (policies.ts), each asked
 * again with what has just been planned; here is only who is asked first:
 * - a Data Center that has begun before one that has not, so that no more pairs than need be stay half done;
 * - then one in which the provider has something to install, and there the provider first, its depot before the rest;
 * - within a group the secondary first (the manifest's `pair.order`), but a ready member before one that is not. Its members
 *   begin together: each order says after whose it comes (ordering.ts).
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { Clock } from '../../../protocol/clock.ts'
import { type PeerId, SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import type { InstallRecord } from '../records.ts'
import type { Placed } from './groups.ts'
import { type Elsewhere, isWaiting, ongoingAround, siteKey, takeTurn } from './ongoing.ts'
import { whyAbsent, whyNotNow } from './policies.ts'
import type { TargetFacts } from './target-facts.ts'
import { NO_WAVES, takePlace, waveNumber, wavesOf } from './waves.ts'

export type RolloutPlan = {
  readonly start: readonly PeerId[]
  /** Why each queued target that does not start waits. */
  readonly waiting: ReadonlyMap<PeerId, string>
  /** The number of the wave in which those start. */
  readonly wave: number
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
  const shared = { install, manifest, ongoing }
  const waves = wavesOf(install, targets, (fact) => whyAbsent({ ...shared, fact, waves: NO_WAVES }, clock) !== null)
  for (const fact of inOrder(targets, manifest.pair.order)) {
    if (!isWaiting(fact.target)) continue
    const reason = whyNotNow({ ...shared, fact, waves }, clock)
    if (reason !== null) waiting.set(fact.appliance.peer, reason)
    else {
      start.push(fact.appliance.peer)
      takeTurn(ongoing, fact.appliance)
      takePlace(waves, fact.appliance)
    }
  }
  return { start, waiting, wave: waveNumber(waves) }
}

/** What is so sorts before what is not. */
function first(isSo: boolean): 0 | 1 {
  return isSo ? 0 : 1
}

/** Who is asked first. */
export function inOrder<Member extends Placed & { readonly isProvider: boolean }>(
  members: readonly Member[],
  order: Manifest['pair']['order'],
): Member[] {
  const begun = members.filter(({ target }) => target.order !== null)
  const sites = new Set(begun.map(({ appliance }) => siteKey(appliance)))
  const dataCenters = new Set(begun.map(({ appliance }) => appliance.dataCenter))
  const providers = new Set(members.filter(({ isProvider }) => isProvider).map(({ appliance }) => appliance.dataCenter))
  const rank = ({ appliance, isProvider }: Member): string => {
    const { organization, dataCenter, kind, group, role, name } = appliance
    const isLast = order === 'secondary-first' && role === 'primary'
    const place = `${first(dataCenters.has(dataCenter))}${first(providers.has(dataCenter))}${dataCenter}`
    const whose = `${first(sites.has(siteKey(appliance)))}${first(isProvider)}${first(kind === SERVICE_PROVIDER)}${organization}`
    // Nothing that has a name holds this character, and it sorts before all that a name may hold.
    return [place, whose, kind, group, `${first(!isLast)}${name}`].join('\0')
  }
  const ranked = members.map((member) => ({ member, rank: rank(member) }))
  return ranked.sort((left, right) => (left.rank < right.rank ? -1 : 1)).map(({ member }) => member)
}
