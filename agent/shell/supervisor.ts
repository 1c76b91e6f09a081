/**
 * What a daemon tells systemd, where it runs as a unit of it: that it serves, that it still turns, and what it does. Node
 * opens no datagram socket of the UNIX kind, so systemd's own `systemd-notify` carries each word (docs/decisions/0040).
 */
import { execFile } from 'node:child_process'
import type { Log } from './log.ts'

const NOTIFY = 'systemd-notify'
/** A word that has not got through by then is given up; the next one may. */
const NOTIFY_WITHIN_MS = 10_000

export type Supervisor = {
  /** It serves. From now on systemd hears from it as often as the unit asks, for as long as its loop turns. */
  ready(status: string): void
  stopping(): void
}

/** Does nothing where nobody listens. */
export function supervisor(log: Log, environment: NodeJS.ProcessEnv = process.env): Supervisor {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment
  if (NOTIFY_SOCKET === undefined) return { ready: () => undefined, stopping: () => undefined }
  const isWatched = WATCHDOG_USEC !== undefined && (WATCHDOG_PID ?? String(process.pid)) === String(process.pid)
  let watchdog: NodeJS.Timeout | undefined
  const tell = (...words: string[]): void => {
    execFile(NOTIFY, words, { timeout: NOTIFY_WITHIN_MS }, (error) => {
      if (error !== null)
        log.warn({ error: error.message, words }, 'systemd was not told; is systemd-notify installed?')
    })
  }
  return {
    ready(status) {
      tell('--ready', `--status=${status}`)
      if (isWatched) watchdog = setInterval(tell, Number(WATCHDOG_USEC) / 3_000, 'WATCHDOG=1')
    },
    stopping() {
      clearInterval(watchdog)
      tell('STOPPING=1')
    },
  }
}
