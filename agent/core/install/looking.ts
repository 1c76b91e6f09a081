/**
 * What an appliance knows of the patches that are there: the newest detection of each, and which of them another patch has
 * to do with by its manifest or theirs, so that just these are looked at before it is installed.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'
import type { AgentEffect, Found, LedgerEntry } from '../events.ts'
import { foundEntry, restartsEntry } from '../ledger.ts'
import { lookAt } from '../looking-again.ts'
import { isGivenUp } from '../replica.ts'
import { tellDetection } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { judgeFound, type Place } from './policies/applicability.ts'
import type { PatchThere } from './policies/patches-there.ts'
import { isBeforeRestart } from './policies/restart.ts'

/**
 * Notes what was found: what the installer saw, as the manifest and a restart that is due let it count. It is told where
 * it is not what was told before, and with a word where a version came or went that no order has changed.
 */
export function noteFound(state: AgentState, patch: Sha256, seen: Found): AgentEffect[] {
  const replica = state.replicas.get(patch)
  if (state.membership === null || replica === undefined || isGivenUp(replica)) return []
  const found = asItCounts(state, patch, seen)
  const before = state.found.get(patch)
  const byUs = state.looking.ours.delete(patch) || state.orders.attempt?.order.patch === patch
  if (before !== undefined && isSame(before, found)) return []
  state.found.set(patch, found)
  const reason = before === undefined || byUs ? found.reason : withDrift(before, found)
  return tellDetection(state, patch, { ...found, reason }, [foundEntry(patch, found)])
}

/** The patch goes, or came anew and nobody knows what was told of it: what is found of it next is news. */
export function forgetFound(state: AgentState, patch: Sha256): LedgerEntry[] {
  state.looking.queue.delete(patch)
  state.looking.ours.delete(patch)
  return state.found.delete(patch) ? [foundEntry(patch, null)] : []
}

function isSame(left: Found, right: Found): boolean {
  return (
    left.result === right.result && left.installedVersion === right.installedVersion && left.reason === right.reason
  )
}

function withDrift(before: Found, now: Found): string {
  if (before.installedVersion === now.installedVersion || now.result === 'unknown' || before.result === 'unknown') {
    return now.reason
  }
  const was = before.installedVersion === null ? 'no version' : `version ${before.installedVersion}`
  const words = `${was} was there at the look before, and no order has changed that`
  return now.reason === '' ? words : `${now.reason}; ${words}`
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

/**
 * What is looked at for an order, and which of it at once: what is being looked at since before the order is looked at
 * once more when that answer is there.
 */
export function looksFor(state: AgentState, publication: Publication): { all: Set<Sha256>; now: AgentEffect[] } {
  const all = new Set([...relatedPatches(state, publication), publication].map(({ sha256 }) => sha256))
  const fresh = [...all].filter((patch) => patch !== state.looking.asked?.patch)
  return { all, now: fresh.flatMap((patch) => lookAt(state, patch)) }
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
