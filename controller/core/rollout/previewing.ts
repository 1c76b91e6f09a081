/**
 * What the manifest of a patch means for the appliances that somebody has chosen, told before an install begins: for which
 * of them it is not meant, and which would refuse it or wait as things are now. It is judged by the very policies that
 * each appliance judges by, with what the appliances have told; they judge again, and theirs is the last word.
 */

import type { PatchThere } from '../../../agent/core/install/policies/patches-there.ts'
import { judgePeerVersions, type PeerVersion } from '../../../agent/core/install/policies/peer-versions.ts'
import { judgePreflight } from '../../../agent/core/install/policies/preflight.ts'
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { compareVersions } from '../../../protocol/version-order.ts'
import { groupKey } from '../census.ts'
import { whyLate } from '../clock-difference.ts'
import { findingOn, patchesOn } from '../findings.ts'
import { whyKeyIsHeld } from '../held-keys.ts'
import { title } from '../patch-identity.ts'
import { livePatches } from '../publishing.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { windowsByPlace } from '../windows/targets.ts'
import { whyOutside } from '../windows/waiting.ts'
import { INSTALL_DEADLINE_MS } from './install-times.ts'

export type NamedReason = { appliance: string; organization: string; dataCenter: string; reason: string }

/** Those in the scope for which the patch is meant, and why it is not for the others. */
export function meantAppliances(
  state: ServiceCenterState,
  patch: PatchRecord,
  scope: readonly ApplianceRecord[],
): { meant: ApplianceRecord[]; others: NamedReason[] } {
  const meant: ApplianceRecord[] = []
  const others: NamedReason[] = []
  for (const appliance of scope) {
    const { result, reason } = findingOn(state, patch, appliance)
    if (result === 'notApplicable') others.push(named(appliance, reason))
    else meant.push(appliance)
  }
  return { meant, others }
}

/** Where the patch is meant for nobody: the first reason, with whom it is about. */
export function meantForNobody(patch: PatchRecord, others: readonly NamedReason[]): Refusal {
  const [first] = others
  const why = first === undefined ? '' : `: ${first.appliance}: ${first.reason}`
  return refuse('not_applicable', `${title(patch)} is meant for none of the chosen appliances${why}`)
}

/** Appliances that would not install it now, where `before` goes first, each with the reason that it would give itself. */
export function hindered(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly ApplianceRecord[],
  before: readonly PatchThere[] = [],
): NamedReason[] {
  const { manifest } = patch.publication
  const groups = manifest.pair.peerCompat.length === 0 ? null : Map.groupBy(state.appliances.values(), groupKey)
  const live = livePatches(state)
  return appliances.flatMap((appliance): NamedReason[] => {
    const { result, installedVersion } = findingOn(state, patch, appliance)
    if (result === 'installed') return []
    const account = state.accounts.get(appliance.peer)
    const there = [...patchesOn(state, appliance.peer, live), ...before]
    const facts = { installedVersion, there, machine: account?.machine ?? null }
    const peers = (groups?.get(groupKey(appliance)) ?? []).filter(({ peer }) => peer !== appliance.peer)
    const { wallMs } = state.clock
    const reason =
      whyKeyIsHeld(appliance) ??
      judgePreflight(manifest, facts)?.message ??
      judgePeerVersions(manifest, peerVersions(state, patch, peers)) ??
      whyLate(account?.clockAheadMs ?? null, wallMs + INSTALL_DEADLINE_MS, wallMs)
    return reason === null ? [] : [named(appliance, reason)]
  })
}

/** Appliances that have a later version, which this one would take back: told before anybody agrees to it. */
export function goingBack(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly ApplianceRecord[],
): NamedReason[] {
  const { version } = patch.publication
  return appliances.flatMap((appliance): NamedReason[] => {
    const { result, installedVersion } = findingOn(state, patch, appliance)
    if (result === 'installed' || installedVersion === null || compareVersions(installedVersion, version) <= 0)
      return []
    return [named(appliance, `has ${installedVersion}, and would go back to ${version}`)]
  })
}

/** Appliances that are the only member of their group, where the patch interrupts what it is installed on. */
export function withoutPeer(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly ApplianceRecord[],
): NamedReason[] {
  if (patch.publication.manifest.impact.restart === 'none') return []
  const groups = Map.groupBy(state.appliances.values(), groupKey)
  return appliances
    .filter((appliance) => groups.get(groupKey(appliance))?.length === 1)
    .filter((appliance) => findingOn(state, patch, appliance).result !== 'installed')
    .map((appliance) => named(appliance, 'is the only member of its group, and installing would interrupt it'))
}

/** Appliances that would wait for a maintenance window, or for the end of a blackout. */
export function waitingForWindows(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly ApplianceRecord[],
): NamedReason[] {
  const { manifest } = patch.publication
  const windowsAt = windowsByPlace(state)
  return appliances.flatMap((appliance): NamedReason[] => {
    const reason = whyOutside(windowsAt(appliance), { manifest, left: 1 }, state.clock.wallMs)
    return reason === null ? [] : [named(appliance, reason)]
  })
}

export function peerVersions(
  state: ServiceCenterState,
  patch: PatchRecord,
  peers: readonly ApplianceRecord[],
): PeerVersion[] {
  return peers.map((peer) => {
    const { result, installedVersion } = findingOn(state, patch, peer)
    return { name: peer.name, version: installedVersion, isKnown: result !== 'unknown' || installedVersion !== null }
  })
}

function named({ name, organization, dataCenter }: ApplianceRecord, reason: string): NamedReason {
  return { appliance: name, organization, dataCenter, reason }
}
