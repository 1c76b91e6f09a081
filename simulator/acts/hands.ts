/**
 * What the acts have in common: the world they are done to, when they end, and how often each kind struck. A fault that
 * is only laid out, such as a crash at the next record, is counted when it strikes.
 */
import type { Random } from '../../protocol/random.ts'
import type { Evidence } from '../checkers/evidence.ts'
import type { Fault, FaultKind } from '../faults.ts'
import type { LetterTampering } from '../letter-tampering.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { SimulatedServiceCenter } from '../world/simulated-service-center.ts'
import type { World } from '../world/world.ts'

export type Heal = () => void
/** Does a fault, and gives what ends it; null where there is nothing to do it to. */
export type Act = (fault: Fault, hands: Hands) => Heal | null

export const NOTHING_TO_HEAL: Heal = () => {}
const START_AGAIN_MS = 2_000

export class Hands {
  readonly world: World
  readonly evidence: Evidence
  readonly tampering: LetterTampering
  readonly random: Random
  readonly counts = new Map<FaultKind, number>()
  isOver = false
  readonly #heals = new Set<Heal>()

  constructor(world: World, evidence: Evidence, tampering: LetterTampering, random: Random) {
    this.world = world
    this.evidence = evidence
    this.tampering = tampering
    this.random = random
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  /** After this time, or when all faults end. */
  later(afterMs: number, heal: Heal): void {
    this.#heals.add(heal)
    this.world.at(this.world.nowMs + afterMs, () => {
      if (this.#heals.delete(heal)) heal()
    })
  }

  healAll(): void {
    this.isOver = true
    for (const heal of [...this.#heals]) if (this.#heals.delete(heal)) heal()
  }

  running({ who }: Fault): SimulatedAppliance | null {
    const found = this.world.appliances.get(who)
    return found?.isRunning === true ? found : null
  }

  exists(name: string): boolean {
    return name === 'service-center' || this.world.appliances.has(name)
  }

  /** As a service manager does: a program that cannot start is started again and again. */
  startAgain(machine: SimulatedAppliance | SimulatedServiceCenter): void {
    // Whoever is killed while standing still does not stand still when it is started.
    if (!machine.isRunning) machine.thaw()
    if (!machine.isRunning) machine.start()
    if (!machine.isRunning) this.later(START_AGAIN_MS, () => this.startAgain(machine))
  }
}
