/**
 * What the operator of one machine of a world has put there: checks that are good but while something makes them bad, and
 * hooks of a planned switchover that go well but where somebody chose another outcome. A hook that runs survives a crash of
 * the agent; a loss of power ends it. Every answer of the checks is kept, for whoever judges from outside.
 */
import type { CheckResult, Hook, Outcome } from '../../agent/core/events.ts'
import type { CheckName, CheckSettings } from '../../agent/core/install/policies/checks.ts'
import type { OrderId } from '../../protocol/identifiers.ts'

const CHECKED_AFTER_MS = 1_000
const HOOK_MS = 2_000
const WELL: Outcome = { ok: true, reason: '', output: '', temporary: false }

export type Look = { readonly order: OrderId | null; readonly results: readonly CheckResult[]; readonly atMs: number }

type Runs = { began(hook: Hook): void; ended(hook: Hook, outcome: Outcome | null): void }
type Given = {
  readonly checks: readonly CheckSettings[]
  readonly now: () => number
  readonly after: (delayMs: number, act: () => void) => void
  readonly installedVersion: (name: string) => string | null
  readonly runs: Runs
}

export class SimulatedOperator {
  /** Bad now, whatever is installed, and why. */
  readonly bad = new Map<CheckName, string>()
  /** The next version that is installed makes these bad, for as long as it is there. */
  readonly breakWithNext = new Set<CheckName>()
  readonly looks: Look[] = []
  /** Outcomes that the next runs of a hook will have; the others go well. */
  readonly outcomes: Record<Hook, Outcome[]> = { release: [], takeBack: [] }
  readonly durationsMs: Record<Hook, number> = { release: HOOK_MS, takeBack: HOOK_MS }
  readonly #given: Given
  readonly #brokenBy: { check: CheckName; patch: string; version: string }[] = []
  #running: { hook: Hook; number: number } | null = null
  #count = 0

  constructor(given: Given) {
    this.#given = given
  }

  get isHookRunning(): boolean {
    return this.#running !== null
  }

  /** Told when an installer has brought a version. */
  installed(patch: string, version: string): void {
    for (const check of this.breakWithNext) this.#brokenBy.push({ check, patch, version })
    this.breakWithNext.clear()
  }

  /** `ended` is called with what they say then. */
  ask(order: OrderId | null, ended: (results: CheckResult[]) => void): void {
    this.#given.after(CHECKED_AFTER_MS, () => {
      const results = this.#given.checks.map(({ name }) => this.#say(name))
      this.looks.push({ order, results, atMs: this.#given.now() })
      ended(results)
    })
  }

  run(hook: Hook, ended: (outcome: Outcome) => void): void {
    const number = this.#count++
    const outcome = this.outcomes[hook].shift() ?? WELL
    this.#running = { hook, number }
    this.#given.runs.began(hook)
    this.#given.after(this.durationsMs[hook], () => {
      if (this.#running?.number !== number) return
      this.#running = null
      this.#given.runs.ended(hook, outcome)
      ended(outcome)
    })
  }

  losePower(): void {
    if (this.#running !== null) this.#given.runs.ended(this.#running.hook, null)
    this.#running = null
  }

  #say(name: CheckName): CheckResult {
    const broken = this.#brokenBy.find(
      ({ check, patch, version }) => check === name && this.#given.installedVersion(patch) === version,
    )
    const why = this.bad.get(name) ?? (broken === undefined ? null : `${broken.patch} has broken it`)
    return { name, ok: why === null, reason: why ?? 'it answers', output: '' }
  }
}
