/**
 * What the installers of a world have done, seen from outside: by the programs that ran on each machine, when, and how
 * they ended. No core is asked. An appliance that was told to install serves again when its new version was verified
 * after the soak that the patch asks for, or when it was put back, and not when its agent says so.
 */
import type { OrderId, Sha256 } from '../../protocol/identifiers.ts'
import type { Disruption } from '../world/disruptions.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Evidence } from './evidence.ts'

/** A clock is told every half second, and may run a little fast. */
const TICK_SLACK_MS = 1_000

export class Programs {
  readonly #evidence: Evidence
  readonly #of = new Map<SimulatedAppliance, Disruption[]>()
  #seen = 0

  constructor(evidence: Evidence) {
    this.#evidence = evidence
  }

  /** All that ever ran there, the oldest first. */
  on(who: SimulatedAppliance): readonly Disruption[] {
    const { all } = this.#evidence.world.disruptions
    for (; this.#seen < all.length; this.#seen++) {
      const run = all[this.#seen]
      if (run === undefined) continue
      const runs = this.#of.get(run.appliance)
      if (runs === undefined) this.#of.set(run.appliance, [run])
      else runs.push(run)
    }
    return this.#of.get(who) ?? []
  }

  under(who: SimulatedAppliance, order: OrderId): readonly Disruption[] {
    return this.on(who).filter((run) => run.order === order)
  }

  running(who: SimulatedAppliance, patch: Sha256): Disruption | undefined {
    return this.on(who).find((run) => run.patch === patch && run.toMs === null)
  }

  /**
   * Times that its installer was started for this patch, as far as it can know; a start after which it may be tried again
   * is none.
   */
  starts(who: SimulatedAppliance, patch: Sha256): number {
    const runs = this.#remembered(who)
    return runs.filter((run) => run.step === 'install' && run.patch === patch && !isPassing(run)).length
  }

  /** The same with the starts after which it was tried again, of which each order may have one. */
  tries(who: SimulatedAppliance, patch: Sha256): number {
    return this.#remembered(who).filter((run) => run.step === 'install' && run.patch === patch).length
  }

  /** The run that keeps this appliance from serving, or null while it serves. */
  disrupting(who: SimulatedAppliance): Disruption | null {
    const runs = this.#remembered(who)
    const ongoing = runs.find((run) => run.disrupts && run.toMs === null)
    if (ongoing !== undefined) return ongoing
    const release = givenUp(runs, this.#evidence.world.settings.hookSeconds.takeBack !== null)
    if (release !== null) return release
    const at = runs.findLastIndex(({ step, disrupts }) => step === 'install' && disrupts)
    const install = runs[at]
    if (install === undefined || isPassing(install)) return null
    const after = runs.slice(at + 1).filter(({ patch }) => patch === install.patch)
    return this.#isVerified(install, after) || isPutBack(after) ? null : install
  }

  /** What ran since its ledger was put back, or since one machine with its key was left. */
  #remembered(who: SimulatedAppliance): Disruption[] {
    const forgotBeforeMs = this.#evidence.forgotBeforeMs(who)
    return this.on(who).filter(({ fromMs }) => fromMs >= forgotBeforeMs)
  }

  /** Found healthy, and once more when the soak was over; after a restart that is told by the wall clock, wherever it was set. */
  #isVerified({ patch, appliance }: Disruption, after: readonly Disruption[]): boolean {
    const well = after.filter(({ step, outcome }) => step === 'verify' && outcome?.ok === true)
    const [first] = well
    if (first === undefined) return false
    const manifest = patch === null ? undefined : this.#evidence.patches.get(patch)?.publication.manifest
    const soakMs = Math.max(0, (manifest?.verify.soakSeconds ?? 0) * 1_000 - TICK_SLACK_MS)
    const { wall } = this.#evidence.world
    const beganMs = first.toMs ?? 0
    const wallAt = (nowMs: number): number => appliance.process.clock.read(nowMs, wall).wallMs
    return well.some(
      ({ fromMs }) => soakMs === 0 || fromMs >= beganMs + soakMs || wallAt(fromMs) >= wallAt(beganMs) + soakMs,
    )
  }
}

/** Times that service is taken back in vain until a person is asked for. */
const TAKE_BACKS_AT_MOST = 3

/** The hook by which it has given up its service, where another takes it back and has not yet. */
function givenUp(runs: readonly Disruption[], takesBack: boolean): Disruption | null {
  const at = runs.findLastIndex(({ step }) => step === 'release')
  const release = runs[at]
  if (release === undefined || !takesBack) return null
  const takings = runs.slice(at + 1).filter(({ step }) => step === 'takeBack')
  const isOver = takings.some(({ outcome }) => outcome?.ok === true) || takings.length >= TAKE_BACKS_AT_MOST
  return isOver ? null : release
}

/** It changed nothing, and asked to be tried again. */
function isPassing({ outcome }: Disruption): boolean {
  return outcome?.temporary === true
}

/** Whether it worked or not: a person is asked for then, and nothing runs any more. */
function isPutBack(after: readonly Disruption[]): boolean {
  return after.some(({ step, outcome }) => step === 'revert' && outcome !== null && !outcome.temporary)
}
