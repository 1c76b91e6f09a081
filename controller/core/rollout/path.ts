/**
 * What a patch needs first and has not everywhere: the patches that are here to be installed before it, each after what it
 * needs itself. It is offered to whoever plans an install, and never added silently. Of several that would do the newest
 * version is meant; what nobody has uploaded is not on the path, and whoever lacks it refuses with that reason.
 */
import { architectureOf } from '../../../agent/core/install/policies/architecture.ts'
import type { PatchThere } from '../../../agent/core/install/policies/patches-there.ts'
import { judgeRequires } from '../../../agent/core/install/policies/requires.ts'
import { isCovered, isSuperseded, type PatchReference } from '../../../protocol/bundle/patch-references.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_PATCHES_AT_ONCE } from '../../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { compareVersions } from '../../../protocol/version-order.ts'
import { findingOn, patchesOn } from '../findings.ts'
import { identityOf, title } from '../patch-identity.ts'
import { livePatch, livePatches } from '../publishing.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { supersedence } from '../supersedence.ts'
import type { InstallPlan } from './install-plan.ts'

/** `first` go before it as things are; those that would have to be added, and on how many of these each is lacking. */
export function pathTo(
  state: ServiceCenterState,
  patch: PatchRecord,
  first: readonly PatchRecord[],
  appliances: readonly ApplianceRecord[],
): InstallPlan['needs'] {
  const live = livePatches(state)
  const path: PatchRecord[] = []
  const seen = new Set([patch.sha256])
  const add = (wanted: PatchReference, user: PatchRecord): void => {
    const found = best(live, wanted, user)
    if (found === undefined || seen.has(found.sha256)) return
    seen.add(found.sha256)
    addNeedsOf(found)
    path.push(found)
  }
  const addNeedsOf = (user: PatchRecord): void => {
    for (const wanted of user.publication.manifest.requires) {
      if (first.some((other) => isDone(other, wanted))) continue
      if (appliances.some((one) => lacks(state, one, wanted, live))) add(wanted, user)
    }
  }
  for (const one of [...first, patch]) addNeedsOf(one)
  return path
    .filter((needed) => !first.includes(needed))
    .map((needed) => ({
      ...identityOf(needed),
      appliances: appliances.filter((one) => findingOn(state, needed, one).result !== 'installed').length,
    }))
}

/** Those that were named to go before a patch, in their order. */
export function patchesFirst(
  state: ServiceCenterState,
  { sha256 }: PatchRecord,
  first: readonly Sha256[],
): PatchRecord[] | Refusal {
  if (new Set([...first, sha256]).size <= first.length)
    return refuse('bad_request', 'a patch was named twice: each goes once, in the order in which they are named')
  if (first.length > MAX_PATCHES_AT_ONCE)
    return refuse('bad_request', `${first.length} patches are to go first, and ${MAX_PATCHES_AT_ONCE} may`)
  const found: PatchRecord[] = []
  for (const wanted of first) {
    const patch = livePatch(state, wanted)
    if (isRefusal(patch)) return patch
    found.push(patch)
  }
  return found
}

/** Those that might go before it beside those that do: each the newest of its name, and one of these appliances lacks it. */
export function mayGoFirst(
  state: ServiceCenterState,
  patch: PatchRecord,
  first: readonly PatchRecord[],
  appliances: readonly ApplianceRecord[],
): PatchRecord[] {
  if (first.length >= MAX_PATCHES_AT_ONCE) return []
  const superseded = supersedence(state)
  const lacksIt = (other: PatchRecord) => (appliance: ApplianceRecord) => {
    const { result } = findingOn(state, other, appliance)
    return result === 'applicable' || result === 'unknown'
  }
  return livePatches(state)
    .filter((other) => other.publication.name !== patch.publication.name)
    .filter((other) => !first.includes(other) && !superseded.has(other.sha256) && appliances.some(lacksIt(other)))
    .sort((left, right) => (title(left) < title(right) ? -1 : 1))
}

/** As an appliance has them once they are installed. */
export function asThere({ publication: { name, version, manifest } }: PatchRecord): PatchThere {
  return { name, version, manifest }
}

function isDone({ publication }: PatchRecord, wanted: PatchReference): boolean {
  return isCovered(publication, wanted) || isSuperseded(wanted, publication.manifest)
}

/** The newest of those that are for the same machines; of the name that is asked for, before what takes its place. */
function best(live: readonly PatchRecord[], wanted: PatchReference, user: PatchRecord): PatchRecord | undefined {
  const architecture = architectureOf(user.publication.manifest)
  const isFor = ({ publication }: PatchRecord): boolean => {
    const own = architectureOf(publication.manifest)
    return own === null || architecture === null || own === architecture
  }
  const isOther = ({ publication }: PatchRecord): number => Number(publication.name !== wanted.name)
  return live
    .filter((other) => isDone(other, wanted) && isFor(other))
    .sort(
      (left, right) =>
        isOther(left) - isOther(right) || compareVersions(right.publication.version, left.publication.version),
    )[0]
}

function lacks(
  state: ServiceCenterState,
  { peer }: ApplianceRecord,
  wanted: PatchReference,
  live: readonly PatchRecord[],
): boolean {
  return judgeRequires({ requires: [wanted] }, patchesOn(state, peer, live)) !== null
}
