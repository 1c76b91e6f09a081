/**
 * One seed: an estate, what its admins do, and what goes wrong, all drawn beforehand; a safety phase in which the
 * checkers look after every step; then a quiet phase without faults, in which everything must come to rest within its
 * budget. The same seed and options give the same run.
 */
import { AssertionError } from 'node:assert'
import { DEFAULT_SETTINGS, type Settings } from '../agent/core/state.ts'
import { seededRandom } from '../protocol/random.ts'
import { Admins } from './admins.ts'
import { upgradeAgents } from './agent-upgrades.ts'
import { acknowledged } from './checkers/acknowledged.ts'
import { asking } from './checkers/asking.ts'
import { checks } from './checkers/checks.ts'
import { clones } from './checkers/clones.ts'
import { continuing } from './checkers/continuing.ts'
import { counting } from './checkers/counting.ts'
import { ending } from './checkers/ending.ts'
import { equalPairs } from './checkers/equal-pairs.ts'
import { Broken, type Checker, Evidence } from './checkers/evidence.ts'
import { finding } from './checkers/finding.ts'
import { hearing } from './checkers/hearing.ts'
import { lateness } from './checkers/lateness.ts'
import { leaving } from './checkers/leaving.ts'
import { letters } from './checkers/letters.ts'
import { olderFiles } from './checkers/older-files.ts'
import { orders } from './checkers/orders.ts'
import { pairing } from './checkers/pairing.ts'
import { proving } from './checkers/proving.ts'
import { puttingBack } from './checkers/putting-back.ts'
import { releases } from './checkers/releases.ts'
import { storage } from './checkers/storage.ts'
import { switchovers } from './checkers/switchovers.ts'
import { telling } from './checkers/telling.ts'
import { waiting } from './checkers/waiting.ts'
import { Watch } from './checkers/watch.ts'
import { waves } from './checkers/waves.ts'
import { wideArea } from './checkers/wide-area.ts'
import { windows } from './checkers/windows.ts'
import { withdrawing } from './checkers/withdrawing.ts'
import { CAUSES_QUARANTINE, type FaultKind } from './faults.ts'
import { FleetAdmins } from './fleet-admins.ts'
import { Injector } from './injecting.ts'
import { LetterTampering } from './letter-tampering.ts'
import { FORGETS_ORDERS } from './people-faults.ts'
import type { PlaceChange } from './place-changes.ts'
import { outOfReach, replacedInSilence, withoutPrimaries } from './quiet-trials.ts'
import { type Plan, planOf } from './seed-plan.ts'
import { starvedOfProcessor } from './starved-trials.ts'
import type { Estate } from './workload.ts'
import type { CrashMoment } from './world/crash-moments.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import { World, type WorldOptions } from './world/world.ts'

export type SeedOptions = {
  readonly without?: readonly FaultKind[]
  /** Ids of the only faults that may happen. */
  readonly only?: readonly number[] | undefined
  readonly untilStep?: number
  readonly trace?: boolean
  /** Nobody is retired, renamed or replaced, and nobody joins whom the estate does not have. */
  readonly settled?: boolean | undefined
}

export type Failure = {
  readonly checker: string
  readonly sentence: string
  readonly step: number
  readonly atMs: number
}

export type SeedResult = {
  readonly seed: number
  readonly steps: number
  readonly checks: number
  readonly virtualMs: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  readonly placeChanges: Readonly<Partial<Record<PlaceChange['kind'], number>>>
  /** In which phases of an install somebody's process has ended. */
  readonly crashMoments: Readonly<Partial<Record<CrashMoment, number>>>
  /** Ids of the faults that happened. */
  readonly happened: readonly number[]
  readonly failure: Failure | null
  readonly trace: readonly string[]
}

/**
 * What two sources that sent wrong pieces, one after the other, are left alone for, and some more; an order to somebody
 * who will never answer has ended sooner, and so has one of which the machine that is left, or its ledger, has no word.
 */
const SLOW_BUDGET_MS = 25 * 60_000
const BUDGET_MS = 8 * 60_000
/** Past the deadline of every install, a paused one too, wherever the clocks have jumped to. */
const DAYS_LATER_MS = 10 * 24 * 3_600_000
const CENTER_SITE = 'hub'

/** Copies are read again so often that a world sees it. */
const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  proveEveryMs: 60_000,
  proveBytesPerSecond: 20_000_000,
  seenWithinMs: 60_000,
}

class Stopped extends Error {}

function prepareSites(
  network: World['network'],
  { dataCenters, late, downBitsPerSecond }: Estate,
): { serviceCenterSite: string } {
  const shape = { latencyMs: 10, lossRatio: 0, lanBitsPerSecond: 1e9 }
  network.addSite(CENTER_SITE, { ...shape, downBitsPerSecond: 1e9, upBitsPerSecond: 1e9 })
  if (downBitsPerSecond !== null)
    for (const name of [...dataCenters, ...(late === null ? [] : [late.dataCenter])])
      network.addSite(name, { ...shape, downBitsPerSecond, upBitsPerSecond: downBitsPerSecond })
  return { serviceCenterSite: CENTER_SITE }
}

export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const plan = planOf(seed)
  const run = new Run(seed, plan, options)
  let failure: Failure | null = null
  try {
    run.toTheEnd()
  } catch (error) {
    if (!(error instanceof Stopped)) failure = run.failureOf(error)
  }
  return run.result(failure)
}

class Run {
  readonly #seed: number
  readonly #plan: Plan
  readonly #options: SeedOptions
  readonly #world: World
  readonly #evidence: Evidence
  readonly #watch: Watch
  readonly #injector: Injector
  readonly #admins: Admins
  readonly #fleetAdmins: FleetAdmins

