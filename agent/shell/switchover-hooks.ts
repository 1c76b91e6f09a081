/**
 * Runs the operator's hooks of a planned switchover: programs that live and die as those of installers do, and may outlive
 * the agent. At most one runs at a time; after a restart of the agent one that still runs is waited for first.
 */
import { mkdir } from 'node:fs/promises'
import { z } from 'zod'
import type { Hook, Outcome } from '../core/events.ts'
import { MAX_TIMEOUT_SECONDS, OwnProgram } from './checks/check-config.ts'
import { failed, outcomeOf, succeeded } from './installers/outcomes.ts'
import { endLeftPrograms, settleProgram } from './installers/program-record.ts'
import { describeEnd, runProgram } from './installers/run-program.ts'

const HookProgram = OwnProgram.extend({ timeoutSeconds: z.number().min(1).max(MAX_TIMEOUT_SECONDS).default(120) })

export const Switchover = z.strictObject({ release: HookProgram, takeBack: HookProgram.optional() })
export type Switchover = z.output<typeof Switchover>

const WORDS: Record<Hook, string> = { release: 'gives up service', takeBack: 'takes service back' }

export function hookSeconds(switchover: Switchover | null): Record<Hook, number | null> {
  return {
    release: switchover?.release.timeoutSeconds ?? null,
    takeBack: switchover?.takeBack?.timeoutSeconds ?? null,
  }
}

export type SwitchoverHooksOptions = {
  readonly switchover: Switchover | null
  /** Where the program is noted that runs. */
  readonly folder: string
  /** The folder that installers treat as `/`. */
  readonly root: string
}

export class SwitchoverHooks {
  readonly #options: SwitchoverHooksOptions

  constructor(options: SwitchoverHooksOptions) {
    this.#options = options
  }

  run(hook: Hook): Promise<Outcome> {
    const { switchover, folder, root } = this.#options
    const named = switchover?.[hook]
    if (named === undefined) return Promise.resolve(failed(`no hook is named that ${WORDS[hook]}`))
    const { program, arguments: words, timeoutSeconds } = named
    return outcomeOf(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await this.settle()
      await endLeftPrograms(folder)
      const variables = { PATCHMESH_ROOT: root }
      const end = await runProgram({ program, words, variables, workingFolder: '/', scratch: folder, timeoutSeconds })
      const reason = `${program}, which ${WORDS[hook]}, ${describeEnd(end)}`
      const isWell = end.how === 'exited' && end.status === 0
      return isWell ? succeeded(reason, end.output) : failed(reason, end.output)
    }, `the hook that ${WORDS[hook]} could not be run`)
  }

  /** Waits for a hook that an earlier process of the agent has started, up to the longest time that one may take. */
  async settle(): Promise<void> {
    const { release, takeBack } = hookSeconds(this.#options.switchover)
    const known = [release, takeBack].filter((seconds) => seconds !== null)
    await settleProgram(this.#options.folder, known.length === 0 ? MAX_TIMEOUT_SECONDS : Math.max(...known))
  }
}
