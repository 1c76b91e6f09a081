/**
 * The processes of this world, by what the kernel says in /proc. The process that runs worlds has a namespace of its
 * own, so whatever is there and was not there before the world belongs to it, however well it hides.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { DAEMON_SECONDS } from './drawn/package-spec.ts'

export type SeenProcess = { readonly pid: number; readonly words: readonly string[]; readonly isDead: boolean }

export function allProcesses(): SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => seen(Number(name)))
    .filter((process) => process !== null)
}

function seen(pid: number): SeenProcess | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1)
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return { pid, words, isDead: /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2)) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
}

export function isLiving(pid: number): boolean {
  const process = seen(pid)
  return process !== null && !process.isDead
}

/** A dpkg that changes something, not one that is asked a question. */
export function changingDpkgs(processes: readonly SeenProcess[] = allProcesses()): SeenProcess[] {
  return processes.filter(
    ({ words, isDead }) =>
      !isDead &&
      words[0]?.split('/').at(-1) === 'dpkg' &&
      !words.includes('--no-act') &&
      words.some((word) => /^(-i|-r|-P|--install|--unpack|--configure|--remove|--purge|--triggers-only)$/.test(word)),
  )
}

/** What a script has left on purpose, and nobody has to end. */
export function isDaemon({ words }: SeenProcess): boolean {
  return words.includes(DAEMON_SECONDS)
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
