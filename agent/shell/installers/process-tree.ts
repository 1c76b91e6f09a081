/**
 * Finds and ends the processes of one installer program, by what the kernel says in /proc. A process is known by its
 * number and its start time together, so a number that was given out again is never taken for the old process. What
 * belongs to a program is what carries its mark in the environment, what is in its process group or session while its
 * first process lives, and what those started: a daemon that made a session of its own is found too.
 *
 * A program that hides on purpose (a new session and an emptied environment and a dead parent) is not found; a patch is
 * signed code with the agent's rights, and the service manager's control group is the fence around it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** The variable that carries a program's mark. */
export const MARK_VARIABLE = 'PATCHMESH_RUN'
/** How long a program has between being asked to end and being killed. */
const GRACE_MS = 5_000
/** A killed process that is still there after this is stuck in the kernel (a dead disk); nothing can end it. */
const KILL_DEADLINE_MS = 15_000
const POLL_MS = 50

/** `startTime` in clock ticks since boot, the 22nd field of /proc/PID/stat. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: number }
export type MarkedProcess = ProcessIdentity & { readonly mark: string }

type Seen = ProcessIdentity & { readonly parent: number; readonly group: number; readonly session: number }

/** The living process of that number; null where there is none or only its zombie is left. */
export function livingProcess(pid: number): Seen | null {
  const text = readProcess(pid, 'stat')
  if (text === null) return null
  // The second field is the program's name in brackets, with whatever it likes inside; the rest are numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  const [parent, group, session] = fields.slice(1, 4).map(Number) as [number, number, number]
  return { pid, startTime: Number(fields[19]), parent, group, session }
}

export function isAlive(process: ProcessIdentity): boolean {
  return livingProcess(process.pid)?.startTime === process.startTime
}

/**
 * Whether the program still works: its first process lives, or one that it started and that stayed in its process
 * group. A daemon leaves the group and is not waited for.
 */
export function isWorking(first: MarkedProcess): boolean {
  if (isAlive(first)) return true
  return livingProcesses().some((seen) => seen.group === first.pid && carriesMark(seen.pid, first.mark))
}

/** Asks everything that belongs to the program to end, and kills what has not ended after the grace. */
export async function endProcessTree(first: MarkedProcess): Promise<void> {
  const known: ProcessIdentity[] = [first]
  if (await signalUntilGone(first, known, { signal: 'SIGTERM', timesOnce: true, deadlineMs: GRACE_MS })) return
  if (await signalUntilGone(first, known, { signal: 'SIGKILL', timesOnce: false, deadlineMs: KILL_DEADLINE_MS })) return
  throw new Error(`process ${first.pid} or what it started cannot be killed; the kernel holds it`)
}

type Insistence = { readonly signal: NodeJS.Signals; readonly timesOnce: boolean; readonly deadlineMs: number }

async function signalUntilGone(
  first: MarkedProcess,
  known: ProcessIdentity[],
  { signal, timesOnce, deadlineMs }: Insistence,
): Promise<boolean> {
  const signalled = new Set<number>()
  for (const end = performance.now() + deadlineMs; performance.now() < end; await pause(POLL_MS)) {
    const members = membersOf(first, known)
    if (members.length === 0) return true
    for (const { pid } of members) {
      if (!timesOnce || !signalled.has(pid)) sendSignal(pid, signal)
      signalled.add(pid)
    }
  }
  return membersOf(first, known).length === 0
}

/** Adds what it finds to `known`, so that children are still found when the processes that started them are gone. */
function membersOf(first: MarkedProcess, known: ProcessIdentity[]): Seen[] {
  const firstAlive = isAlive(first)
  const members: Seen[] = []
  for (const seen of livingProcesses()) {
    const isKnown = known.some(({ pid, startTime }) => pid === seen.pid && startTime === seen.startTime)
    const near = firstAlive && (seen.group === first.pid || seen.session === first.pid)
    const child = members.some(({ pid }) => pid === seen.parent)
    if (!isKnown && !near && !child && !carriesMark(seen.pid, first.mark)) continue
    members.push(seen)
    if (!isKnown) known.push(seen)
  }
  return members
}

function livingProcesses(): Seen[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.map((name) => livingProcess(Number(name))).filter((seen) => seen !== null)
}

function carriesMark(pid: number, mark: string): boolean {
  return readProcess(pid, 'environ')?.split('\0').includes(`${MARK_VARIABLE}=${mark}`) ?? false
}

/** Null when the process has ended meanwhile, or belongs to somebody whose processes we may not see. */
function readProcess(pid: number, file: 'stat' | 'environ'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null
    throw error
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!isCode(error, 'ESRCH', 'EPERM')) throw error
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
