/**
 * One seed: an estate, what its admins do, and what goes wrong, all drawn beforehand; a safety phase in which the
 * checkers look after every step; then a quiet phase without faults, in which everything must come to rest within its
 * budget. The same seed and options give the same run.
 */
import { AssertionError } from 'node:assert'
import type { Reply } from '../controller/core/effects.ts'
import { unreachable } from '../protocol/assert.ts'
import { DataCenterName, type InstallId, OrganizationName, type Sha256 } from '../protocol/identifiers.ts'
import { nextBelow, nextWord, type Random, seededRandom } from '../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusals.ts'
import { acknowledged } from './checkers/acknowledged.ts'
import { counting } from './checkers/counting.ts'
import { ending } from './checkers/ending.ts'
import { Broken, type Checker, dataCenterOf, Evidence, groupOf, isTenant } from './checkers/evidence.ts'
import { letters } from './checkers/letters.ts'
import { orders } from './checkers/orders.ts'
import { storage } from './checkers/storage.ts'
import { Watch } from './checkers/watch.ts'
import { wideArea } from './checkers/wide-area.ts'
import { withdrawing } from './checkers/withdrawing.ts'
import { CAUSES_QUARANTINE, drawFaults, type Fault, type FaultKind } from './faults.ts'
import { Injector } from './injecting.ts'
import { LetterTampering } from './letter-tampering.ts'
import { type Deed, drawEstate, drawWorkload, type Estate, type Workload } from './workload.ts'
import { type SymbolicPatch, symbolicPatch } from './world/symbolic-patch.ts'
import { World } from './world/world.ts'

export type SeedOptions = {
  readonly without?: readonly FaultKind[]
  /** Ids of the only faults that may happen. */
  readonly only?: readonly number[]
  readonly untilStep?: number
  readonly trace?: boolean
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
  /** Ids of the faults that happened. */
  readonly happened: readonly number[]
  readonly failure: Failure | null
  readonly trace: readonly string[]
}

type Plan = {
  readonly safetyMs: number
  readonly estate: Estate
  readonly workload: Workload
  readonly faults: readonly Fault[]
}

/** What a source that sent wrong pieces is left alone for, and some more. */
const QUARANTINE_BUDGET_MS = 11 * 60_000
const BUDGET_MS = 5 * 60_000
/** Past the deadline of every install, wherever the clocks have jumped to. */
const NEXT_DAY_MS = 72 * 3_600_000
const AGAIN_MS = 1_500
const CENTER_SITE = 'hub'

const REBOOT_MS = 8_000
/** Two secondaries in turn lose their patience, and a patch crosses the slowest WAN. */
const FAILOVER_BUDGET_MS = 90_000

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

