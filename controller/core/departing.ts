/**
 * What it means that an appliance is no member any more, whether it was retired or replaced: it leaves every count and
 * roster, what it was ordered is over, and tokens for its place are void. Its receipts, detections and reports stay as
 * history; they count for nobody, because they are signed with its key.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { ApplianceRecord, Change, TargetRecord, TokenRecord } from './records.ts'
import { hasNotInstalled, matesOf } from './rollout/ending-installs.ts'
import { isNotMeant } from './rollout/groups.ts'
import { isFinal, isUnderWay } from './rollout/install-states.ts'
import { queuedOnceMore } from './rollout/new-target.ts'
import { isUnheard } from './rollout/ongoing.ts'
import type { ServiceCenterState } from './state.ts'

export function depart(state: ServiceCenterState, appliance: ApplianceRecord, reason: string): Change[] {
  const at = state.clock.wallMs
  const targets = targetsOf(state, appliance.peer).filter((target) => mayStillRun(target))
  const tokens = [...state.tokens.values()].filter(
    (token) => token.replaces === appliance.peer && token.usedBy === null && token.expiresAt > at,
  )
  return [
    { table: 'appliances', row: { ...appliance, lastSeenAt: lastSeenAt(state, appliance), retiredAt: at } },
    ...targets.map((target): Change => ({ table: 'targets', row: { ...target, ...ended(reason, at) } })),
    ...tokens.map((token): Change => ({ table: 'tokens', row: withoutUse(token, at) })),
  ]
}

/**
 * Its part in running installs falls to whoever takes its place, from the beginning: nothing is known of a new key. Where it
 * could not install the patch, those of its pair that ended because of that wait their turn again.
 */
export function inherit(state: ServiceCenterState, former: ApplianceRecord, heir: PeerId): Change[] {
  const reason = `takes the place of the former ${former.name}, waits its turn`
  return targetsOf(state, former.peer)
    .filter((target) => isUnderWay(state.installs.get(target.install)?.state ?? 'done'))
    .flatMap((target): TargetRecord[] => [
      { ...queuedOnceMore(target, state.clock.wallMs), appliance: heir, reason, installedVersion: null },
      ...(hasNotInstalled(target) ? matesOf(state, target) : [])
        .filter((mate) => (mate.state === 'cancelled' || mate.state === 'refused') && !isNotMeant(mate))
        .map((mate) => queuedOnceMore(mate, state.clock.wallMs)),
    ])
    .map((row) => ({ table: 'targets', row }))
}

/** A token that nobody can use any more. */
export function withoutUse(token: TokenRecord, at: number): TokenRecord {
  return { ...token, expiresAt: Math.min(token.expiresAt, at) }
}

function ended(reason: string, at: number): Pick<TargetRecord, 'state' | 'reason' | 'changedAt'> {
  return { state: 'cancelled', reason, changedAt: at }
}

/** An order of which nothing was heard may be carried out all the same, and nobody will hear of it now. */
function mayStillRun(target: TargetRecord): boolean {
  return !isFinal(target.state) || isUnheard(target)
}

function targetsOf(state: ServiceCenterState, peer: PeerId): TargetRecord[] {
  return [...state.targets.values()].flatMap((targets) => targets.get(peer) ?? [])
}

function lastSeenAt(state: ServiceCenterState, appliance: ApplianceRecord): number {
  return state.sessions.has(appliance.peer) ? state.clock.wallMs : appliance.lastSeenAt
}
