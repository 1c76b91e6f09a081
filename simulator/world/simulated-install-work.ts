/**
 * Performs what the core of a simulated appliance wants looked at, installed, put back, checked or handed over, as
 * agent/shell/installations.ts does. A program outlives the agent that started it, and its end is told to no later one.
 */
import type { AgentEffect, AgentEvent } from '../../agent/core/events.ts'
import { unreachable } from '../../protocol/assert.ts'
import { isOfAgent } from '../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { refuse } from '../../protocol/refusals.ts'
import type { Reboots } from './reboots.ts'
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

const KINDS = ['judge', 'survey', 'detect', 'run-step', 'run-checks', 'run-hook', 'settle'] as const
export type InstallEffect = Extract<AgentEffect, { kind: (typeof KINDS)[number] }>

const SETTLE_MS = 500
const UNSIGNED = refuse('untrusted_signature', 'none of the publishers that are listed here has signed it')

export function isOfInstalls(effect: AgentEffect): effect is InstallEffect {
  return KINDS.some((kind) => kind === effect.kind)
}

export type InstallWorkOptions = {
  readonly world: World
  readonly appliance: SimulatedAppliance
  readonly reboots: Reboots
  /** What was looked at is told a moment later. */
  readonly soon: (event: AgentEvent) => void
}

export class SimulatedInstallWork {
  readonly #options: InstallWorkOptions

  constructor(options: InstallWorkOptions) {
    this.#options = options
  }

  perform(effect: InstallEffect): void {
    const { world, appliance, reboots, soon } = this.#options
    const hears = this.#inThisLife()
    switch (effect.kind) {
      // A symbolic patch has no bytes to sign: who has signed it is a rule of the world.
      case 'judge': {
        const refusal = world.isSigned(effect.publication) ? null : UNSIGNED
        soon({ kind: 'judged', patch: effect.publication.sha256, refusal })
        break
      }
      case 'survey':
      case 'detect':
        soon({ kind: 'surveyed', machine: { ...appliance.machine, bootId: `boot ${reboots.count}` } })
        if (effect.kind === 'survey') break
        soon({
          kind: 'detected',
          patch: effect.publication.sha256,
          found: isOfAgent(effect.publication.manifest)
            ? appliance.updater.detect(effect.publication)
            : appliance.installer.detect(effect.publication),
        })
        break
      case 'run-step':
        if (isOfAgent(effect.publication.manifest)) this.#runUpdater(effect, hears)
        else this.#runStep(effect, hears)
        break
      case 'run-checks': {
        const { round } = effect
        const order = appliance.state.orders.attempt?.order.orderId ?? null
        appliance.operator.ask(order, (results) => hears({ kind: 'checked', round, results }))
        break
      }
      case 'run-hook': {
        const { hook } = effect
        appliance.operator.run(hook, (outcome) => hears({ kind: 'hook-ended', hook, outcome }))
        break
      }
      case 'settle':
        this.#settle(effect.publication.sha256, hears)
        break
      default:
        unreachable(effect)
    }
  }

  /** Tells the agent that asks now, and none that comes after it. */
  #inThisLife(): (event: AgentEvent) => void {
    const { appliance } = this.#options
    const { generation } = appliance
    return (event) => {
      if (generation === appliance.generation) appliance.hear(event)
    }
  }

  #settle(patch: Sha256, hears: (event: AgentEvent) => void): void {
    const { world, appliance } = this.#options
    appliance.installer.settle(() => {
      if (!appliance.operator.isHookRunning) hears({ kind: 'settled', patch })
      else world.at(world.nowMs + SETTLE_MS, () => this.#settle(patch, hears))
    })
  }

  #runUpdater(effect: Extract<AgentEffect, { kind: 'run-step' }>, hears: (event: AgentEvent) => void): void {
    const { step, publication } = effect
    this.#options.appliance.updater.run(effect, (outcome) =>
      hears({ kind: 'step-ended', step, patch: publication.sha256, outcome }),
    )
  }

  #runStep(
    { step: which, publication }: Extract<AgentEffect, { kind: 'run-step' }>,
    hears: (event: AgentEvent) => void,
  ): void {
    const { appliance, reboots } = this.#options
    const { installer, operator } = appliance
    const patch = publication.sha256
    installer.run(which, publication, (outcome) => {
      if (which === 'install' && outcome.ok) operator.installed(publication.name, publication.version)
      const { rebootMs } = installer
      const isRebooting = which === 'install' && outcome.ok && publication.manifest.impact.restart === 'reboot'
      if (isRebooting && rebootMs !== null && appliance.isRunning) reboots.begin(rebootMs)
      else hears({ kind: 'step-ended', step: which, patch, outcome })
    })
  }
}
