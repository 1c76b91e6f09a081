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

/** Null where no process of that number lives. */
export function identityOf(pid: number | undefined): ProcessIdentity | null {
  const seen = pid === undefined ? null : livingProcess(pid)
  return seen === null ? null : { pid: seen.pid, startTime: seen.startTime }
}

export function isAlive(process: ProcessIdentity): boolean {
  return livingProcess(process.pid)?.startTime === process.startTime
}

/**
 * Whether the program still works: its first process lives, or one that it started and that stayed in its process
 * group. A daemon leaves the group and is not waited for.
 */
export function isWorking(first: MarkedProcess): boolean {
  return isAlive(first) || (hasGroup(first.pid) && membersOf(first, [first], 'group').length > 0)
}

/** Whether any process lives that the program started, a daemon too. */
export function leftSomething(first: MarkedProcess): boolean {
  return membersOf(first, [first], 'everything').length > 0
}

/**
 * How much of what a program started: what stayed in its process group, which is its work; or its daemons too, where
 * nobody can tell them from work that was cut off.
 */
export type Reach = 'group' | 'everything'

/** Asks what belongs to the program to end, and kills what has not ended after the grace. */
export async function endProcessTree(first: MarkedProcess, reach: Reach = 'everything'): Promise<void> {
  const known: ProcessIdentity[] = [first]
  const ended = (insistence: Insistence): Promise<boolean> => signalUntilGone(first, known, reach, insistence)
  if (await ended({ signal: 'SIGTERM', timesOnce: true, deadlineMs: GRACE_MS })) return
  if (await ended({ signal: 'SIGKILL', timesOnce: false, deadlineMs: KILL_DEADLINE_MS })) return
  throw new Error(`process ${first.pid} or what it started cannot be killed; the kernel holds it`)
}

/** Kills one process and no other, and returns when it is gone. */
export async function endAtOnce(process: ProcessIdentity): Promise<void> {
  for (const end = performance.now() + KILL_DEADLINE_MS; performance.now() < end; await pause(POLL_MS)) {
    if (!isAlive(process)) return
    sendSignal(process.pid, 'SIGKILL')
  }
  throw new Error(`process ${process.pid} cannot be killed; the kernel holds it`)
}

/** Waits until the program works no more, and after so long ends it. Returns when nothing of it works. */
export async function waitOrEnd(first: MarkedProcess, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs
  while (isWorking(first) && performance.now() < end) await pause(POLL_MS)
  if (isWorking(first)) await endProcessTree(first)
}

type Insistence = { readonly signal: NodeJS.Signals; readonly timesOnce: boolean; readonly deadlineMs: number }

async function signalUntilGone(
  first: MarkedProcess,
  known: ProcessIdentity[],
  reach: Reach,
  { signal, timesOnce, deadlineMs }: Insistence,
): Promise<boolean> {
  const signalled = new Set<number>()
  for (const end = performance.now() + deadlineMs; performance.now() < end; await pause(POLL_MS)) {
    const members = membersOf(first, known, reach)
    if (members.length === 0) return true
    for (const { pid } of members) {
      if (!timesOnce || !signalled.has(pid)) sendSignal(pid, signal)
      signalled.add(pid)
    }
  }
  return membersOf(first, known, reach).length === 0
}

/**
 * Adds what it finds to `known`, so that children are still found when the processes that started them are gone. The
 * number of a group is not given out again while one of it lives; one that carries the mark proves that it is the same.
 */
function membersOf(first: MarkedProcess, known: ProcessIdentity[], reach: Reach): Seen[] {
  const living = livingProcesses()
  const isNear = ({ group, session }: Seen) => group === first.pid || (reach === 'everything' && session === first.pid)
  // Environments are read last: there is one for each process of the appliance.
  const isMarked = ({ pid }: Seen) => carriesMark(pid, first.mark)
  const isSame = isAlive(first) || living.some((seen) => isNear(seen) && isMarked(seen))
  const members: Seen[] = []
  for (const seen of living) {
    const isKnown = known.some(({ pid, startTime }) => pid === seen.pid && startTime === seen.startTime)
    const isFurther = () => reach === 'everything' && (members.some(({ pid }) => pid === seen.parent) || isMarked(seen))
    if (!isKnown && !(isNear(seen) && isSame) && !isFurther()) continue
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

/** Whether any process is in the group of that number; so most programs that have ended are known without a search. */
function hasGroup(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch (error) {
    if (isCode(error, 'EPERM')) return true
    if (isCode(error, 'ESRCH')) return false
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
