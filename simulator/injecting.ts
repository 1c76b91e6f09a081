/**
 * Does the drawn faults to a world, counts those that really happened, and ends them all for the quiet phase. This is
 * the one place that knows by which methods of the world a fault is done.
 */
import type { AgentEffect } from '../agent/core/events.ts'
import { nextBelow, type Random } from '../protocol/random.ts'
import { dataCenterOf, type Evidence } from './checkers/evidence.ts'
import { type Fault, type FaultKind, HARMLESS_FOR_TRANSFERS } from './faults.ts'
import type { LetterTampering } from './letter-tampering.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import { pair } from './world/simulated-network.ts'
import type { World } from './world/world.ts'

type Heal = () => void
/** Does the fault, and gives what ends it; null where there is nothing to do it to. */
type Act = (fault: Fault) => Heal | null

const FAILURE = { ok: false, output: 'no', temporary: false }
const HOUR_MS = 3_600_000
const EFFECTS: readonly AgentEffect['kind'][] = [
  'record',
  'store-piece',
  'seal',
  'send-control',
  'run-step',
  'detect',
  'discard',
  'open-partial',
  'send-piece',
  'admit',
]

export class Injector {
  readonly counts = new Map<FaultKind, number>()
  /** Ids of the faults that really happened. */
  readonly happened: number[] = []
  readonly #world: World
  readonly #evidence: Evidence
  readonly #tampering: LetterTampering
  readonly #random: Random
  readonly #heals = new Set<Heal>()
  readonly #cuts = new Map<string, number>()
  #isOver = false

  constructor(world: World, evidence: Evidence, tampering: LetterTampering, random: Random) {
    this.#world = world
    this.#evidence = evidence
    this.#tampering = tampering
    this.#random = random
  }

  arm(faults: readonly Fault[]): void {
    for (const fault of faults) this.#world.at(fault.atMs, () => this.#inject(fault))
  }

  /** Ends every fault: everybody runs, all links are whole, disks have room. */
  calm(): void {
    this.#isOver = true
    this.#tampering.end()
    for (const heal of [...this.#heals]) heal()
    this.#heals.clear()
    if (!this.#world.center.isRunning) this.#world.center.start()
    for (const appliance of this.#world.appliances.values()) {
      appliance.crashPoint = null
      for (const outcomes of Object.values(appliance.installer.outcomes)) outcomes.length = 0
      if (!appliance.isRunning) appliance.start()
    }
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  #inject(fault: Fault): void {
    if (this.#isOver) return
    const heal = this.#acts[fault.kind](fault)
    if (heal === null) return
    this.happened.push(fault.id)
    this.#world.say(fault.who, `FAULT ${fault.id}: ${fault.kind}${fault.other === '' ? '' : ` towards ${fault.other}`}`)
    if (!this.#isDelayed(fault.kind)) this.count(fault.kind)
    if (!HARMLESS_FOR_TRANSFERS.has(fault.kind)) this.#excuse(fault)
    this.#later(fault.lastsMs, heal)
  }

  /** Counted when they strike, not when they are laid out. */
  #isDelayed(kind: FaultKind): boolean {
    return (
      kind === 'crash-at-effect' || kind === 'reboot-in-install' || kind.endsWith('letter') || kind.endsWith('letters')
    )
  }

  #excuse({ who, other }: Fault): void {
    for (const name of [who, other]) {
      if (name === 'service-center')
        for (const all of this.#world.appliances.keys()) this.#evidence.excused.add(dataCenterOf(all))
      else if (name !== '') this.#evidence.excused.add(dataCenterOf(name))
    }
  }

  #later(afterMs: number, heal: Heal): void {
    this.#heals.add(heal)
    this.#world.at(this.#world.nowMs + afterMs, () => {
      if (this.#heals.delete(heal)) heal()
    })
  }

  #running({ who }: Fault): SimulatedAppliance | null {
    const found = this.#world.appliances.get(who)
    return found?.isRunning === true ? found : null
  }

  #exists(name: string): boolean {
    return name === 'service-center' || this.#world.appliances.has(name)
  }

