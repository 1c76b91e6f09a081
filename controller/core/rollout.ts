/**
 * The order in which the targets of an install begin. It plans and never acts: from what is known now to who may be
 * ordered now, and why each other one waits.
 *
 * Rules, each stronger than the next:
 * - never two members of a group at once, and none while another member cannot be reached (unless an outage is allowed
 *   or the patch disrupts nothing);
 * - after a failure nothing new starts: the install halts, what runs ends by itself;
 * - within a group the secondary first (the manifest's `pair.order`), but a ready member before one that is not;
 * - within one organization never two Data Centers at once; organizations side by side.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord, TargetState } from './records.ts'
import { groupKey } from './replications.ts'

/** What the plan needs to know of one target. */
export type TargetFacts = {
  readonly target: TargetRecord
  readonly appliance: ApplianceRecord
  readonly ready: true | string
  readonly reachable: boolean
  /** The members of its group that are not reachable, without itself. */
  readonly missingPeers: readonly ApplianceRecord[]
  readonly hasPeers: boolean
}

export type RolloutPlan = {
  readonly start: readonly PeerId[]
  /** Why each queued target that does not start waits. */
  readonly waiting: ReadonlyMap<PeerId, string>
}

const FINAL: ReadonlySet<TargetState> = new Set(['installed', 'failed', 'reverted', 'refused', 'cancelled', 'unknown'])
const FAILED: ReadonlySet<TargetState> = new Set(['failed', 'reverted', 'unknown'])

export function isFinal(state: TargetState): boolean {
  return FINAL.has(state)
}
export function isFailure(state: TargetState): boolean {
  return FAILED.has(state)
}
/** Ordered and not ended: it may be disrupted at this moment. */
export function isInFlight(target: TargetRecord): boolean {
  return target.order !== null && !isFinal(target.state)
}

export function planRollout(install: InstallRecord, manifest: Manifest, facts: readonly TargetFacts[]): RolloutPlan {
  const start: PeerId[] = []
  const waiting = new Map<PeerId, string>()
  const busyGroups = new Map<string, ApplianceRecord>()
  const busyDataCenters = new Map<string, string>()
  const occupy = (appliance: ApplianceRecord): void => {
    busyGroups.set(groupKey(appliance), appliance)
    busyDataCenters.set(appliance.organization, appliance.dataCenter)
  }
  for (const { target, appliance } of facts) if (isInFlight(target)) occupy(appliance)

  for (const fact of inOrder(facts, manifest.pair.order)) {
    const { target, appliance } = fact
    if (target.order !== null || isFinal(target.state)) continue
    const busyMember = busyGroups.get(groupKey(appliance))
    const busyDataCenter = busyDataCenters.get(appliance.organization)
    if (fact.ready !== true) waiting.set(appliance.peer, fact.ready)
    else if (!fact.reachable) waiting.set(appliance.peer, `${appliance.name} is not reachable`)
    else if (busyMember !== undefined)
      waiting.set(appliance.peer, `waits for ${busyMember.name} of the same pair to finish`)
    else if (busyDataCenter !== undefined && busyDataCenter !== appliance.dataCenter) {
      waiting.set(appliance.peer, `waits for ${busyDataCenter}: one Data Center of an organization at a time`)
    } else {
      const outage = outageOf(fact, install, manifest)
      if (outage !== null) waiting.set(appliance.peer, outage)
      else {
        start.push(appliance.peer)
        occupy(appliance)
      }
    }
  }
  return { start, waiting }
}

/** Why starting now would take the last serving member down, or null. */
function outageOf(fact: TargetFacts, install: InstallRecord, manifest: Manifest): string | null {
  if (install.allowOutage || manifest.impact.restart === 'none') return null
  const [missing] = fact.missingPeers
  if (missing !== undefined)
    return `waits until its peer ${missing.name} can be reached, so that one of them always serves`
  if (!fact.hasPeers)
    return 'is the only member of its group, and installing would interrupt it: start the install with --allow-outage'
  return null
}

function inOrder(facts: readonly TargetFacts[], order: Manifest['pair']['order']): TargetFacts[] {
  const rank = ({ appliance }: TargetFacts): number =>
    order === 'secondary-first' && appliance.role === 'primary' ? 1 : 0
  return [...facts].sort(
    (left, right) => rank(left) - rank(right) || (left.appliance.name < right.appliance.name ? -1 : 1),
  )
}
