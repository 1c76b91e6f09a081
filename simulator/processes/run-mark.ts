/**
 * What belongs to a run of processes, told apart from everything else on the machine: each process of a fleet carries
 * the run's mark in its environment, and its folder and its network namespaces have it in their names. The mark names
 * the process that is responsible, by its pid and the moment of its start, so that whoever finds leftovers knows whether
 * somebody still cares for them, also when the pid has been given to another process since.
 */
import { readdirSync, readFileSync } from 'node:fs'

export type RunMark = string & { readonly runMark: true }

/** The folder of a run is called this, its mark, and something of its own. */
export const FOLDER_PREFIX = 'patchmesh-'
export const RUN_VARIABLE = 'PATCHMESH_RUN'
const MARK = /^pm(\d+)t(\d+)$/
/** The start of a process where the system does not tell it. */
const UNKNOWN_START = '0'

export const OWN_MARK = `pm${process.pid}t${startOf(process.pid) ?? UNKNOWN_START}` as RunMark

/** The mark at the beginning of a name such as `pm12t345-wan`, if there is one. */
export function markOf(name: string): RunMark | null {
  const [mark = ''] = name.split('-')
  return MARK.test(mark) ? (mark as RunMark) : null
}

/** Whether the process that is responsible for the run still runs. */
export function isAlive(mark: RunMark): boolean {
  const [, pid = '', start = ''] = MARK.exec(mark) ?? []
  const found = startOf(Number(pid))
  if (found !== null) return found === start
  return start === UNKNOWN_START && exists(Number(pid))
}

/** Every process that carries the mark; none where the system does not show environments. */
export function processesOf(mark: RunMark): number[] {
  return allProcesses().filter(
    (pid) => readProcess(pid, 'environ')?.split('\0').includes(`${RUN_VARIABLE}=${mark}`) === true,
  )
}

/** Every mark that a process carries. */
export function carriedMarks(): Set<RunMark> {
  const marks = new Set<RunMark>()
  for (const pid of allProcesses()) {
    const given = readProcess(pid, 'environ')
      ?.split('\0')
      .find((variable) => variable.startsWith(`${RUN_VARIABLE}=`))
    const mark = given === undefined ? null : markOf(given.slice(RUN_VARIABLE.length + 1))
    if (mark !== null) marks.add(mark)
  }
  return marks
}

/** In clock ticks since the machine started; null for a process that is not there, or where nothing tells it. */
function startOf(pid: number): string | null {
  const stat = readProcess(pid, 'stat')
  // The name in parentheses may hold anything; the 22nd field is the twentieth behind it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' ? null : (fields[19] ?? null)
}

function allProcesses(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Null for a process that has ended meanwhile or that is not ours to look at. */
function readProcess(pid: number, file: 'stat' | 'environ'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
