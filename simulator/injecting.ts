/**
 * Does the drawn faults to a world, counts those that really happened, and ends them all for the quiet phase. This is
 * the one place that knows by which methods of the world a fault is done.
 */
import type { AgentEffect } from '../agent/core/events.ts'
import type { ServiceCenterEffect } from '../controller/core/effects.ts'
import { nextBelow, type Random } from '../protocol/random.ts'
import { dataCenterOf, type Evidence } from './checkers/evidence.ts'
import { type Fault, type FaultKind, HARMLESS_FOR_TRANSFERS } from './faults.ts'
import type { LetterTampering } from './letter-tampering.ts'
import { pair } from './world/partitions.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import type { SimulatedServiceCenter } from './world/simulated-service-center.ts'
import type { World } from './world/world.ts'

type Heal = () => void
/** Does the fault, and gives what ends it; null where there is nothing to do it to. */
type Act = (fault: Fault) => Heal | null

const FAILURE = { ok: false, output: 'no', temporary: false }
const HOUR_MS = 3_600_000
const JUMPS_MS = [-HOUR_MS, -60_000, -5_000, 5_000, 60_000, HOUR_MS, 25 * HOUR_MS]
/** Longer than any installer may take. */
const HANG_MS = 65_000
const START_AGAIN_MS = 2_000
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

