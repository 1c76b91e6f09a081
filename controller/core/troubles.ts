/**
 * What somebody has to look at in installs: appliances on which a patch was not installed though it was ordered, and
 * pairs of which one member has it and another has not. What an appliance has is what it was last seen to have; who has
 * left the fleet is no trouble, and where a patch is not meant for an appliance nothing is missing. A target that waits for
 * what does not come by itself, as the only member of a group does that nobody may interrupt, is one too.
 */
import { judgeSkew } from '../../agent/core/install/policies/pair-skew.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { groupKey } from './census.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from './records.ts'
import { isNotMeant } from './rollout/groups.ts'
import { isFailure, isFinal } from './rollout/install-states.ts'
import { isForgotten, isWaiting, ongoingAround } from './rollout/ongoing.ts'
import { whyHeld } from './rollout/policies.ts'
import { factsOf } from './rollout/target-facts.ts'
import { NO_WAVES } from './rollout/waves.ts'
import { hasInstalled } from './standings.ts'
import type { ServiceCenterState } from './state.ts'

/** Whoever restarts is back before. */
const AWAY_MS = 2 * 60 * 1000

/** A pair whose members are not equal, and nothing is under way that would make them so. */
export type MixedPair = {
  readonly has: ApplianceRecord[]
  readonly lacks: ApplianceRecord[]
  readonly reason: string
  /** Where it has been so for longer than the patch allows: a sentence, or null. */
  readonly skew: string | null
}

/** Of one install, as far as it is so now. */
export function mixedPairs(state: ServiceCenterState, install: InstallRecord): MixedPair[] {
  const targets = [...(state.targets.get(install.id)?.values() ?? [])]
  return mixedAmong(state, install.patch, targets)
}

function mixedAmong(state: ServiceCenterState, patch: Sha256, targets: Iterable<TargetRecord>): MixedPair[] {
  const groups = new Map<
    string,
    { has: ApplianceRecord[]; lacks: ApplianceRecord[]; reason: string; goesOn: boolean; sinceMs: number }
  >()
  for (const target of targets) {
    const appliance = state.appliances.get(target.appliance)
    if (appliance === undefined || isNotMeant(target)) continue
    const key = groupKey(appliance)
    const group = groups.get(key) ?? { has: [], lacks: [], reason: '', goesOn: false, sinceMs: state.clock.wallMs }
    groups.set(key, group)
    const newest = state.standings.newest.get(patch)?.get(target.appliance) ?? target
    if (!isFinal(newest.state)) group.goesOn = true
    else if (hasInstalled(state, patch, appliance.peer)) {
      group.has.push(appliance)
      group.sinceMs = Math.min(group.sinceMs, newest.changedAt)
    } else {
      group.lacks.push(appliance)
      group.reason ||= newest.reason
    }
  }
  const manifest = state.patches.get(patch)?.publication.manifest
  return [...groups.values()]
    .filter(({ has, lacks, goesOn }) => has.length > 0 && lacks.length > 0 && !goesOn)
    .map(({ has, lacks, reason, sinceMs }) => {
      const skew = manifest === undefined ? null : judgeSkew(manifest, sinceMs, state.clock.wallMs)
      return { has, lacks, reason, skew }
    })
}

/** `acme-1 has kernel 6.1 and acme-2 of the same pair has not: it could not be reached`. */
export function mixedSentence({ has, lacks, reason, skew }: MixedPair): string {
  const [holders, others] = [has, lacks].map((members) => members.map(({ name }) => name).join(', '))
  const verb = lacks.length === 1 ? 'has' : 'have'
  return `${holders} ${has.length === 1 ? 'has' : 'have'} it and ${others} of the same pair ${verb} not${reason === '' ? '' : `: ${reason}`}${skew === null ? '' : `; ${skew}`}`
}

/** Each a sentence without its full stop; the first is the worst. */
export function troublesOf(state: ServiceCenterState, patch: Sha256): string[] {
  const unfinished = [...(state.standings.unfinished.get(patch)?.values() ?? [])].filter(
    (target) =>
      state.appliances.has(target.appliance) && !isNotMeant(target) && !hasInstalled(state, patch, target.appliance),
  )
  const mixed =
    unfinished.length === 0 ? [] : mixedAmong(state, patch, state.standings.newest.get(patch)?.values() ?? [])
  const inMixed = new Set(mixed.flatMap(({ lacks }) => lacks.map(({ peer }) => peer)))
  const ended = unfinished
    .filter(({ appliance }) => !inMixed.has(appliance))
    .filter((target) => target.state !== 'cancelled' || state.installs.get(target.install)?.state === 'halted')
    .sort((left, right) => weight(left) - weight(right))
  return [
    ...mixed.map((pair) => `a pair is mixed: ${mixedSentence(pair)}`),
    ...ended.map((target) => troubleOf(state, target)),
    ...silentIn(state, patch).map(({ name }) => `${name} was ordered to install it and cannot be reached`),
    ...heldIn(state, patch),
  ]
}

function troubleOf(state: ServiceCenterState, target: TargetRecord): string {
  const name = state.appliances.get(target.appliance)?.name ?? ''
  const because = target.reason === '' ? '' : `: ${target.reason}`
  if (isForgotten(target)) return `nobody knows how the order to install it ended on ${name}${because}`
  if (target.state === 'unknown') return `nothing is heard of ${name}, which was ordered to install it${because}`
  if (target.state === 'cancelled') return `its install halted before ${name}${because}`
  return `${name} ${target.state}${because}`
}

function weight({ state }: TargetRecord): number {
  return isFailure(state) ? 0 : state === 'refused' ? 1 : state === 'unknown' ? 2 : 3
}

/** It could begin, and is held by what does not pass by itself; whoever restarts is back before that. */
function heldIn(state: ServiceCenterState, patch: Sha256): string[] {
  const manifest = state.patches.get(patch)?.publication.manifest
  const queued = [...(state.standings.newest.get(patch)?.values() ?? [])].filter(isWaiting)
  if (manifest === undefined || queued.length === 0) return []
  return [...Map.groupBy(queued, ({ install }) => install)].flatMap(([id, targets]) => {
    const install = state.installs.get(id)
    if (install === undefined) return []
    const facts = factsOf(state, install, targets)
    const ongoing = ongoingAround(install, facts, { inFlight: [], unheard: [] })
    return facts.flatMap((fact) => {
      const missingPeers = fact.missingPeers.filter((peer) => isAway(state, peer))
      const why = whyHeld(
        { fact: { ...fact, missingPeers, doubtful: null }, install, manifest, ongoing, waves: NO_WAVES },
        state.clock,
      )
      return fact.ready === true && fact.reachable && why !== null ? [`${fact.appliance.name} ${why}`] : []
    })
  })
}

function isAway(state: ServiceCenterState, { peer, lastSeenAt }: ApplianceRecord): boolean {
  return !state.sessions.has(peer) && state.clock.wallMs - lastSeenAt > AWAY_MS
}

/** Ordered, and away: it may be in the middle of it. */
function silentIn(state: ServiceCenterState, patch: Sha256): ApplianceRecord[] {
  return [...state.unsettled.values()]
    .filter((target) => !isFinal(target.state) && state.installs.get(target.install)?.patch === patch)
    .flatMap(({ appliance }) => state.appliances.get(appliance) ?? [])
    .filter((appliance) => isAway(state, appliance))
}
