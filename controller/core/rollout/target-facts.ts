/**
 * What the plan of an install needs to know of each target: whether it is ready, and whether its group can spare it. A
 * member that took the place of another has nothing of what was installed there: it stands in for a peer only when it has
 * all that the peer has.
 */
import type { PeerVersion } from '../../../agent/core/install/policies/peer-versions.ts'
import {
  type DataCenterName,
  type OrganizationName,
  SERVICE_PROVIDER,
  type Sha256,
} from '../../../protocol/identifiers.ts'
import { whyUnapproved } from '../approvals/authorizing.ts'
import { censusOf, groupKey, peersOf } from '../census.ts'
import { isDoubtful } from '../cloned-keys.ts'
import { title } from '../patch-identity.ts'
import { livePatches } from '../publishing.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import { readiness } from '../replications.ts'
import type { ServiceCenterState } from '../state.ts'
import type { Applying } from '../windows/room.ts'
import { membersLeft, windowsByPlace } from '../windows/targets.ts'
import { companionTargets, laterThan, whyNotYet } from './companions.ts'
import { isUnderWay } from './install-states.ts'
import { isInFlight } from './ongoing.ts'
import { forerunnerOf } from './ordering.ts'
import { peerVersions } from './previewing.ts'

/** What the plan needs to know of one target. */
export type TargetFacts = {
  readonly target: TargetRecord
  readonly appliance: ApplianceRecord
  /** It was ordered, and waits until another member of its group has ended. */
  readonly waitsForPeer: boolean
  readonly ready: true | string
  /** Why it waits for an install that goes before this one on it, or null. */
  readonly goesOnFrom: string | null
  /** Its parts in the installs that go together with this one. */
  readonly companions: readonly TargetRecord[]
  /** Why the policy of the fleet lets it not begin yet, by this install or one that goes on from it, or null. */
  readonly unapproved: string | null
  readonly reachable: boolean
  /** The members of its group that are not reachable, without itself. */
  readonly missingPeers: readonly ApplianceRecord[]
  /** Those of them that took the place of another, and lack what is installed on this one. */
  readonly lackingPeers: readonly { readonly peer: ApplianceRecord; readonly lacks: string }[]
  readonly hasPeers: boolean
  /** Of itself and its peers the one whose key two machines may have. */
  readonly doubtful: ApplianceRecord | null
  readonly peerVersions: readonly PeerVersion[]
  /** The maintenance windows and blackouts of its place, and how many of its group begin one after the other. */
  readonly windows: Applying
  readonly membersLeft: number
  /** Whether its organization is that of the Service Provider appliances. */
  readonly isProvider: boolean
  /** Whether somebody of its own Data Center takes a patch from it now. */
  readonly isRelaying: boolean
  /** How far its clock is ahead; null where nobody has heard. */
  readonly clockAheadMs: number | null
}

/** Of those targets that are members of the fleet. */
export function factsOf(
  state: ServiceCenterState,
  install: InstallRecord,
  targets: readonly TargetRecord[],
): TargetFacts[] {
  const { patch } = install
  const later = laterThan(state, install).filter((other) => isUnderWay(other.state))
  const record = state.patches.get(patch)
  const windowsAt = windowsByPlace(state)
  const left = membersLeft(state, targets)
  const providers = providersOf(state)
  const takers = takersOf(state)
  return targets.flatMap((target): TargetFacts[] => {
    const appliance = state.appliances.get(target.appliance)
    if (appliance === undefined) return []
    const peers = peersOf(state, appliance)
    return [
      {
        target,
        appliance,
        waitsForPeer: waitsForPeer(state, target),
        ready: readyForAll(state, patch, later, appliance),
        goesOnFrom: whyNotYet(state, install, appliance.peer),
        companions: companionTargets(state, install, appliance.peer),
        unapproved: unapprovedOf(state, [install, ...later], appliance),
        reachable: state.sessions.has(appliance.peer),
        missingPeers: peers.filter(({ peer }) => !state.sessions.has(peer)),
        lackingPeers: peers.flatMap((peer) => {
          const lacks = lackedBy(state, peer, appliance, patch)
          return lacks === null ? [] : [{ peer, lacks }]
        }),
        hasPeers: peers.length > 0,
        doubtful: [appliance, ...peers].find(({ peer }) => isDoubtful(state, peer)) ?? null,
        peerVersions: record === undefined ? [] : peerVersions(state, record, peers),
        windows: windowsAt(appliance),
        membersLeft: left.get(groupKey(appliance)) ?? 1,
        isProvider: providers.has(appliance.organization),
        isRelaying: appliance.kind === SERVICE_PROVIDER && isRelaying(state, patch, { appliance, peers, takers }),
        clockAheadMs: state.accounts.get(appliance.peer)?.clockAheadMs ?? null,
      },
    ]
  })
}

