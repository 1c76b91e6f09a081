/**
 * Does the drawn faults to a world, counts those that really struck, and ends them all for the quiet phase.
 */
import { addressActs } from './acts/addresses.ts'
import { cloneActs } from './acts/clones.ts'
import { diskActs } from './acts/disks.ts'
import { type Act, Hands } from './acts/hands.ts'
import { installerActs } from './acts/installers.ts'
import { letterActs } from './acts/letters.ts'
import { linkActs } from './acts/links.ts'
import { machineActs } from './acts/machines.ts'
import { olderFilesActs } from './acts/older-files.ts'
import { operatorActs } from './acts/operators.ts'
import { rotActs } from './acts/rot.ts'
import { sourceActs } from './acts/sources.ts'
import { dataCenterOf } from './checkers/evidence.ts'
import { type Fault, type FaultKind, HARMLESS_FOR_TRANSFERS } from './faults.ts'

const ACTS: Record<FaultKind, Act> = {
  ...machineActs,
  ...linkActs,
  ...diskActs,
  ...rotActs,
  ...sourceActs,
  ...cloneActs,
  ...olderFilesActs,
  ...addressActs,
  ...installerActs,
  ...operatorActs,
  ...letterActs,
}

/** Counted when they strike, not when they are laid out. */
const LAID_OUT: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'crash-at-effect',
  'crash-in-phase',
  'center-crash-at-effect',
  'reboot-in-install',
  'power-loss-in-write',
  'rot-partial',
  'duplicate-letter',
  'late-letter',
  'replayed-letter',
  'depot-drops-letters',
  'forged-letter',
  'older-ledger',
])

export class Injector {
  /** Ids of the faults that were done. */
  readonly happened: number[] = []
  readonly #hands: Hands

  constructor(...given: ConstructorParameters<typeof Hands>) {
    this.#hands = new Hands(...given)
  }

  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#hands.counts
  }

  arm(faults: readonly Fault[]): void {
    for (const fault of faults) this.#hands.world.at(fault.atMs, () => this.#inject(fault))
  }

  /** Ends every fault: everybody runs, all links are whole, disks have room, and installers work. */
  calm(): void {
    const { world, tampering } = this.#hands
    tampering.end()
    world.center.crashPoint = null
    for (const appliance of world.appliances.values()) {
      appliance.crashPoint = null
      appliance.store.disk.operationsToPowerLoss = Number.POSITIVE_INFINITY
      for (const outcomes of Object.values(appliance.installer.outcomes)) outcomes.length = 0
      for (const outcomes of Object.values(appliance.operator.outcomes)) outcomes.length = 0
      appliance.operator.breakWithNext.clear()
    }
    this.#hands.healAll()
    world.network.mendAll()
    for (const machine of [world.center, ...world.appliances.values()]) this.#hands.startAgain(machine)
  }

  #inject(drawn: Fault): void {
    if (this.#hands.isOver) return
    const { id, kind } = drawn
    // It strikes whoever stands there by now.
    const nameAt = (place: string): string => this.#hands.evidence.standsAt(place)?.name ?? place
    const [who, other] = [nameAt(drawn.who), nameAt(drawn.other)]
    const fault = { ...drawn, who, other }
    const heal = ACTS[kind](fault, this.#hands)
    if (heal === null) return
    this.happened.push(id)
    this.#hands.world.say(who, `FAULT ${id}: ${kind}${other === '' ? '' : ` towards ${other}`}`)
    if (!LAID_OUT.has(kind)) this.#hands.count(kind)
    if (!HARMLESS_FOR_TRANSFERS.has(kind)) this.#excuse(fault)
    this.#hands.later(fault.lastsMs, heal)
  }

  /** More than one copy may cross the WAN where a fault hit somebody who takes part in that. */
  #excuse({ who, other }: Fault): void {
    const { world, evidence } = this.#hands
    const names = [who, other].includes('service-center') ? [...world.appliances.keys()] : [who]
    for (const name of [...names, who]) evidence.excused.add(dataCenterOf(name))
  }
}