  constructor(seed: number, plan: Plan, options: SeedOptions) {
    this.#seed = seed
    this.#plan = plan
    this.#options = options
    const { settings, isSigned } = publishersOf(seed)
    this.#world = new World({
      ...{ seed, settings: { ...settings, ...plan.operators }, isSigned },
      prepare: (network) => prepareSites(network, plan.estate),
    })
    this.#evidence = new Evidence(this.#world)
    if (options.trace !== true) this.#world.transcript.mute()
    this.#admins = new Admins(this.#world, this.#evidence, plan.workload)
    this.#fleetAdmins = new FleetAdmins(this.#evidence)
    const make: ((evidence: Evidence) => Checker)[] = [
      storage,
      counting,
      proving,
      acknowledged,
      orders,
      continuing,
      equalPairs,
      waves,
      leaving,
      pairing,
      withdrawing,
      letters,
      ending,
      hearing,
      asking,
      telling,
      wideArea,
      lateness,
      waiting,
      puttingBack,
      checks,
      switchovers,
      clones,
      olderFiles,
      finding,
      windows,
      releases,
    ]
    this.#watch = new Watch(
      this.#evidence,
      make.map((checker) => checker(this.#evidence)),
    )
    const tampering = new LetterTampering(this.#world, this.#evidence, (from, to, message) =>
      this.#watch.said(from, to, message),
    )
    this.#injector = new Injector(this.#world, this.#evidence, tampering, seededRandom(seed + 1))
    this.#world.invariants.push(() => {
      this.#watch.look()
      if (this.#watch.steps >= (options.untilStep ?? Number.POSITIVE_INFINITY)) throw new Stopped()
    })
  }

  toTheEnd(): void {
    const { estate, safetyMs, faults, placeChanges } = this.#plan
    this.#fleetAdmins.begin(estate)
    this.#admins.begin()
    const { without = [], only } = this.#options
    const left = faults.filter(({ id, kind }) => !without.includes(kind) && (only === undefined || only.includes(id)))
    this.#injector.arm(left)
    if (this.#options.settled !== true) this.#fleetAdmins.change(placeChanges)
    this.#world.run(safetyMs)
    this.#world.say('everybody', 'QUIET: all faults end')
    this.#injector.calm()
    this.#rest()
    const calm = {
      world: this.#world,
      evidence: this.#evidence,
      rest: () => this.#rest(),
      replace: (who: SimulatedAppliance) => this.#fleetAdmins.replace(who),
    }
    if (this.#seed % 2 === 0) withoutPrimaries(calm, this.#seed % 4 === 0)
    else if (this.#seed % 8 === 1) outOfReach(calm)
    else if (this.#seed % 8 === 5) upgradeAgents(calm, this.#seed >> 3)
    else if (this.#seed % 8 === 3 && this.#options.settled !== true) replacedInSilence(calm)
    else if (this.#seed % 8 === 7) starvedOfProcessor(calm, this.#seed >> 3)
    this.#world.wall.jump(DAYS_LATER_MS, this.#world.nowMs)
    this.#world.say('everybody', 'DAYS LATER')
    this.#world.run(5_000)
    this.#watch.ended()
  }

  failureOf(error: unknown): Failure {
    const { steps } = this.#watch
    const atMs = this.#world.nowMs
    if (error instanceof Broken) return { checker: error.checker, sentence: error.message, step: steps, atMs }
    const checker = error instanceof AssertionError ? 'assertion' : 'crash'
    const sentence =
      error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error)
    return { checker, sentence, step: steps, atMs }
  }

  result(failure: Failure | null): SeedResult {
    return {
      seed: this.#seed,
      steps: this.#watch.steps,
      checks: this.#evidence.checks,
      virtualMs: this.#world.nowMs,
      faults: Object.fromEntries(this.#injector.counts),
      placeChanges: Object.fromEntries(this.#fleetAdmins.counts),
      crashMoments: Object.fromEntries(this.#world.crashMoments.counts),
      happened: this.#injector.happened,
      failure,
      trace: this.#options.trace === true ? this.#world.transcript.lines : [],
    }
  }

  /** Waits until no checker expects anything more; what is still to come after the budget never comes. */
  #rest(): void {
    const kinds = [...this.#injector.counts.keys()]
    const isSlow =
      kinds.some((kind) => CAUSES_QUARANTINE.has(kind) || FORGETS_ORDERS.has(kind)) ||
      this.#evidence.fleet().some((one) => this.#evidence.isStranded(one))
    const budgetMs = BUDGET_MS + (isSlow ? SLOW_BUDGET_MS : 0)
    const endMs = this.#world.nowMs + budgetMs
    while (this.#world.nowMs < endMs) {
      this.#world.run(1_000)
      if (this.#admins.undone + this.#fleetAdmins.undone === 0 && this.#watch.pending() === null) return
    }
    const pending = this.#watch.pending()
    if (pending !== null)
      throw new Broken(pending.checker, `${Math.round(budgetMs / 1000)} s after the last fault: ${pending.sentence}`)
  }
}

/** In every sixth world the appliances list publishers, who have signed three of four patches. */
function publishersOf(seed: number): Required<Pick<WorldOptions, 'settings' | 'isSigned'>> {
  if (seed % 6 !== 4) return { settings: SETTINGS, isSigned: () => true }
  return {
    settings: { ...SETTINGS, judgesSignatures: true },
    isSigned: ({ sha256 }) => Number.parseInt(sha256.slice(0, 2), 16) % 4 !== 0,
  }
}
