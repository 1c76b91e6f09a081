/**
 * Looks on, after every step of a world: hands the effects that were performed and the records that were committed
 * since the step before to the checkers, and sweeps the whole world once a virtual second.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Checker, Evidence } from './evidence.ts'

const SWEEP_EVERY_MS = 1_000

export class Watch {
  steps = 0
  readonly #evidence: Evidence
  readonly #checkers: readonly Checker[]
  readonly #performed = new Map<SimulatedAppliance, number>()
  #committed = 0
  #sweepAtMs = 0

  constructor(evidence: Evidence, checkers: readonly Checker[]) {
    this.#evidence = evidence
    this.#checkers = checkers
  }

  said(from: PeerId, to: PeerId, message: ControlMessage): void {
    for (const checker of this.#checkers) checker.said?.(from, to, message)
  }

  look(): void {
    this.steps += 1
    const { world } = this.#evidence
    const { database } = world.center
    for (; this.#committed < database.length; this.#committed++) {
      const change = database[this.#committed]
      if (change === undefined) continue
      this.#evidence.follow(change)
      for (const checker of this.#checkers) checker.committed?.(change)
    }
    for (const who of world.appliances.values()) this.#lookAt(who)
    if (world.nowMs < this.#sweepAtMs) return
    this.#sweepAtMs = world.nowMs + SWEEP_EVERY_MS
    this.#sweep()
  }

  pending(): { checker: string; sentence: string } | null {
    for (const checker of this.#checkers) {
      const sentence = checker.pending?.() ?? null
      if (sentence !== null) return { checker: checker.name, sentence }
    }
    return null
  }

  ended(): void {
    this.#sweep()
    for (const checker of this.#checkers) checker.ended?.()
  }

  #sweep(): void {
    for (const checker of this.#checkers) checker.sweep?.()
  }

  #lookAt(who: SimulatedAppliance): void {
    const { performed } = who
    let at = this.#performed.get(who) ?? 0
    if (at === performed.length) return
    for (; at < performed.length; at++) {
      const effect = performed[at]
      if (effect === undefined) continue
      if (effect.kind === 'discard' || effect.kind === 'open-partial') {
        const patch = effect.kind === 'discard' ? effect.patch : effect.publication.sha256
        this.#evidence.spoiled.delete(`${who.name} ${patch}`)
        if (!who.store.held().has(patch)) this.#evidence.damaged.delete(`${who.name} ${patch}`)
      }
      for (const checker of this.#checkers) checker.performed?.(who, effect)
    }
    this.#performed.set(who, at)
  }
}