const CENTER_EFFECTS: readonly ServiceCenterEffect['kind'][] = [
  'commit',
  'reply',
  'send',
  'seed',
  'unseed',
  'changed',
  'commit',
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
    this.#world.network.mendAll()
    this.#cuts.clear()
    this.#world.center.crashPoint = null
    this.#startAgain(this.#world.center)
    for (const appliance of this.#world.appliances.values()) {
      appliance.crashPoint = null
      appliance.store.disk.operationsToPowerLoss = Number.POSITIVE_INFINITY
      for (const outcomes of Object.values(appliance.installer.outcomes)) outcomes.length = 0
      this.#startAgain(appliance)
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
    'power-loss': (fault) => {
      const appliance = this.#running(fault)
      appliance?.losePower()
      return appliance === null ? null : () => this.#startAgain(appliance)
    },
    'power-loss-in-write': (fault) => {
      const appliance = this.#running(fault)
      if (appliance === null) return null
      const { disk } = appliance.store
      disk.operationsToPowerLoss = 1 + (fault.dice % 12)
      return () => {
        if (disk.operationsToPowerLoss === Number.POSITIVE_INFINITY) this.count(fault.kind)
        disk.operationsToPowerLoss = Number.POSITIVE_INFINITY
        this.#startAgain(appliance)
      }
    },
    'reboot-in-install': (fault) => this.#crashAtEffect(fault, 'run-step', 1, { losesPower: true }),
    'center-crash': ({ dice }) => {
      const { center } = this.#world
      if (!center.isRunning) return null
      if (dice % 2 === 0) center.stop()
      else center.losePower()
      return () => this.#startAgain(center)
    },
    'center-crash-at-effect': ({ kind, dice, lastsMs }) => {
      const { center } = this.#world
      if (!center.isRunning || center.crashPoint !== null) return null
      const wanted = CENTER_EFFECTS[dice % CENTER_EFFECTS.length]
      let left = 1 + (dice % 3)
      const point = {
        moment: dice % 2 === 0 ? ('before' as const) : ('after' as const),
        losesPower: dice % 5 === 0,
        when: (effect: ServiceCenterEffect) => {
          if (effect.kind !== wanted || --left > 0) return false
          this.count(kind)
          this.#later(lastsMs, () => this.#startAgain(center))
          return true
        },
      }
      center.crashPoint = point
      return () => {
        if (center.crashPoint === point) center.crashPoint = null
      }
    },
    freeze: (fault) => {
      const appliance = this.#running(fault)
      appliance?.freeze()
      if (appliance === null) return null
      const { generation } = appliance.process
      return () => this.#thaw(appliance, generation)
    },
    cut: (fault) => this.#cut(fault.who, fault.other),
    'cut-one-way': (fault) => this.#cut(fault.who, fault.other, fault.dice % 2 === 0 ? 'there' : 'back'),
    isolate: ({ who }) => {
      const site = dataCenterOf(who)
      const { network } = this.#world
      if (!network.sites.has(site)) return null
      network.isolate(site)
      return () => network.rejoin(site)
    },
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
    'slow-link': ({ who, dice }) => {
      const { network } = this.#world
      const site = network.sites.get(dataCenterOf(who))
      if (site === undefined) {
        network.pieceMs = 500 + (dice % 8_000)
        return () => {
          network.pieceMs = 100
        }
      }
      const usual = site.options.downBitsPerSecond / 8_000
      site.down.bytesPerMs = usual / (2 + (dice % 60))
      return () => {
        site.down.bytesPerMs = usual
      }
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
    'disk-error': ({ who, dice }) => {
      const disk = this.#world.appliances.get(who)?.store.disk
      const operation = (['read', 'write', 'sync'] as const)[dice % 3]
      if (disk === undefined || operation === undefined) return null
      disk.failing.add(operation)
      return () => disk.failing.delete(operation)
    },
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
    'clock-jump': ({ who, dice }) => {
      const jump = JUMPS_MS[dice % JUMPS_MS.length] ?? 0
      const machine = dice % 4 === 0 ? this.#world.center : this.#world.appliances.get(who)
      if (dice % 3 === 0 || machine === undefined) this.#world.wallOffsetMs += jump
      else machine.process.clock.jump(jump)
      return () => {}
    },
    /** Only when its machine is new: a monotonic clock changes its pace, and never what it shows. */
    'clock-drift': ({ who, dice }) => {
      const appliance = this.#world.appliances.get(who)
      if (appliance === undefined || appliance.process.clock.driftPpm !== 0) return null
      appliance.process.clock.driftPpm = (dice % 20_000) - 10_000
      return () => {}
    },
    'install-fails': (fault) =>
      this.#outcome(fault, 'install', { ...FAILURE, reason: 'the program ended with status 3' }),
    'health-fails': (fault) => this.#outcome(fault, 'verify', { ...FAILURE, reason: 'it is not healthy' }),
    'revert-fails': (fault) => this.#outcome(fault, 'revert', { ...FAILURE, reason: 'the snapshot is gone' }),
    'temporary-error': (fault) => {
      const heal = this.#outcome(fault, 'install', { ...FAILURE, temporary: true, reason: 'the database is locked' })
      if (heal !== null) this.#evidence.giveTemporary(fault.who)
      return heal
    },
    'installer-hangs': (fault) => {
      const installer = this.#world.appliances.get(fault.who)?.installer
      if (installer === undefined) return null
      installer.durationsMs.install = HANG_MS
      this.#outcome(fault, 'install', { ...FAILURE, reason: 'it did not end within 60 seconds' })
      return () => {
        installer.durationsMs.install = 2_000
      }
    },
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

  /** What stood still may have been replaced since: nothing that the old process had begun goes on in the new one. */
  #thaw(appliance: SimulatedAppliance, generation: number): void {
    if (appliance.process.generation === generation) appliance.thaw()
    else if (appliance.isRunning && appliance.process.isFrozen) {
      appliance.stop()
      this.#startAgain(appliance)
    }
  }

  /** As a service manager does: a program that cannot start is started again and again. */
  #startAgain(machine: SimulatedAppliance | SimulatedServiceCenter): void {
    // Whoever is killed while standing still does not stand still when it is started.
    if (!machine.isRunning) machine.thaw()
    if (!machine.isRunning) machine.start()
    if (!machine.isRunning) this.#later(START_AGAIN_MS, () => this.#startAgain(machine))
  }

  #crashAtEffect(
    fault: Fault,
    kind: AgentEffect['kind'] | undefined,
    nth: number,
    { losesPower = fault.dice % 5 === 0 } = {},
  ): Heal | null {
    const appliance = this.#running(fault)
    if (appliance === null || appliance.crashPoint !== null) return null
    let left = nth
    const point = {
      moment: fault.dice % 2 === 0 ? ('before' as const) : ('after' as const),
      losesPower,
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
  #cut(one: string, other: string, way: 'both' | 'there' | 'back' = 'both'): Heal | null {
    if (!this.#exists(one) || !this.#exists(other)) return null
    const { network } = this.#world
    const link = pair(one, other)
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1)
    if (way === 'both') network.cut(one, other)
    else if (way === 'there') network.silence(one, other)
    else network.silence(other, one)
    return () => {
      const left = (this.#cuts.get(link) ?? 1) - 1
      this.#cuts.set(link, left)
      if (left === 0) network.mend(one, other)
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
