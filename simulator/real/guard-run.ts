/**
 * Sees to it that nothing of this process's fleets stays on the machine, whatever ends it: leftovers of dead runs go at
 * the start, its own at the end, and a watchdog does that in its place when it is killed. Signals are turned into a
 * promise, so that the ordinary end is taken with them too.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { OWN_MARK } from '../processes/run-mark.ts'
import { sweep, sweepDeadRuns } from './sweep.ts'

const WATCHDOG = fileURLToPath(new URL('./watchdog.ts', import.meta.url))
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The run was told to stop; the status is what a shell gives for that signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly status: number

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`stopped by ${signal}`)
    this.status = 128 + constants.signals[signal]
  }
}

export type Guard = {
  /** What the work gives, or an `Interrupted` error as soon as a signal comes. */
  interruptible<Result>(work: Promise<Result>): Promise<Result>
  /** Resolves with the first signal. */
  readonly interrupted: Promise<Interrupted>
  /** Removes what is left, and tells what cannot be removed. */
  end(): Promise<string[]>
}

export function guardRun(): Guard {
  sweepDeadRuns()
  // In a session of its own, so that Ctrl-C in the terminal is not for it.
  const watchdog = spawn(process.execPath, [WATCHDOG, OWN_MARK], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  watchdog.stdin.on('error', ({ message }) =>
    process.stderr.write(
      `the watchdog of this run is gone (${message}): what a kill would leave is removed by the next run\n`,
    ),
  )
  let cutShort = false
  const interrupted = new Promise<Interrupted>((resolve) => {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        cutShort = true
        resolve(new Interrupted(signal))
      })
    }
  })
  return {
    interrupted,
    interruptible: (work) =>
      Promise.race([
        work,
        interrupted.then((error) => {
          throw error
        }),
      ]),
    async end() {
      const left = sweep(OWN_MARK)
      // What was interrupted may just be starting something: then the watchdog looks once more when this process ends.
      if (left.length === 0 && !cutShort)
        await new Promise<void>((resolve) => watchdog.stdin.end('clean', () => resolve()))
      return left
    },
  }
}
