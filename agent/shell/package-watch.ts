/**
 * Notices that dpkg's database below the install root is another one than before. dpkg replaces its status file whole, so
 * one look at that file's place, size and time every few seconds tells; whatever changed it, a person, apt or this
 * agent's own installer, what is installed is looked at again.
 */
import { join } from 'node:path'
import { markOf } from './file-mark.ts'

const LOOK_EVERY_MS = 5_000

/** `changed` is called after each change; `failed` where the file cannot be looked at. Returns what ends it. */
export function watchPackages(installRoot: string, changed: () => void, failed: (error: unknown) => void): () => void {
  const file = join(installRoot, 'var/lib/dpkg/status')
  let known: string | null = null
  let looking = false
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    try {
      const now = (await markOf(file)).text
      if (known !== null && known !== now) changed()
      known = now
    } finally {
      looking = false
    }
  }
  const startLook = (): void => void look().catch(failed)
  startLook()
  const timer = setInterval(startLook, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
