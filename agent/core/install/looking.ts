/**
 * What an appliance knows of the patches that are there: the newest detection of each, and which of them another patch has
 * to do with by its manifest or theirs, so that just these are looked at before it is installed.
 */
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import type { Publication } from '../../../protocol/statements.ts'
import type { AgentEffect, Found } from '../events.ts'
import { restartsEntry } from '../ledger.ts'
import { isGivenUp } from '../replica.ts'
import { tellDetection } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { judgeFound, type Place } from './policies/applicability.ts'
import type { PatchThere } from './policies/patches-there.ts'
import { isBeforeRestart } from './policies/restart.ts'

/** Notes what was found and tells it: what the installer saw, as the manifest and a restart that is due let it count. */
export function noteFound(state: AgentState, patch: Sha256, seen: Found): { found: Found; told: AgentEffect[] } {
  const found = asItCounts(state, patch, seen)
  state.found.set(patch, found)
  return { found, told: tellDetection(state, patch, found) }
}

function asItCounts(state: AgentState, patch: Sha256, seen: Found): Found {
  const replica = state.replicas.get(patch)
  const place = placeOf(state)
  if (replica === undefined || place === null) return seen
  const found = judgeFound(replica.publication.manifest, place, seen)
  const since = state.restarts.get(patch)
  if (found.result !== 'installed' || !isBeforeRestart(since?.bootId, state.machine)) return found
  const due = `counts after a restart of this appliance, which is due since ${new Date(since?.sinceMs ?? 0).toISOString()}`
  return { ...found, result: 'applicable', reason: `version ${found.installedVersion} is there and ${due}` }
}

export function placeOf({ membership, machine }: AgentState): Place | null {
  return membership === null ? null : { kind: membership.kind, architectures: machine?.architectures ?? [] }
}

/** Other patches whose presence this one's manifest asks for or forbids, or which say something of it themselves. */
export function relatedPatches(state: AgentState, { sha256, name, manifest }: Publication): Publication[] {
  const named = new Set<string>([name, ...[...manifest.requires, ...manifest.conflicts].map((other) => other.name)])
  const wanted = new Set<string>(manifest.requires.map((other) => other.name))
  const isRelated = (other: Manifest): boolean =>
    named.has(other.name) ||
    other.conflicts.some((reference) => reference.name === name) ||
    other.supersedes.some((reference) => wanted.has(reference.name))
  return [...state.replicas.values()]
    .filter((replica) => !isGivenUp(replica))
    .map(({ publication }) => publication)
    .filter((other) => other.sha256 !== sha256 && isRelated(other.manifest))
}

export function patchesThere(state: AgentState, publications: readonly Publication[]): PatchThere[] {
  return publications.flatMap(({ sha256, name, version, manifest }): PatchThere[] => {
    const found = state.found.get(sha256)
    const there = found?.installedVersion ?? null
    if (found === undefined || there === null) return []
    return [{ name, version: there, manifest: there === version ? manifest : null }]
  })
}

/** After the machine has started again: what waited for that counts now, and is looked at again. */
export function restartsOver(state: AgentState): AgentEffect[] {
  const over = [...state.restarts].filter(([, { bootId }]) => !isBeforeRestart(bootId, state.machine))
  if (over.length === 0 || state.machine === null) return []
  for (const [patch] of over) state.restarts.delete(patch)
  const looks = over.flatMap(([patch]): AgentEffect[] => {
    const replica = state.replicas.get(patch)
    return replica === undefined ? [] : [{ kind: 'detect', publication: replica.publication }]
  })
  return [{ kind: 'record', entries: [restartsEntry(state)] }, ...looks]
}
