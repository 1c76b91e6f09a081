/**
 * An appliance's installers in virtual time, with outcomes, durations and health that whoever runs the world chooses.
 * What is installed, and a program that runs, survive a crash of the agent, as they do on a real appliance; a loss of
 * power or a reboot ends every program.
 */
import type { Found, InstallStep, Outcome } from '../../agent/core/events.ts'
import type { Publication } from '../../protocol/trust/statements.ts'

const WELL: Outcome = { ok: true, reason: '', output: '', temporary: false }
const SETTLE_MS = 500

export type Runs = {
  began(step: InstallStep, publication: Publication): void
  ended(step: InstallStep, publication: Publication, outcome: Outcome | null): void
}

export class SimulatedInstaller {
  /** Outcomes that the next runs of a step will have; the others go well. */
  readonly outcomes: Record<InstallStep, Outcome[]> = { install: [], verify: [], revert: [] }
  /** How long each step takes. */
  readonly durationsMs: Record<InstallStep, number> = { install: 2_000, verify: 2_000, revert: 2_000 }
  /** Every program that was ever started, as `install patch-1`. */
  readonly started: string[] = []
  /** Sentence by which this appliance says that no patch is for it, or null. */
  notApplicable: string | null = null
  /** Why the new version does not come up well, or null. */
  sickness: string | null = null
  /** How long the machine is away after the install of a patch that says so; null where patches never reboot it. */
  rebootMs: number | null = null
  readonly #installed = new Map<string, string>()
  readonly #before = new Map<string, string | undefined>()
  readonly #after: (delayMs: number, act: () => void) => void
  readonly #runs: Runs
  readonly #running = new Map<number, { step: InstallStep; publication: Publication }>()
  #count = 0

  constructor(after: (delayMs: number, act: () => void) => void, runs: Runs) {
    this.#after = after
    this.#runs = runs
  }

  installedVersion(name: string): string | null {
    return this.#installed.get(name) ?? null
  }

  /** Somebody at the machine installs a version, or takes it off; no order asked for it. */
  changeByHand(name: string, version: string | null): void {
    if (version === null) this.#installed.delete(name)
    else this.#installed.set(name, version)
  }

  /** What is installed on the other machine is installed on this one. */
  copy(other: SimulatedInstaller): void {
    for (const [name, version] of other.#installed) this.#installed.set(name, version)
    for (const [name, version] of other.#before) this.#before.set(name, version)
    this.rebootMs = other.rebootMs
  }

  detect({ name, version }: Publication): Found {
    const installedVersion = this.installedVersion(name)
    if (this.notApplicable !== null) return { result: 'notApplicable', installedVersion, reason: this.notApplicable }
    return { result: installedVersion === version ? 'installed' : 'applicable', installedVersion, reason: '' }
  }

  /** `ended` is called when the step has ended, unless the agent that asked is no longer there. */
  run(step: InstallStep, publication: Publication, ended: (outcome: Outcome) => void): void {
    const { name, version } = publication
    const number = this.#count++
    this.started.push(`${step} ${name}`)
    const chosen = this.outcomes[step].shift()
    this.#running.set(number, { step, publication })
    if (step === 'install') this.#before.set(name, this.#installed.get(name))
    this.#runs.began(step, publication)
    this.#after(this.durationsMs[step], () => {
      if (!this.#running.delete(number)) return
      const outcome = chosen ?? this.#finish(step, name, version)
      this.#runs.ended(step, publication, outcome)
      ended(outcome)
    })
  }

  /** Calls `settled` when no program runs any more. */
  settle(settled: () => void): void {
    if (this.#running.size === 0) settled()
    else this.#after(SETTLE_MS, () => this.settle(settled))
  }

  /** The machine stops: every program is cut off where it is, and leaves what was there before. */
  losePower(): void {
    for (const { step, publication } of this.#running.values()) this.#runs.ended(step, publication, null)
    this.#running.clear()
  }

  #finish(step: InstallStep, name: string, version: string): Outcome {
    switch (step) {
      case 'install':
        this.#installed.set(name, version)
        return WELL
      case 'verify':
        if (this.sickness !== null) return { ...WELL, ok: false, reason: this.sickness }
        return this.#installed.get(name) === version
          ? WELL
          : { ...WELL, ok: false, reason: 'the new version is not there' }
      case 'revert': {
        const before = this.#before.get(name)
        if (before === undefined) this.#installed.delete(name)
        else this.#installed.set(name, before)
        return { ...WELL, reason: 'the version before is back' }
      }
    }
  }
}
