/**
 * Removes whatever a run has left on the machine: its processes, its network namespaces with the links in them, and its
 * folder. It finds them by the run's mark alone, so it works for a run of which nobody remembers anything, and twice.
 * It loads nothing but Node itself: the watchdog runs it without tsx.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carriedMarks, FOLDER_PREFIX, isAlive, markOf, processesOf, type RunMark } from '../processes/run-mark.ts'

const NAMESPACES = '/run/netns'
/** A process that was killed is gone in milliseconds, unless the disk holds it. */
const GONE_WITHIN_MS = 10_000

/** What could not be removed, as sentences; empty when nothing of the run is left. */
export function sweep(mark: RunMark): string[] {
  const namespaces = entries(NAMESPACES).filter((name) => markOf(name) === mark)
  killAll(() => [...processesOf(mark), ...namespaces.flatMap(processesIn)])
  const left: string[] = []
  for (const name of namespaces) {
    const { status, stderr } = spawnSync('ip', ['netns', 'delete', name], { encoding: 'utf8' })
    if (status !== 0) left.push(`the network namespace ${name} is left: ${stderr.trim()}`)
  }
  for (const name of foldersOf(mark)) {
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 3 })
    } catch (error) {
      left.push(`the folder ${join(tmpdir(), name)} is left: ${(error as Error).message}`)
    }
  }
  return left
}

/** Does that for every run whose process has ended. */
export function sweepDeadRuns(): string[] {
  const marks = new Set<RunMark>(carriedMarks())
  for (const name of entries(NAMESPACES)) addMark(marks, name)
  for (const name of entries(tmpdir()))
    if (name.startsWith(FOLDER_PREFIX)) addMark(marks, name.slice(FOLDER_PREFIX.length))
  return [...marks].filter((mark) => !isAlive(mark)).flatMap(sweep)
}

function addMark(marks: Set<RunMark>, name: string): void {
  const mark = markOf(name)
  if (mark !== null) marks.add(mark)
}

function foldersOf(mark: RunMark): string[] {
  return entries(tmpdir()).filter(
    (name) => name.startsWith(FOLDER_PREFIX) && markOf(name.slice(FOLDER_PREFIX.length)) === mark,
  )
}

/** Until there is none: a process may just have started another. */
function killAll(find: () => number[]): void {
  for (const end = performance.now() + GONE_WITHIN_MS; performance.now() < end; ) {
    const found = find().filter((pid) => pid !== process.pid)
    if (found.length === 0) return
    for (const pid of found) kill(pid)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function processesIn(namespace: string): number[] {
  const { status, stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n').filter(Boolean).map(Number) : []
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
