/**
 * Runs one program that changes the appliance: dpkg, or a program of a bundle. It decides how such a program lives and
 * dies; what its end means is for the installer that started it.
 *
 * The program gets a session of its own, a clean environment, nothing to read, and no shell between its arguments and
 * itself. It begins only after a record of it is durable (program-record.ts): until then its process waits at a gate,
 * and if the agent dies first the gate ends without beginning. It may outlive the agent. When it takes longer than it
 * may, it and everything it started are killed. When a signal ends it alone (the kernel, short of memory), what it
 * started may go on until its time is over, and is ended then: nothing of a killed program works when this returns. A
 * daemon that a program leaves behind when it ends by itself is not waited for.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cleanEnvironment, type OwnVariables } from './clean-environment.ts'
import { endProcessTree, livingProcess, MARK_VARIABLE, type MarkedProcess, waitOrEnd } from './process-tree.ts'
import { ProgramOutput } from './program-output.ts'
import { recordEnd, workingProgram, writeProgramRecord } from './program-record.ts'

/** A fixed text: what the program reads, itself and its arguments are positional parameters, never read as shell. */
const GATE = 'umask 022; read -r go || exit 125; input=$1; shift; exec "$@" <"$input"'

export type Program = {
  /** An absolute path, or a name to be looked up in the fixed `PATH`. */
  readonly program: string
  readonly words: readonly string[]
  readonly variables?: OwnVariables
  /** A file for its standard input; nothing to read where it is left out. */
  readonly input?: string
  readonly workingFolder: string
  /** The task's scratch folder; at most one program runs for it at a time. */
  readonly scratch: string
  readonly timeoutSeconds: number
  /** It may leave nothing running, also where it ended by itself. */
  readonly leavesNothing?: boolean
}

export type ProgramEnd =
  | { readonly how: 'exited'; readonly status: number; readonly output: string }
  | { readonly how: 'signalled'; readonly signal: string; readonly output: string }
  | { readonly how: 'timedOut'; readonly timeoutSeconds: number; readonly output: string }

export async function runProgram(program: Program): Promise<ProgramEnd> {
  const before = await workingProgram(program.scratch)
  if (before !== null) throw new Error(`process ${before.pid}, started for the same task, has not ended yet`)
  const output = await ProgramOutput.open(program.scratch)
  const mark = randomUUID()
  let child: ChildProcess
  try {
    child = spawn('/bin/sh', ['-c', GATE, 'gate', program.input ?? '/dev/null', program.program, ...program.words], {
      cwd: program.workingFolder,
      env: cleanEnvironment({ ...program.variables, [MARK_VARIABLE]: mark }),
      stdio: ['pipe', output.writeEnd, output.writeEnd],
      detached: true,
    })
  } finally {
    output.closeWriteEnd()
  }
  const ended = endOf(child)
  let first: MarkedProcess
  let end: Ended | 'late'
  try {
    first = await passGate(child, mark, program)
    const deadline = performance.now() + program.timeoutSeconds * 1000
    end = await earlier(ended, program.timeoutSeconds)
    if (end === 'late' || end.how === 'signalled') {
      await waitOrEnd(first, deadline - performance.now())
      await endProcessTree(first)
      await ended
    } else if (program.leavesNothing === true) await endProcessTree(first)
  } catch (error) {
    output.finish()
    throw error
  }
  const text = output.finish()
  await recordEnd(program.scratch, first)
  if (end === 'late') return { how: 'timedOut', timeoutSeconds: program.timeoutSeconds, output: text }
  return { ...end, output: text }
}

/** Says how a program ended as the rest of a sentence about it: "the install program" + " ended with status 3". */
export function describeEnd(end: ProgramEnd): string {
  switch (end.how) {
    case 'exited':
      return end.status === 0 ? 'ended well' : `ended with status ${end.status}`
    case 'signalled':
      return `was ended by the signal ${end.signal}`
    case 'timedOut':
      return `did not end within ${end.timeoutSeconds} s and was killed with everything it had started`
  }
}

async function passGate(child: ChildProcess, mark: string, { scratch }: Program): Promise<MarkedProcess> {
  const started = child.pid === undefined ? null : livingProcess(child.pid)
  if (started === null)
    throw new Error(`a process could not be started in ${scratch}`, { cause: await failureOf(child) })
  const first = { pid: started.pid, startTime: started.startTime, mark }
  try {
    await writeProgramRecord(scratch, first)
  } catch (error) {
    child.stdin?.destroy()
    throw new Error(`the record of a program could not be written to ${scratch}`, { cause: error })
  }
  child.stdin?.on('error', () => child.kill('SIGKILL'))
  child.stdin?.end('go\n')
  return first
}

type Ended = { how: 'exited'; status: number } | { how: 'signalled'; signal: string }

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('exit', (status, signal) =>
      resolve(status === null ? { how: 'signalled', signal: String(signal) } : { how: 'exited', status }),
    )
  })
}

function failureOf(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => child.once('error', resolve))
}

/** `late` when the program has not ended by then. */
async function earlier(ended: Promise<Ended>, timeoutSeconds: number): Promise<Ended | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutSeconds * 1000)
  })
  try {
    return await Promise.race([ended, late])
  } finally {
    clearTimeout(timer)
  }
}
