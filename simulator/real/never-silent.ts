/**
 * Whoever watches a run hears something at least every two seconds: where nothing new is said, that it goes on, with what
 * was said last. So a run that works is told from one that hangs.
 */
import type { Say } from './follow-patch.ts'

const LOOK_EVERY_MS = 500
/** With the time between two looks less than two seconds. */
const SILENT_MS = 1_400

export function neverSilent(write: Say): { say: Say; stop(): void } {
  let last = 'it begins'
  let saidAt = performance.now()
  let sentAt = saidAt
  const timer = setInterval(() => {
    const now = performance.now()
    if (now - sentAt < SILENT_MS) return
    sentAt = now
    write(`… ${Math.round((now - saidAt) / 1000)} s: ${last}`)
  }, LOOK_EVERY_MS)
  return {
    say(line) {
      last = line.trim().split('\n').at(-1) ?? ''
      saidAt = performance.now()
      sentAt = saidAt
      write(line)
    },
    stop: () => clearInterval(timer),
  }
}
