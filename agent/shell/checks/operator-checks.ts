/**
 * Asks the checks of the appliance's operator, one after the other, and never two rounds at a time. A program of theirs
 * lives as one of an installer does, and leaves nothing running: a check changes nothing. Whatever hinders a check is an
 * answer: it is bad, and says why.
 */
import { mkdir } from 'node:fs/promises'
import { isBug } from '../../../protocol/assert.ts'
import type { CheckResult } from '../../core/events.ts'
import { causes } from '../causes.ts'
import { DamagedFile } from '../damaged-file.ts'
import { endLeftPrograms, settleProgram } from '../installers/program-record.ts'
import { describeEnd, runProgram } from '../installers/run-program.ts'
import { removeTree } from '../remove-tree.ts'
import { type Answered, askAddress } from './ask-address.ts'
import type { Check, OwnProgram } from './check-config.ts'

/** Of each, for whoever reads a report: the end says what is wrong. */
const MAX_OUTPUT_CHARACTERS = 300
const MAX_REASON_CHARACTERS = 200

export type OperatorChecksOptions = {
  readonly checks: readonly Check[]
  /** Where the programs are noted that run. */
  readonly folder: string
  /** The folder that installers treat as `/`. */
  readonly root: string
}

export class OperatorChecks {
  readonly #options: OperatorChecksOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: OperatorChecksOptions) {
    this.#options = options
  }

  ask(): Promise<CheckResult[]> {
    const asked = this.#last.then(() => this.#askAll())
    this.#last = asked.catch((error: unknown) => error)
    return asked
  }

  async #askAll(): Promise<CheckResult[]> {
    const results: CheckResult[] = []
    for (const check of this.#options.checks) {
      const { ok, reason, output } = await this.#askOne(check)
      const short = { reason: reason.slice(0, MAX_REASON_CHARACTERS), output: output.slice(-MAX_OUTPUT_CHARACTERS) }
      results.push({ name: check.name, ok, ...short })
    }
    return results
  }

  async #askOne(check: Check): Promise<Answered> {
    try {
      return await ('http' in check ? askAddress(check) : this.#run(check))
    } catch (error) {
      if (isBug(error)) throw error
      return { ok: false, reason: `it could not be asked: ${causes(error)}`, output: '' }
    }
  }

  async #run({ program, arguments: words, timeoutSeconds }: OwnProgram): Promise<Answered> {
    const { folder, root } = this.#options
    await this.#endLeft()
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const end = await runProgram({
      ...{ program, words, timeoutSeconds, workingFolder: '/', scratch: folder },
      ...{ variables: { PATCHMESH_ROOT: root }, leavesNothing: true },
    })
    return {
      ok: end.how === 'exited' && end.status === 0,
      reason: `${program} ${describeEnd(end)}`,
      output: end.output,
    }
  }

  /** Of an agent that was killed: nobody waits for its answer any more. A note that is damaged says nothing of anybody. */
  async #endLeft(): Promise<void> {
    const { folder } = this.#options
    try {
      await settleProgram(folder, 0)
      await endLeftPrograms(folder)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      await removeTree(folder)
    }
  }
}
