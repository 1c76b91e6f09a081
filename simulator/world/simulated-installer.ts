/**
 * An appliance's installers in virtual time, with outcomes that a test chooses. What is installed, and a program that
 * runs, survive a crash of the agent, as they do on a real appliance.
 */
import type { Found, InstallStep, Outcome } from '../../agent/core/events.ts'
import type { Publication } from '../../protocol/statements.ts'

const WELL: Outcome = { ok: true, reason: '', output: '', temporary: false }
const STEP_MS = 2_000

export class SimulatedInstaller {
  /** Outcomes that the next runs of a step will have; the others go well. */
  readonly outcomes: Record<InstallStep, Outcome[]> = { install: [], verify: [], revert: [] }
  /** Every program that was ever started, as `install patch-1`. */
  readonly started: string[] = []
  /** Sentence by which this appliance says that no patch is for it, or null. */
  notApplicable: string | null = null
  readonly #installed = new Map<string, string>()
  readonly #before = new Map<string, string | undefined>()
  readonly #after: (delayMs: number, act: () => void) => void
  #running = 0

  constructor(after: (delayMs: number, act: () => void) => void) {
    this.#after = after
  }

  installedVersion(name: string): string | null {
    return this.#installed.get(name) ?? null
  }

  detect({ name, version }: Publication): Found {
    const installedVersion = this.installedVersion(name)
    if (this.notApplicable !== null) return { result: 'notApplicable', installedVersion, reason: this.notApplicable }
    return { result: installedVersion === version ? 'installed' : 'applicable', installedVersion, reason: '' }
  }

  /** `ended` is called when the step has ended, unless the agent that asked is no longer there. */
  run(step: InstallStep, publication: Publication, ended: (outcome: Outcome) => void): void {
    const { name, version } = publication
    this.started.push(`${step} ${name}`)
    const chosen = this.outcomes[step].shift()
    this.#running += 1
    this.#after(STEP_MS, () => {
      this.#running -= 1
      const outcome = chosen ?? this.#finish(step, name, version)
      ended(outcome)
    })
  }

  /** Calls `settled` when no program runs any more. */
  settle(settled: () => void): void {
    if (this.#running === 0) settled()
    else this.#after(STEP_MS / 4, () => this.settle(settled))
  }

  #finish(step: InstallStep, name: string, version: string): Outcome {
    switch (step) {
      case 'install':
        this.#before.set(name, this.#installed.get(name))
        this.#installed.set(name, version)
        return WELL
      case 'verify':
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
