/**
 * Performs what the core wants installed, looked at or put back, with the installer of the patch's format, and tells
 * how it ended; before that, what the machine is then. What an installer could not do because of the machine is an
 * outcome like any other: it failed, and says why. How an attempt ended is decided by its steps alone, never by what is
 * cleared away after them; and a broken invariant is no outcome, but ends the agent.
 */
import { mkdir } from 'node:fs/promises'
import { isBug, unreachable } from '../../protocol/assert.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Publisher } from '../../protocol/trust/publishers.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import type { AgentEffect, AgentEvent, InstallStep, Outcome } from '../core/events.ts'
import type { Machine } from '../core/machine.ts'
import { causes } from './causes.ts'
import type { OperatorChecks } from './checks/operator-checks.ts'
import { forgetBefore } from './installers/before.ts'
import type { Installer, InstallTask } from './installers/installer.ts'
import { installerFor } from './installers/installer-for.ts'
import { foundOf, outcomeOf, withWord } from './installers/outcomes.ts'
import { judgeCopy } from './judge-copy.ts'
import type { KeptPackages } from './kept-packages.ts'
import { surveyMachine } from './machine-survey.ts'
import type { PieceStore } from './piece-store.ts'
import type { Scratch, WarningLog } from './scratch.ts'
import type { SwitchoverHooks } from './switchover-hooks.ts'

export type InstallEffect = Extract<
  AgentEffect,
  { kind: 'survey' | 'run-checks' | 'run-hook' | 'judge' | 'detect' | 'run-step' | 'settle' | 'tidy' }
>

export type InstallationsOptions = {
  readonly store: Pick<PieceStore, 'pathOf'>
  /** The package files for the way back. */
  readonly kept: KeptPackages
  /** For releases of this agent itself; not there where it is not exchanged. */
  readonly agent?: Installer
  readonly installRoot: string
  /** Whose signatures a patch must carry now; none for no matter whose. */
  readonly publishers: () => readonly Publisher[]
  readonly scratch: Scratch
  readonly checks: Pick<OperatorChecks, 'ask'>
  readonly hooks: Pick<SwitchoverHooks, 'run' | 'settle'>
  readonly log: WarningLog
  readonly deliver: (event: AgentEvent) => void
  /** Takes work that goes on beside the loop; what escapes it ends the process. */
  readonly follow: (work: Promise<void>) => void
}

export class Installations {
  readonly #options: InstallationsOptions
  /** Many patches that are looked at together share one look at the machine. */
  #surveying: Promise<Machine> | null = null

  constructor(options: InstallationsOptions) {
    this.#options = options
  }

  perform(effect: InstallEffect): void {
    this.#options.follow(this.#carryOut(effect))
  }

  async #carryOut(effect: InstallEffect): Promise<void> {
    for (const event of await this.#answer(effect)) this.#options.deliver(event)
  }

  /** The list may have been taken away since the core asked. */
  async #judge(task: InstallTask): Promise<Refusal | null> {
    const publishers = this.#options.publishers()
    return publishers.length === 0 ? null : judgeCopy(task, publishers, Date.now())
  }

  /** The events in which the effect ends, whatever happens on the way. */
  async #answer(effect: InstallEffect): Promise<AgentEvent[]> {
    if (effect.kind === 'survey') return [{ kind: 'surveyed', machine: await this.#survey() }]
    if (effect.kind === 'run-checks') {
      const results = await this.#options.checks.ask()
      return [{ kind: 'checked', round: effect.round, results }]
    }
    if (effect.kind === 'run-hook') {
      const outcome = await this.#options.hooks.run(effect.hook)
      return [{ kind: 'hook-ended', hook: effect.hook, outcome }]
    }
    const { publication } = effect
    const task = this.#taskOf(publication)
    const patch = publication.sha256
    const installer = installerFor(publication, this.#options.agent)
    switch (effect.kind) {
      case 'judge':
        return [{ kind: 'judged', patch, refusal: await this.#judge(task) }]
      case 'detect': {
        const found = await foundOf(() => installer.detect(task))
        return [
          { kind: 'surveyed', machine: await this.#survey() },
          { kind: 'detected', patch, found },
        ]
      }
      case 'run-step': {
        const outcome = await this.#runStep(effect.step, task)
        return [
          { kind: 'surveyed', machine: await surveyMachine(this.#options.installRoot) },
          { kind: 'step-ended', step: effect.step, patch, outcome },
        ]
      }
      case 'settle':
        await this.#settle(task)
        return [{ kind: 'settled', patch }]
      case 'tidy':
        await forgetBefore(task.scratch)
        await this.#options.scratch.remove(patch)
        return []
      default:
        return unreachable(effect)
    }
  }

  #survey(): Promise<Machine> {
    this.#surveying ??= surveyMachine(this.#options.installRoot).finally(() => {
      this.#surveying = null
    })
    return this.#surveying
  }

  async #runStep(step: InstallStep, task: InstallTask): Promise<Outcome> {
    const { sha256 } = task.publication
    const outcome = await outcomeOf(async () => {
      await mkdir(task.root, { recursive: true })
      await this.#options.scratch.provide(sha256)
      return installerFor(task.publication, this.#options.agent)[step](task)
    }, `the ${step} step could not be carried out`)
    if (step === 'verify' && outcome.ok) return withWord(outcome, await this.#keep(task.publication))
    // What was before is in the folder until it is back.
    return step === 'revert' && outcome.ok ? withWord(outcome, await this.#options.scratch.remove(sha256)) : outcome
  }

  /** Why what was installed could not be kept for the way back, as a sentence; null when it was. */
  async #keep(publication: Publication): Promise<string | null> {
    try {
      await this.#options.kept.keep(publication)
      return null
    } catch (error) {
      if (isBug(error)) throw error
      const line = `its package file could not be kept for the way back: ${causes(error)}`
      this.#options.log.warn({ err: error, patch: publication.sha256 }, line)
      return line
    }
  }

  /** What cannot be waited for is verified all the same, and found wanting if it is. */
  async #settle(task: InstallTask): Promise<void> {
    try {
      await installerFor(task.publication, this.#options.agent).settle(task)
      await this.#options.hooks.settle()
    } catch (error) {
      if (isBug(error)) throw error
      const line = `cannot tell whether a program of an earlier start still runs: ${causes(error)}`
      this.#options.log.warn({ err: error, patch: task.publication.sha256 }, line)
    }
  }

  #taskOf(publication: Publication): InstallTask {
    const { store, installRoot, scratch } = this.#options
    const { sha256 } = publication
    const { find: earlier } = this.#options.kept
    return { publication, file: store.pathOf(sha256), root: installRoot, scratch: scratch.folderOf(sha256), earlier }
  }
}