export function planOf(seed: number): Plan {
  const random = seededRandom(seed)
  const stream = (): Random => seededRandom(nextWord(random))
  const safetyMs = 100_000 + nextBelow(stream(), 100_000)
  const estate = drawEstate(stream(), safetyMs)
  return {
    safetyMs,
    estate,
    workload: drawWorkload(stream(), estate, safetyMs),
    faults: drawFaults(stream(), estate, safetyMs),
  }
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
  readonly #patches: readonly { first: SymbolicPatch; other: SymbolicPatch }[]
  readonly #installs: (InstallId | null)[] = []
  /** Deeds that have not been answered yet. */
  #undone = 0

  constructor(seed: number, plan: Plan, options: SeedOptions) {
    this.#seed = seed
    this.#plan = plan
    this.#options = options
    this.#world = new World({ seed, prepare: (network) => prepareSites(network, plan.estate) })
    this.#evidence = new Evidence(this.#world)
    if (options.trace !== true) this.#world.transcript.mute()
    const { workload } = plan
    this.#patches = workload.patches.map((shape) => ({
      first: symbolicPatch(shape),
      other: symbolicPatch({ ...shape, content: 'other' }),
    }))
    for (const { first, other } of this.#patches)
      for (const patch of [first, other]) this.#evidence.patches.set(patch.publication.sha256, patch)
    const make: ((evidence: Evidence) => Checker)[] = [
      storage,
      counting,
      acknowledged,
      orders,
      withdrawing,
      letters,
      ending,
      wideArea,
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
    const { estate, safetyMs, workload, faults } = this.#plan
    const { late } = estate
    for (const name of estate.appliances) if (late === null || !name.startsWith(`${late.dataCenter}/`)) this.#join(name)
    if (late !== null)
      for (const name of estate.appliances)
        if (name.startsWith(`${late.dataCenter}/`)) this.#whenCenterRuns(late.atMs, () => this.#join(name))
    this.#undone = workload.deeds.length
    for (const deed of workload.deeds) this.#whenCenterRuns(deed.atMs, () => this.#carryOut(deed))
    const { without = [], only } = this.#options
    const left = faults.filter(({ id, kind }) => !without.includes(kind) && (only === undefined || only.includes(id)))
    this.#injector.arm(left)
    this.#world.run(safetyMs)
    this.#world.say('everybody', 'QUIET: all faults end')
    this.#injector.calm()
    this.#rest()
    if (this.#seed % 2 === 0) this.#withoutPrimaries()
    this.#world.wallOffsetMs += NEXT_DAY_MS
    this.#world.say('everybody', 'THE NEXT DAY')
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
      happened: this.#injector.happened,
      failure,
      trace: this.#options.trace === true ? this.#world.transcript.lines : [],
    }
  }

  /** Enrolling is an admin's work at the machine, which is done in one go. */
  #join(name: string): void {
    const { center, network } = this.#world
    const { crashPoint } = center
    center.crashPoint = null
    const site = dataCenterOf(name)
    const appliance = this.#world.add(name, network.sites.has(site) ? { site } : {})
    center.crashPoint = crashPoint
    appliance.installer.rebootMs = REBOOT_MS
    this.#evidence.appliances.set(appliance.peer, appliance)
  }

  /** Admins try again until the Service Center answers. */
  #whenCenterRuns(atMs: number, act: () => void): void {
    this.#world.at(atMs, () => {
      if (this.#world.center.isRunning) act()
      else this.#whenCenterRuns(this.#world.nowMs + AGAIN_MS, act)
    })
  }

  /** Does what an admin wants; where no answer comes, the admin does it again, and nobody knows the truth meanwhile. */
  #carryOut(deed: Deed): void {
    const patch = deed.kind === 'cancel' ? null : this.#patchOf({ content: 'first', ...deed }).publication.sha256
    const { doubtful } = this.#evidence
    if (patch !== null) doubtful.add(patch)
    const reply = this.#ask(deed)
    if (reply === null) {
      this.#whenCenterRuns(this.#world.nowMs + AGAIN_MS, () => this.#carryOut(deed))
      return
    }
    if (patch !== null) doubtful.delete(patch)
    this.#undone -= 1
    const { told } = this.#evidence
    const isDone = !isRefusal(reply)
    if (deed.kind === 'install') this.#installs.push(isDone && reply.kind === 'install-started' ? reply.install : null)
    if (!isDone) {
      // The answer to an earlier try was lost, and it had been done.
      if (deed.kind === 'withdraw' && reply.refused === 'withdrawn' && patch !== null) this.#toldWithdrawn(patch)
      return
    }
    switch (reply.kind) {
      case 'published':
        told.published.add(reply.patch)
        told.withdrawn.delete(reply.patch)
        break
      case 'withdrawn':
        this.#toldWithdrawn(reply.patch)
        break
      case 'install-started':
        told.installs.add(reply.install)
        break
      case 'install-cancelled':
        told.cancelled.add(reply.install)
        break
      default:
        unreachable(reply)
    }
  }

  #toldWithdrawn(patch: Sha256): void {
    this.#evidence.told.withdrawn.add(patch)
    this.#evidence.told.published.delete(patch)
  }

  #ask(deed: Deed): Reply | Refusal | null {
    const actor = deed.admin
    switch (deed.kind) {
      case 'upload':
        return this.#world.tryUpload(this.#patchOf(deed))
      case 'withdraw': {
        const { sha256 } = this.#patchOf({ ...deed, content: 'first' }).publication
        return this.#world.tryAsk({ kind: 'withdraw', actor, patch: sha256, reason: 'was a mistake' })
      }
      case 'install':
        return this.#world.tryAsk({
          kind: 'start-install',
          actor,
          patch: this.#patchOf({ ...deed, content: 'first' }).publication.sha256,
          organizations: deed.organizations.map((name) => OrganizationName.parse(name)),
          dataCenter: deed.dataCenter === null ? 'All' : DataCenterName.parse(deed.dataCenter),
          allowOutage: deed.allowOutage,
        })
      case 'cancel': {
        const install = this.#installs[deed.install] ?? null
        if (install === null) return refuse('not_found', 'the install was never started')
        return this.#world.tryAsk({ kind: 'cancel-install', actor, install })
      }
      default:
        return unreachable(deed)
    }
  }

  #patchOf({ patch, content }: { patch: number; content: 'first' | 'other' }): SymbolicPatch {
    const found = this.#patches[patch]
    if (found === undefined) throw new Error(`the workload has no patch ${patch}`)
    return found[content]
  }

  /** The primary of each depot is away for good while a new patch comes: the others get it all the same. */
  #withoutPrimaries(): void {
    const depots = [...this.#world.appliances.values()].filter(({ name }) => !isTenant(name))
    const away = depots.filter(
      ({ name }) =>
        name.endsWith('/primary') &&
        depots.some((other) => other.name !== name && groupOf(other.name) === groupOf(name)),
    )
    if (away.length === 0) return
    for (const primary of away) {
      this.#world.say(primary.name, 'STOPS FOR A WHILE')
      primary.stop()
    }
    const patch = symbolicPatch({ name: 'patch-last', pieces: 3 })
    const { sha256 } = patch.publication
    this.#evidence.patches.set(sha256, patch)
    this.#world.upload(patch)
    const others = depots.filter((appliance) => !away.includes(appliance))
    const endMs = this.#world.nowMs + FAILOVER_BUDGET_MS
    while (this.#world.nowMs < endMs && !others.every((other) => this.#evidence.holds(other, sha256)))
      this.#world.run(1_000)
    for (const other of others)
      this.#evidence.expect(
        this.#evidence.holds(other, sha256),
        'a depot goes on without its primary',
        () => `${other.name} still waits for its primary`,
      )
    for (const primary of away) primary.start()
    this.#rest()
  }

  /** Waits until no checker expects anything more; what is still to come after the budget never comes. */
  #rest(): void {
    const kinds = [...this.#injector.counts.keys()]
    const budgetMs = BUDGET_MS + (kinds.some((kind) => CAUSES_QUARANTINE.has(kind)) ? QUARANTINE_BUDGET_MS : 0)
    const endMs = this.#world.nowMs + budgetMs
    while (this.#world.nowMs < endMs) {
      this.#world.run(1_000)
      if (this.#undone === 0 && this.#watch.pending() === null) return
    }
    const pending = this.#watch.pending()
    if (pending !== null)
      throw new Broken(pending.checker, `${Math.round(budgetMs / 1000)} s after the last fault: ${pending.sentence}`)
  }
}
