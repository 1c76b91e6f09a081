/**
 * In which phase of an install somebody's process has ended: the appliance's own, that of the other member of its group,
 * or the Service Center's. It is counted only, so that a run can say which crash points it has reached, and how often.
 */
import { ATTEMPT_PHASES, type AttemptPhase } from '../../agent/core/install/attempt.ts'
import type { AgentState } from '../../agent/core/state.ts'
import type { PeerId } from '../../protocol/identifiers.ts'

const WHO = ['member', 'peer', 'service center'] as const
export type CrashMoment = `${(typeof WHO)[number]} in ${AttemptPhase}`
export const CRASH_MOMENTS: readonly CrashMoment[] = WHO.flatMap((who) =>
  ATTEMPT_PHASES.map((phase): CrashMoment => `${who} in ${phase}`),
)

type Installing = {
  readonly peer: PeerId
  readonly isRunning: boolean
  /** Down for a reboot, in the middle of its attempt. */
  readonly isRebooting: boolean
  readonly state: AgentState
}

export class CrashMoments {
  readonly counts = new Map<CrashMoment, number>()
  readonly #appliances: ReadonlyMap<string, Installing>

  constructor(appliances: ReadonlyMap<string, Installing>) {
    this.#appliances = appliances
  }

  /** Told just before the process of `who` ends; null is the Service Center. */
  note(who: PeerId | null): void {
    for (const { peer, isRunning, isRebooting, state } of this.#appliances.values()) {
      const phase = state.orders.attempt?.phase
      if (!(isRunning || isRebooting) || phase === undefined) continue
      if (who === null) this.#count(`service center in ${phase}`)
      else if (peer === who) this.#count(`member in ${phase}`)
      else if (state.roster?.group.some((member) => member.peer === who)) this.#count(`peer in ${phase}`)
    }
  }

  #count(moment: CrashMoment): void {
    this.counts.set(moment, (this.counts.get(moment) ?? 0) + 1)
  }
}
