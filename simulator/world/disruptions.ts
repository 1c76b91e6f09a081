/**
 * What installing did to the appliances of a world, and when: every program that ran, under which order, and whether its
 * appliance could serve meanwhile. Whoever checks that an order runs once, and that never both members of a pair are
 * disrupted, reads it here, outside of the cores.
 */
import type { Hook, InstallStep, Outcome } from '../../agent/core/events.ts'
import type { OrderId, Sha256 } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { Runs } from './simulated-installer.ts'

export type Disruption = {
  readonly appliance: SimulatedAppliance
  readonly order: OrderId | null
  readonly patch: Sha256 | null
  readonly step: InstallStep | Hook | 'reboot'
  /** The appliance does not serve while this runs. */
  readonly disrupts: boolean
  /** What was installed of the patch's name when this began. */
  readonly versionBefore: string | null
  readonly fromMs: number
  /** Null while it runs. */
  toMs: number | null
  /** Null while it runs, and when it was cut off. */
  outcome: Outcome | null
}

export class Disruptions {
  readonly all: Disruption[] = []
  readonly #ongoing = new Set<Disruption>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** The appliances that do not serve at this moment, because of an install. */
  disrupted(): Set<SimulatedAppliance> {
    return new Set([...this.#ongoing].filter(({ disrupts }) => disrupts).map(({ appliance }) => appliance))
  }

  /** How often an appliance's installer was started under an order; a start after a temporary error is not counted again. */
  executions(): { order: OrderId; appliance: SimulatedAppliance; times: number }[] {
    const counts = new Map<string, { order: OrderId; appliance: SimulatedAppliance; times: number }>()
    for (const { order, appliance, step, outcome } of this.all) {
      if (order === null || step !== 'install' || outcome?.temporary === true) continue
      const key = `${order} ${appliance.name}`
      const count = counts.get(key) ?? { order, appliance, times: 0 }
      count.times += 1
      counts.set(key, count)
    }
    return [...counts.values()]
  }

  watch(appliance: SimulatedAppliance): Runs {
    const running = new Map<string, Disruption>()
    return {
      began: (step, { sha256, name, manifest }) => {
        const order = appliance.state.orders.attempt?.order.orderId ?? null
        const versionBefore = appliance.installer.installedVersion(name)
        const disrupts = manifest.impact.restart !== 'none' && step !== 'verify'
        running.set(
          `${step} ${sha256}`,
          this.#begin({ appliance, order, patch: sha256, step, disrupts, versionBefore }),
        )
      },
      ended: (step, { sha256 }, outcome) => {
        const run = running.get(`${step} ${sha256}`)
        if (run !== undefined) this.#end(run, outcome)
      },
    }
  }

  /** Hooks of its operator: from the first on, whoever has given up its service does not serve. */
  watchHooks(appliance: SimulatedAppliance): {
    began(hook: Hook): void
    ended(hook: Hook, outcome: Outcome | null): void
  } {
    let run: Disruption | null = null
    return {
      began: (step) => {
        const order = appliance.state.orders.attempt?.order ?? null
        const { orderId = null, patch = null } = order ?? {}
        run = this.#begin({ appliance, order: orderId, patch, step, disrupts: true, versionBefore: null })
      },
      ended: (_, outcome) => {
        if (run !== null) this.#end(run, outcome)
      },
    }
  }

  /** To be called again when the machine is back. */
  reboot(appliance: SimulatedAppliance): () => void {
    const reboot = this.#begin({
      appliance,
      order: null,
      patch: null,
      step: 'reboot',
      disrupts: true,
      versionBefore: null,
    })
    return () => this.#end(reboot, null)
  }

  #begin(run: Omit<Disruption, 'fromMs' | 'toMs' | 'outcome'>): Disruption {
    const disruption: Disruption = { ...run, fromMs: this.#now(), toMs: null, outcome: null }
    this.all.push(disruption)
    this.#ongoing.add(disruption)
    return disruption
  }

  #end(disruption: Disruption, outcome: Outcome | null): void {
    disruption.toMs = this.#now()
    disruption.outcome = outcome
    this.#ongoing.delete(disruption)
  }
}