  readonly #acts: Record<FaultKind, Act> = {
    crash: (fault) => {
      const appliance = this.#running(fault)
      appliance?.stop()
      return appliance === null ? null : () => this.#startAgain(appliance)
    },
    'crash-at-effect': (fault) =>
      this.#crashAtEffect(fault, EFFECTS[fault.dice % EFFECTS.length], 1 + (fault.dice % 5)),
    'reboot-in-install': (fault) => this.#crashAtEffect(fault, 'run-step', 1),
    'center-crash': () => {
      const { center } = this.#world
      if (!center.isRunning) return null
      center.stop()
      return () => {
        if (!center.isRunning) center.start()
      }
    },
    'center-crash-at-effect': () => null,
    freeze: (fault) => {
      const appliance = this.#running(fault)
      appliance?.freeze()
      return appliance === null ? null : () => appliance.thaw()
    },
    cut: (fault) => this.#cut(fault.who, fault.other),
    'cut-one-way': () => null,
    flap: (fault) => {
      if (!this.#exists(fault.who) || !this.#exists(fault.other)) return null
      for (let turn = 0; turn < 3; turn++) {
        this.#world.at(this.#world.nowMs + turn * 2_000, () => {
          const mend = this.#isOver ? null : this.#cut(fault.who, fault.other)
          if (mend !== null) this.#later(1_000, mend)
        })
      }
      return () => {}
    },
    'slow-link': ({ who, other, dice }) => {
      if (!this.#exists(who) || !this.#exists(other)) return null
      const { network } = this.#world
      network.pieceMsBetween.set(pair(who, other), 500 + (dice % 8_000))
      return () => network.pieceMsBetween.delete(pair(who, other))
    },
    'drop-streams': (fault) => {
      this.#cut(fault.who, fault.other)?.()
      return this.#exists(fault.who) && this.#exists(fault.other) ? () => {} : null
    },
    'swizzle-clog': (fault) => this.#swizzle(fault),
    'disk-full': ({ who }) => {
      const store = this.#world.appliances.get(who)?.store
      if (store === undefined) return null
      store.isFull = true
      return () => {
        store.isFull = false
      }
    },
    'disk-error': () => null,
    'rot-partial': (fault) => {
      const appliance = this.#running(fault)
      for (const [patch, { phase }] of appliance?.state.replicas ?? []) {
        if (phase.name !== 'transferring' || !this.#evidence.patches.has(patch)) continue
        return this.#rot(appliance as SimulatedAppliance, patch, fault.dice)
      }
      return null
    },
    'rot-held': (fault) => {
      const appliance = this.#world.appliances.get(fault.who)
      if (appliance === undefined) return null
      const site = `${dataCenterOf(fault.who)}/`
      const others = [...this.#world.appliances.values()].filter(
        ({ name }) => name.startsWith(site) && name.split('/').length === 2 && name !== fault.who,
      )
      for (const patch of appliance.store.held().keys()) {
        if (!others.some((other) => this.#evidence.holds(other, patch))) continue
        if (others.some(({ name }) => this.#evidence.isDamaged(name, patch))) continue
        return this.#rot(appliance, patch, fault.dice)
      }
      return null
    },
    'corrupt-source': (fault) => {
      const appliance = this.#running(fault)
      if (appliance === null) return null
      appliance.corruptsPieces = true
      return () => {
        appliance.corruptsPieces = false
      }
    },
    'clock-jump': ({ dice }) => {
      const jumps = [-HOUR_MS, -60_000, -5_000, 5_000, 60_000, HOUR_MS, 25 * HOUR_MS]
      this.#world.wallOffsetMs += jumps[dice % jumps.length] ?? 0
      return () => {}
    },
    'clock-drift': () => null,
    'install-fails': (fault) =>
      this.#outcome(fault, 'install', { ...FAILURE, reason: 'the program ended with status 3' }),
    'health-fails': (fault) => this.#outcome(fault, 'verify', { ...FAILURE, reason: 'it is not healthy' }),
    'revert-fails': (fault) => this.#outcome(fault, 'revert', { ...FAILURE, reason: 'the snapshot is gone' }),
    'temporary-error': (fault) => {
      const heal = this.#outcome(fault, 'install', { ...FAILURE, temporary: true, reason: 'the database is locked' })
      if (heal !== null) this.#evidence.giveTemporary(fault.who)
      return heal
    },
    'installer-hangs': () => null,
    'duplicate-letter': (fault) => this.#tampering.lay(fault, (kind) => this.count(kind)),
    'late-letter': (fault) => this.#tampering.lay(fault, (kind) => this.count(kind)),
    'replayed-letter': (fault) => this.#tampering.lay(fault, (kind) => this.count(kind)),
    'depot-drops-letters': (fault) => {
      const depot = this.#running(fault)
      const heal = depot === null ? null : this.#tampering.lay(fault, (kind) => this.count(kind))
      // An honest program takes its place, and a new process sends again what is kept.
      return depot === null || heal === null
        ? null
        : () => {
            heal()
            if (depot.isRunning) depot.stop()
            this.#startAgain(depot)
          }
    },
    'forged-letter': (fault) => this.#tampering.lay(fault, (kind) => this.count(kind)),
  }

  #startAgain(appliance: SimulatedAppliance): void {
    if (!appliance.isRunning) appliance.start()
  }

  #crashAtEffect(fault: Fault, kind: AgentEffect['kind'] | undefined, nth: number): Heal | null {
    const appliance = this.#running(fault)
    if (appliance === null || appliance.crashPoint !== null) return null
    let left = nth
    const point = {
      moment: fault.dice % 2 === 0 ? ('before' as const) : ('after' as const),
      when: (effect: AgentEffect) => {
        if (effect.kind !== kind || --left > 0) return false
        this.count(fault.kind)
        this.#later(fault.lastsMs, () => this.#startAgain(appliance))
        return true
      },
    }
    appliance.crashPoint = point
    return () => {
      if (appliance.crashPoint === point) appliance.crashPoint = null
    }
  }

  /** Cuts of one link may overlap; it is whole when the last has ended. */
  #cut(one: string, other: string): Heal | null {
    if (!this.#exists(one) || !this.#exists(other)) return null
    const link = pair(one, other)
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1)
    this.#world.network.cut(one, other)
    return () => {
      const left = (this.#cuts.get(link) ?? 1) - 1
      this.#cuts.set(link, left)
      if (left === 0) this.#world.network.mend(one, other)
    }
  }

  /** Clogs the links of one Data Center one after the other, and mends them in another order (FoundationDB's swizzle). */
  #swizzle({ who, lastsMs }: Fault): Heal | null {
    const site = dataCenterOf(who)
    const names = [...this.#world.appliances.keys()].filter((name) => dataCenterOf(name) === site)
    const depot = names.filter((name) => name.split('/').length === 2)
    const links = names.flatMap((name) =>
      [...depot, 'service-center'].filter((other) => other !== name).map((other) => [name, other] as const),
    )
    for (const [name, other] of links) {
      const fromMs = nextBelow(this.#random, lastsMs)
      const untilMs = fromMs + 500 + nextBelow(this.#random, lastsMs)
      this.#world.at(this.#world.nowMs + fromMs, () => {
        const mend = this.#isOver ? null : this.#cut(name, other)
        if (mend !== null) this.#later(untilMs - fromMs, mend)
      })
    }
    return links.length === 0 ? null : () => {}
  }

  #rot(
    appliance: SimulatedAppliance,
    patch: Parameters<SimulatedAppliance['store']['rot']>[0],
    dice: number,
  ): Heal | null {
    const pieces = this.#evidence.patches.get(patch)?.pieces.length ?? 0
    if (pieces === 0) return null
    appliance.store.rot(patch, dice % pieces)
    this.#evidence.damaged.add(`${appliance.name} ${patch}`)
    return () => {}
  }

  #outcome(
    { who }: Fault,
    step: 'install' | 'verify' | 'revert',
    outcome: typeof FAILURE & { reason: string },
  ): Heal | null {
    const installer = this.#world.appliances.get(who)?.installer
    installer?.outcomes[step].push(outcome)
    return installer === undefined ? null : () => {}
  }
}
