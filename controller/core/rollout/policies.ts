/**
 * Every policy of the rollout in the order in which they are asked: the first that gives a reason is what a person reads.
 * One file and one function for each lies in `policies/`.
 */
import type { Clock } from '../../../protocol/clock.ts'
import { approved } from './policies/approved.ts'
import { clockAhead } from './policies/clock-ahead.ts'
import { continuing } from './policies/continuing.ts'
import { keyDoubtful } from './policies/key-doubtful.ts'
import { keyHeld } from './policies/key-held.ts'
import { maintenanceWindow } from './policies/maintenance-window.ts'
import { oneDataCenter } from './policies/one-data-center.ts'
import { oneOfAPair } from './policies/one-of-a-pair.ts'
import { outage } from './policies/outage.ts'
import { paused } from './policies/paused.ts'
import { peerVersions } from './policies/peer-versions.ts'
import type { Policy, PolicyFacts } from './policies/policy.ts'
import { reachable } from './policies/reachable.ts'
import { relaying } from './policies/relaying.ts'
import { replicated } from './policies/replicated.ts'
import { unheardMembers } from './policies/unheard-members.ts'
import { wave } from './policies/wave.ts'
import { waveSoak } from './policies/wave-soak.ts'

/**
 * What a reason means: `absent`, the appliance, its copy or its time is not there; `held`, somebody has to act, or a peer to come
 * back; `turn`, others come first, or its maintenance window has not opened. Whoever is absent or held keeps nobody waiting.
 */
export type Waits = 'absent' | 'held' | 'turn'

export const POLICIES: readonly { readonly judge: Policy; readonly waits: Waits }[] = [
  { judge: paused, waits: 'turn' },
  { judge: continuing, waits: 'turn' },
  { judge: keyHeld, waits: 'absent' },
  { judge: approved, waits: 'held' },
  { judge: replicated, waits: 'absent' },
  { judge: reachable, waits: 'absent' },
  { judge: oneOfAPair, waits: 'turn' },
  { judge: oneDataCenter, waits: 'turn' },
  { judge: unheardMembers, waits: 'absent' },
  { judge: maintenanceWindow, waits: 'absent' },
  { judge: clockAhead, waits: 'held' },
  { judge: peerVersions, waits: 'held' },
  { judge: outage, waits: 'held' },
  { judge: keyDoubtful, waits: 'held' },
  { judge: relaying, waits: 'turn' },
  { judge: wave, waits: 'turn' },
  { judge: waveSoak, waits: 'turn' },
]

/** Why it does not begin now, or null. */
export function whyNotNow(facts: PolicyFacts, clock: Clock): string | null {
  return firstReason(facts, clock, () => true)
}

/** Why it would not begin though it were its turn and it is there, or null. */
export function whyHeld(facts: PolicyFacts, clock: Clock): string | null {
  return firstReason(facts, clock, (waits) => waits === 'held')
}

/** Why it could not begin if all others had ended, or null: it is not waited for. */
export function whyAbsent(facts: PolicyFacts, clock: Clock): string | null {
  return firstReason(facts, clock, (waits) => waits !== 'turn')
}

function firstReason(facts: PolicyFacts, clock: Clock, counts: (waits: Waits) => boolean): string | null {
  for (const { judge, waits } of POLICIES) {
    const reason = counts(waits) ? judge(facts, clock) : null
    if (reason !== null) return reason
  }
  return null
}
