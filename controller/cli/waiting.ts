/**
 * `--wait` and `--timeout`: after a command has started something it tells every two seconds how far that is, and ends
 * with the status that says how it ended. A Service Center that restarts is waited for; what was started goes on anyway.
 */
import { EXIT, type ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { duration } from '../page/words.ts'
import { Changes } from './changes.ts'
import { UsageError } from './command.ts'
import { isInterruption } from './exchange.ts'
import { ProgressLine } from './progress-line.ts'
import { readDuration } from './read-duration.ts'
import type { ServiceCenterClient } from './service-center-client.ts'
import { printable, type Terminal } from './terminal.ts'

/** How often it is looked whether it is time to tell again. */
const TELL_MS = 500
/** A controller that restarts is back well before. */
const UNREACHABLE_FOR_AT_MOST_MS = 120_000
const LONGEST_TIMEOUT_SECONDS = 30 * 24 * 3600

/** `until` ends the sentence "follow it until". */
export function waitOptions(until: string) {
  return {
    wait: { type: 'boolean', about: `follow it until ${until}; the exit status tells how it ended` },
    timeout: { type: 'string', value: 'DURATION', about: 'with --wait, wait at most so long, such as 90s, 10m or 2h' },
  } as const
}

export const WAIT_USAGE = '[--wait [--timeout DURATION]]'

/** What a look has found: how far it is, or how it has ended. */
export type Look<Found> = { readonly found: Found; readonly line: string; readonly ended: ExitStatus | null }
export type Awaited<Found> = { readonly found: Found; readonly status: ExitStatus }

export type Waiting = {
  readonly client: ServiceCenterClient
  readonly terminal: Terminal
  /** How long at most; from `timeoutOf`. */
  readonly timeoutMs: number
  /** Said when the time is over, without a full stop: `install 5f0c… goes on`. */
  readonly goesOn: string
}

/** Judged before anything is started. */
export function timeoutOf(options: { wait: boolean | undefined; timeout: string | undefined }): number {
  const { wait, timeout } = options
  if (timeout === undefined) return Number.POSITIVE_INFINITY
  if (wait !== true) throw new UsageError('--timeout goes with --wait')
  return readDuration('--timeout', timeout, LONGEST_TIMEOUT_SECONDS) * 1000
}

export async function awaited<Found>(
  { client, terminal, timeoutMs, goesOn }: Waiting,
  first: Look<Found>,
  look: () => Promise<Look<Found>>,
): Promise<Awaited<Found>> {
  const progress = new ProgressLine(terminal)
  const begun = performance.now()
  const changes = new Changes(client)
  let last = first
  let answeredAt = begun
  let isAnswered = true
  let told = ''
  try {
    for (;;) {
      if (last.ended !== null) return { found: last.found, status: last.ended }
      const passed = performance.now() - begun
      const line = isAnswered ? last.line : 'the Service Center cannot be reached; trying again'
      if (passed >= timeoutMs) {
        progress.end(printable(line))
        terminal.tell(`patchmesh: not ended within ${duration(timeoutMs / 1000)}; ${goesOn}.`)
        return { found: last.found, status: EXIT.timedOut }
      }
      if (line === told) progress.update(() => printable(`${line} (${duration(passed / 1000)})`))
      else progress.change(printable(line))
      told = line
      if (!(await changes.heard(Math.min(TELL_MS, timeoutMs - passed)))) continue
      try {
        last = await look()
        answeredAt = performance.now()
        isAnswered = true
      } catch (error) {
        if (!isInterruption(error)) throw error
        if (performance.now() - answeredAt > UNREACHABLE_FOR_AT_MOST_MS) throw error
        isAnswered = false
      }
    }
  } finally {
    progress.end()
    changes.end()
  }
}
