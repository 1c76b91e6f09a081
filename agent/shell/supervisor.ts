/**
 * What a daemon tells systemd, where it runs as a unit of it: that it serves, that it still turns, and what it does. Node
 * opens no datagram socket of the UNIX kind, so systemd's own `systemd-notify` carries each word (docs/decisions/0040).
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from './log.ts'

const run = promisify(execFile)

const NOTIFY = 'systemd-notify'
/** A word that has not got through by then is given up; the next one may. */
const NOTIFY_WITHIN_MS = 10_000

export type Supervisor = {
  /** What it waits for before it serves. */
  waits(status: string): void
  /** It serves. From now on systemd hears from it as often as the unit asks, for as long as its loop turns. */
  ready(status: string): void
  stopping(): void
  /** Its process becomes another program, of which systemd hears nothing else; nothing is on its way when this returns. */
  leaving(status: string): Promise<void>
}

async function say(words: readonly string[]): Promise<void> {
  await run(NOTIFY, words, { timeout: NOTIFY_WITHIN_MS })
}

/** Does nothing where nobody listens. */
export function supervisor(log: Log, environment: NodeJS.ProcessEnv = process.env): Supervisor {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment
  if (NOTIFY_SOCKET === undefined)
    return {
      waits: () => undefined,
      ready: () => undefined,
      stopping: () => undefined,
      leaving: async () => undefined,
    }
  const isWatched = WATCHDOG_USEC !== undefined && (WATCHDOG_PID ?? String(process.pid)) === String(process.pid)
  let watchdog: NodeJS.Timeout | undefined
  let told = Promise.resolve()
  // One after the other, so that the last word is the one that holds.
  const tell = (...words: string[]): void => {
    told = told
      .then(() => say(words))
      .catch((error: Error) => {
        log.warn({ error: error.message, words }, 'systemd was not told; is systemd-notify installed?')
      })
  }
  return {
    waits: (status) => tell(`--status=${status}`),
    ready(status) {
      tell('--ready', `--status=${status}`)
      // That it is ready once more each time, for a first word that was lost.
      if (isWatched) watchdog = setInterval(tell, Number(WATCHDOG_USEC) / 3_000, '--ready', 'WATCHDOG=1')
    },
    stopping() {
      clearInterval(watchdog)
      tell('STOPPING=1')
    },
    async leaving(status) {
      clearInterval(watchdog)
      tell(`--status=${status}`)
      await told
    },
  }
}
