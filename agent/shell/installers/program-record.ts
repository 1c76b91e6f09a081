/**
 * The record of the program that runs for a task: written to the scratch folder, durably, before the program begins, and
 * removed when it has ended. After a crash of the agent it is how the next one finds an installer that still works and
 * lets it finish, instead of starting a second beside it. A record left over from before a restart of the machine, or
 * of a process whose number now belongs to another, is recognised as such.
 *
 * What a program left running when it ended is kept in mind too: a daemon shall live on, but before anything is put back
 * the work that a failed or killed installer left is ended, so that nothing ever works beside a revert.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'
import { readKeptJson } from './kept-json.ts'
import { endProcessTree, isWorking, leftSomething, type MarkedProcess, type Reach, waitOrEnd } from './process-tree.ts'

/** The unit of start times in /proc; the kernel fixes it at 100 for programs, whatever it uses itself. */
const CLOCK_TICKS_PER_SECOND = 100
const FILE = 'running-program.json'
const LEFT_FILE = 'left-programs.json'

const ProgramRecord = z.strictObject({
  pid: z.int().min(2),
  startTime: z.int().min(0),
  mark: z.string().min(1),
  bootId: z.string().min(1),
})
const LeftPrograms = z.array(z.strictObject({ program: ProgramRecord, reach: z.enum(['group', 'everything']) }))

export async function writeProgramRecord(scratch: string, program: MarkedProcess): Promise<void> {
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify({ ...program, bootId: await bootId() })))
}

async function removeProgramRecord(scratch: string): Promise<void> {
  await rm(join(scratch, FILE), { force: true })
}

/** The program has ended by itself; what it left in its process group is ended before anything is put back. */
export async function recordEnd(scratch: string, program: MarkedProcess): Promise<void> {
  if (isWorking(program)) await keepInMind(scratch, program, 'group')
  await removeProgramRecord(scratch)
}

/** The program of this task that an earlier process of the agent started and that still works, if there is one. */
export async function workingProgram(scratch: string): Promise<MarkedProcess | null> {
  const program = await recordedProgram(scratch)
  return program !== null && isWorking(program) ? program : null
}

/**
 * Waits for such a program until `timeoutSeconds` after its own start, then kills it and what it started. When this
 * returns nothing works for the task any more. How such a program ended nobody knows: what it left may be a daemon of a
 * good install or the rest of one that was killed, so it lives on until something is to be put back.
 */
export async function settleProgram(scratch: string, timeoutSeconds: number): Promise<void> {
  const program = await recordedProgram(scratch)
  if (program !== null) {
    await waitOrEnd(program, timeoutSeconds * 1000 - (await ageMs(program)))
    if (leftSomething(program)) await keepInMind(scratch, program, 'everything')
  }
  await removeProgramRecord(scratch)
}

/** Ends what earlier programs of this task left running. To be called when none works, and before anything is put back. */
export async function endLeftPrograms(scratch: string): Promise<void> {
  for (const { program, reach } of await leftPrograms(scratch)) {
    if (program.bootId === (await bootId())) await endProcessTree(program, reach)
  }
  await rm(join(scratch, LEFT_FILE), { force: true })
}

async function keepInMind(scratch: string, program: MarkedProcess, reach: Reach): Promise<void> {
  const { pid, startTime, mark } = program
  const left = { program: { pid, startTime, mark, bootId: await bootId() }, reach }
  await writeDurably(scratch, LEFT_FILE, Buffer.from(JSON.stringify([...(await leftPrograms(scratch)), left])))
}

async function leftPrograms(scratch: string): Promise<z.infer<typeof LeftPrograms>> {
  return (await readKeptJson(join(scratch, LEFT_FILE), LeftPrograms)) ?? []
}

/** Null when there is none, or when it was before a restart of the machine. */
async function recordedProgram(scratch: string): Promise<MarkedProcess | null> {
  const recorded = await readKeptJson(join(scratch, FILE), ProgramRecord)
  if (recorded === null) return null
  const { bootId: recordedBoot, ...program } = recorded
  return recordedBoot === (await bootId()) ? program : null
}

async function ageMs(program: MarkedProcess): Promise<number> {
  const uptimeSeconds = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0])
  return Math.max(0, uptimeSeconds - program.startTime / CLOCK_TICKS_PER_SECOND) * 1000
}

/** Of this start of the machine: numbers and start times of processes mean nothing after the next one. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}
