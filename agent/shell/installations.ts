/**
 * Performs what the core wants installed, looked at or put back, with the installer of the patch's format, and tells
 * how it ended. An error of an installer's own is an outcome like any other: it failed, and says why.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Publisher } from '../../protocol/publishers.ts'
import type { Publication } from '../../protocol/statements.ts'
import type { AgentEffect, AgentEvent, Found, Outcome } from '../core/events.ts'
import type { InstallTask } from './installers/installer.ts'
import { installerFor } from './installers/installer-for.ts'
import { judgeCopy } from './judge-copy.ts'
import type { PieceStore } from './piece-store.ts'

export type InstallEffect = Extract<AgentEffect, { kind: 'judge' | 'detect' | 'run-step' | 'settle' }>

export class Installations {
  readonly #store: PieceStore
  readonly #root: string
  readonly #publishers: readonly Publisher[]
  readonly #scratch: string
  readonly #deliver: (event: AgentEvent) => void

  constructor(options: {
    store: PieceStore
    installRoot: string
    publishers: readonly Publisher[]
    scratch: string
    deliver: (event: AgentEvent) => void
  }) {
    this.#store = options.store
    this.#root = options.installRoot
    this.#publishers = options.publishers
    this.#scratch = options.scratch
    this.#deliver = options.deliver
  }

  perform(effect: InstallEffect): void {
    const { publication } = effect
    const patch = publication.sha256
    switch (effect.kind) {
      case 'judge':
        void judgeCopy(this.#taskOf(publication), this.#publishers, Date.now()).then((refusal) =>
          this.#deliver({ kind: 'judged', patch, refusal }),
        )
        break
      case 'detect':
        void this.#detect(publication).then((found) => this.#deliver({ kind: 'detected', patch, found }))
        break
      case 'run-step':
        void this.#runStep(effect.step, publication).then((outcome) =>
          this.#deliver({ kind: 'step-ended', step: effect.step, patch, outcome }),
        )
        break
      case 'settle':
        void installerFor(publication)
          .settle(this.#taskOf(publication))
          // What cannot be waited for is verified all the same, and found wanting if it is.
          .catch(() => undefined)
          .then(() => this.#deliver({ kind: 'settled', patch }))
        break
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
      const ended = step === 'revert' || (step === 'verify' && outcome.ok)
      if (ended) await rm(task.scratch, { recursive: true, force: true })
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