function unapprovedOf(
  state: ServiceCenterState,
  installs: readonly InstallRecord[],
  appliance: ApplianceRecord,
): string | null {
  for (const { id } of installs) {
    const reason = whyUnapproved(state, id, appliance)
    if (reason !== null) return reason
  }
  return null
}

/** For its patch, and for those that go on from it. */
function readyForAll(
  state: ServiceCenterState,
  patch: Sha256,
  later: readonly InstallRecord[],
  appliance: ApplianceRecord,
): true | string {
  const own = readiness(state, patch, appliance)
  if (own !== true) return own
  for (const other of later) {
    const ready = readiness(state, other.patch, appliance)
    const record = state.patches.get(other.patch)
    if (ready !== true) return record === undefined ? ready : `${title(record)}, which goes on from it: ${ready}`
  }
  return true
}

/** As far as it has told. */
export function waitsForPeer(state: ServiceCenterState, target: TargetRecord): boolean {
  return isInFlight(target) && target.state === 'queued' && forerunnerOf(state, target) !== null
}

/** The organizations of the Service Provider appliances, mostly one. */
export function providersOf(state: ServiceCenterState): ReadonlySet<OrganizationName> {
  return new Set([...censusOf(state.whole ?? state).depotPlaces.values()].map(({ organization }) => organization))
}

/** The Data Centers in which somebody takes the patch of an order from its depot. */
function takersOf(state: ServiceCenterState): ReadonlySet<DataCenterName> {
  const staging = [...state.unsettled.values()].filter((target) => target.state === 'staging')
  return new Set(staging.flatMap(({ appliance }) => state.appliances.get(appliance)?.dataCenter ?? []))
}

/** Somebody stages an order there, or a peer says that it takes this patch from it. */
function isRelaying(
  state: ServiceCenterState,
  patch: Sha256,
  around: {
    readonly appliance: ApplianceRecord
    readonly peers: readonly ApplianceRecord[]
    readonly takers: ReadonlySet<DataCenterName>
  },
): boolean {
  const { peer, dataCenter } = around.appliance
  const told = state.progress.get(patch)
  const takes = (other: ApplianceRecord): boolean => {
    const progress = told?.get(other.peer)
    return progress?.state === 'transferring' && progress.sources.includes(peer) && state.sessions.has(other.peer)
  }
  return around.takers.has(dataCenter) || around.peers.some(takes)
}

/**
 * The title of a patch for want of which `peer` cannot stand in for `appliance`. Where both took the place of another,
 * whoever catches up with the other by this install may do so, or each could wait for the other for ever.
 */
function lackedBy(
  state: ServiceCenterState,
  peer: ApplianceRecord,
  appliance: ApplianceRecord,
  patch: Sha256,
): string | null {
  const isFirst = peer.epoch === 1
  const catchesUp = appliance.epoch > 1 && isBehind(state, appliance, peer, patch)
  if (isFirst || catchesUp) return null
  const lacked = livePatches(state).find(({ sha256 }) => isBehind(state, peer, appliance, sha256))
  return lacked === undefined ? null : title(lacked)
}

function isBehind(state: ServiceCenterState, one: ApplianceRecord, other: ApplianceRecord, patch: Sha256): boolean {
  const found = state.detections.get(patch)
  const own = found?.get(one.peer)?.result
  return found?.get(other.peer)?.result === 'installed' && own !== 'installed' && own !== 'notApplicable'
}
