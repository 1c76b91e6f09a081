/**
 * Performs what the core wants installed, looked at or put back, with the installer of the patch's format, and tells
 * how it ended; before that, what the machine is then. An error of an installer's own is an outcome like any other: it failed, and says why.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Publisher } from '../../protocol/publishers.ts'
import type { Publication } from '../../protocol/statements.ts'
import type { AgentEffect, AgentEvent, Found, Outcome } from '../core/events.ts'
import type { Machine } from '../core/machine.ts'
import type { InstallTask } from './installers/installer.ts'
import { installerFor } from './installers/installer-for.ts'
import { judgeCopy } from './judge-copy.ts'
import { surveyMachine } from './machine-survey.ts'
import type { PieceStore } from './piece-store.ts'

export type InstallEffect = Extract<
  AgentEffect,
  { kind: 'survey' | 'judge' | 'detect' | 'run-step' | 'settle' | 'tidy' }
>

export class Installations {
  readonly #store: PieceStore
  readonly #root: string
  readonly #publishers: readonly Publisher[]
  readonly #scratch: string
  readonly #deliver: (event: AgentEvent) => void
  readonly #complain: (sentence: string) => void
  /** Many patches that are looked at together share one look at the machine. */
  #surveying: Promise<Machine> | null = null

  constructor(options: {
    store: PieceStore
    installRoot: string
    publishers: readonly Publisher[]
    scratch: string
    deliver: (event: AgentEvent) => void
    complain: (sentence: string) => void
  }) {
    this.#store = options.store
    this.#root = options.installRoot
    this.#publishers = options.publishers
    this.#scratch = options.scratch
    this.#deliver = options.deliver
    this.#complain = options.complain
  }

  perform(effect: InstallEffect): void {
    if (effect.kind === 'survey') {
      void this.#survey().then((machine) => this.#deliver({ kind: 'surveyed', machine }))
      return
    }
    const { publication } = effect
    const patch = publication.sha256
    switch (effect.kind) {
      case 'judge':
        void judgeCopy(this.#taskOf(publication), this.#publishers, Date.now()).then((refusal) =>
          this.#deliver({ kind: 'judged', patch, refusal }),
        )
        break
      case 'detect':
        void this.#detect(publication).then(async (found) => {
          this.#deliver({ kind: 'surveyed', machine: await this.#survey() })
          this.#deliver({ kind: 'detected', patch, found })
        })
        break
      case 'run-step':
        void this.#runStep(effect.step, publication).then(async (outcome) => {
          this.#deliver({ kind: 'surveyed', machine: await surveyMachine(this.#root) })
          this.#deliver({ kind: 'step-ended', step: effect.step, patch, outcome })
        })
        break
      case 'settle':
        void installerFor(publication)
          .settle(this.#taskOf(publication))
          // What cannot be waited for is verified all the same, and found wanting if it is.
          .catch(() => undefined)
          .then(() => this.#deliver({ kind: 'settled', patch }))
        break
      case 'tidy':
        void this.#tidy(this.#taskOf(publication).scratch)
        break
    }
  }

  #survey(): Promise<Machine> {
    this.#surveying ??= surveyMachine(this.#root).finally(() => {
      this.#surveying = null
    })
    return this.#surveying
  }

  /** What is left behind takes room, and harms nothing. */
  async #tidy(scratch: string): Promise<void> {
    try {
      await rm(scratch, { recursive: true, force: true })
    } catch (error) {
      this.#complain(`could not delete ${scratch}: ${sentence(error)}`)
    }
  }

  async #detect(publication: Publication): Promise<Found> {
    try {
      return await installerFor(publication).detect(this.#taskOf(publication))
    } catch (error) {
      return { result: 'unknown', installedVersion: null, reason: `could not look: ${sentence(error)}` }
    }
  }

  async #runStep(step: 'install' | 'verify' | 'revert', publication: Publication): Promise<Outcome> {
    const task = this.#taskOf(publication)
    try {
      await mkdir(task.root, { recursive: true })
      await mkdir(task.scratch, { recursive: true, mode: 0o700 })
      const outcome = await installerFor(publication)[step](task)
      if (step === 'revert') await rm(task.scratch, { recursive: true, force: true })
      return outcome
    } catch (error) {
      return {
        ok: false,
        reason: `the ${step} step could not be carried out: ${sentence(error)}`,
        output: '',
        temporary: false,
      }
    }
  }

  #taskOf(publication: Publication): InstallTask {
    const { sha256 } = publication
    return { publication, file: this.#store.pathOf(sha256), root: this.#root, scratch: join(this.#scratch, sha256) }
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
