/**
 * The order in which the targets of an install begin. It plans and never acts: from what is known now to who may be
 * ordered now, and why each other one waits.
 *
 * Rules, each stronger than the next:
 * - never two members of a group at once, and none while another member cannot be reached, or has taken the place of
 *   one and is not where this one is, or while two machines may have the key of a member (unless an outage is allowed or
 *   the patch disrupts nothing);
 * - after a failure no pair begins: the install halts, what runs ends by itself, and a pair that has begun is finished;
 * - none whose peer has a version that the patch does not run beside (the manifest's `pair.peerCompat`), and none whose
 *   clock would take every order for expired;
 * - within a group the secondary first (the manifest's `pair.order`), but a ready member before one that is not;
 * - within one organization never two Data Centers at once, and one is finished before the next; organizations side by
 *   side. An appliance that was ordered and of which nothing is heard any more holds its own Data Center, no other.
 *
 * What is in flight counts, whichever install ordered it; and of a pair with a member that was ordered and of which
 * nothing is heard, the other is left alone by every install that allows no outage.
 */
import { judgePeerVersions, type PeerVersion } from '../../../agent/core/install/policies/peer-versions.ts'
import type { DataCenterName, OrganizationName, PeerId } from '../../../protocol/identifiers.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { whyKeyIsHeld } from '../held-keys.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import { groupKey } from '../replications.ts'
import { isFinal } from './install-states.ts'

/** What the plan needs to know of one target. */
export type TargetFacts = {
  readonly target: TargetRecord
  readonly appliance: ApplianceRecord
  readonly ready: true | string
  readonly reachable: boolean
  /** The members of its group that are not reachable, without itself. */
  readonly missingPeers: readonly ApplianceRecord[]
  /** Those of them that took the place of another, and lack what is installed on this one. */
  readonly lackingPeers: readonly { readonly peer: ApplianceRecord; readonly lacks: string }[]
  readonly hasPeers: boolean
  /** Of itself and its peers the one whose key two machines may have. */
  readonly doubtful: ApplianceRecord | null
  readonly peerVersions: readonly PeerVersion[]
  /** Why it would take an order for expired, or null. */
  readonly clockTrouble: string | null
}

export type RolloutPlan = {
  readonly start: readonly PeerId[]
  /** Why each queued target that does not start waits. */
  readonly waiting: ReadonlyMap<PeerId, string>
}

/** Ordered and not ended: it may be disrupted at this moment. */
export function isInFlight(target: TargetRecord): boolean {
  return target.order !== null && !isFinal(target.state)
}

/** Ordered, and nothing is heard of it any more: it may be disrupted at this moment, or when it comes back. */
export function isUnheard(target: TargetRecord): boolean {
  return target.order !== null && target.state === 'unknown'
}

/** Its order is known to nobody any more, and so is how it ended: it is not waited for. */
export function isForgotten(target: TargetRecord): boolean {
  return target.order === null && target.state === 'unknown'
}

/** What orders of other installs do: those in flight, and those of which nothing is heard any more. */
export type Elsewhere = { readonly inFlight: readonly ApplianceRecord[]; readonly unheard: readonly ApplianceRecord[] }

export function planRollout(
  install: InstallRecord,
  manifest: Manifest,
  facts: readonly TargetFacts[],
  elsewhere: Elsewhere,
): RolloutPlan {
  const start: PeerId[] = []
  const waiting = new Map<PeerId, string>()
  const busy: Busy = { groups: new Map(), sites: new Map(), silent: new Map() }
  for (const appliance of elsewhere.inFlight) occupy(busy, appliance)
  // Who allows an outage need not wait for an appliance that may never come back.
  if (!install.allowOutage) for (const appliance of elsewhere.unheard) busy.silent.set(groupKey(appliance), appliance)
  for (const { target, appliance } of facts) {
    if (isInFlight(target)) occupy(busy, appliance)
    if (isUnheard(target)) busy.silent.set(siteKey(appliance), appliance)
  }
  for (const fact of inOrder(facts, manifest.pair.order)) {
    const { target, appliance } = fact
    if (target.order !== null || isFinal(target.state)) continue
    const reason = whyNotNow(fact, busy) ?? whyHeld(fact, install, manifest)
    if (reason !== null) waiting.set(appliance.peer, reason)
    else {
      start.push(appliance.peer)
      occupy(busy, appliance)
    }
  }
  return { start, waiting }
}

/** Why it would not begin though it were its turn, or null: a person has to act, or a peer has to come back. */
export function whyHeld(fact: TargetFacts, install: InstallRecord, manifest: Manifest): string | null {
  return fact.clockTrouble ?? besideItsPeers(fact, manifest) ?? outageOf(fact, install, manifest)
}

function besideItsPeers({ peerVersions }: TargetFacts, manifest: Manifest): string | null {
  const odd = judgePeerVersions(manifest, peerVersions)
  return odd === null ? null : `waits: ${odd}`
}

/** Who has an order in flight, by group and by organization; and of whom nothing is heard, by Data Center. */
type Busy = {
  readonly groups: Map<string, ApplianceRecord>
  readonly sites: Map<OrganizationName, Set<DataCenterName>>
  /** By Data Center of an organization, or by group. */
  readonly silent: Map<string, ApplianceRecord>
}

function occupy(busy: Busy, appliance: ApplianceRecord): void {
  const { organization, dataCenter } = appliance
  busy.groups.set(groupKey(appliance), appliance)
  busy.sites.set(organization, (busy.sites.get(organization) ?? new Set()).add(dataCenter))
}

function whyNotNow({ appliance, ready, reachable }: TargetFacts, busy: Busy): string | null {
  const { name, organization, dataCenter } = appliance
  const held = whyKeyIsHeld(appliance)
  if (held !== null) return held
  if (ready !== true) return ready
  if (!reachable) return `${name} is not reachable`
  const member = busy.groups.get(groupKey(appliance))
  if (member?.peer === appliance.peer) return `waits for another install on ${name} to finish`
  if (member !== undefined) return `waits for ${member.name} of the same pair to finish`
  const elsewhere = [...(busy.sites.get(organization) ?? [])].find((site) => site !== dataCenter)
  if (elsewhere !== undefined) return `waits for ${elsewhere}: one Data Center of an organization at a time`
  const silent = busy.silent.get(siteKey(appliance)) ?? busy.silent.get(groupKey(appliance))
  if (silent !== undefined) return `waits until something is heard of ${silent.name}, which was ordered to install`
  return null
}

function siteKey({ organization, dataCenter }: ApplianceRecord): string {
  return JSON.stringify([organization, dataCenter])
}

/** Why starting now would take the last serving member down, or null. */
function outageOf(fact: TargetFacts, install: InstallRecord, manifest: Manifest): string | null {
  if (install.allowOutage || manifest.impact.restart === 'none') return null
  const [missing] = fact.missingPeers
  if (missing !== undefined)
    return `waits until its peer ${missing.name} can be reached, so that one of them always serves`
  const [lacking] = fact.lackingPeers
  if (lacking !== undefined)
    return `waits until ${lacking.peer.name}, which took the place of another appliance, has ${lacking.lacks} installed too`
  if (fact.doubtful !== null)
    return `waits until it is certain that only one machine has the key of ${fact.doubtful.name}: two processes with it were heard in turn, as if a copy ran beside it; where none does, this passes within ten minutes`
  if (!fact.hasPeers)
    return 'is the only member of its group, and installing would interrupt it: cancel the install, and allow the outage when you start it again (--allow-outage)'
  return null
}

/** A Data Center that has begun before one that has not, so that no more pairs than need be stay half done. */
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
