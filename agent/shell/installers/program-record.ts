/**
 * The record of the program that runs for a task: written to the scratch folder, durably, before the program begins, and
 * removed when it has ended. After a crash of the agent it is how the next one finds an installer that still works and
 * lets it finish, instead of starting a second beside it. A record left over from before a restart of the machine, or
 * of a process whose number now belongs to another, is recognised as such.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'
import { endProcessTree, isWorking, type MarkedProcess } from './process-tree.ts'
import { readIfThere } from './read-if-there.ts'

/** The unit of start times in /proc; the kernel fixes it at 100 for programs, whatever it uses itself. */
const CLOCK_TICKS_PER_SECOND = 100
const POLL_MS = 100
const FILE = 'running-program.json'

const ProgramRecord = z.strictObject({
  pid: z.int().min(2),
  startTime: z.int().min(0),
  mark: z.string().min(1),
  bootId: z.string().min(1),
})

export async function writeProgramRecord(scratch: string, program: MarkedProcess): Promise<void> {
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify({ ...program, bootId: await bootId() })))
}

export async function removeProgramRecord(scratch: string): Promise<void> {
  await rm(join(scratch, FILE), { force: true })
}

/** The program of this task that an earlier process of the agent started and that still works, if there is one. */
export async function workingProgram(scratch: string): Promise<MarkedProcess | null> {
  const text = await readIfThere(join(scratch, FILE))
  if (text === null) return null
  const { bootId: recordedBoot, ...program } = ProgramRecord.parse(JSON.parse(text))
  return recordedBoot === (await bootId()) && isWorking(program) ? program : null
}

/**
 * Waits for such a program until `timeoutSeconds` after its own start, then kills it and what it started. When this
 * returns nothing works for the task any more.
 */
export async function settleProgram(scratch: string, timeoutSeconds: number): Promise<void> {
  const program = await workingProgram(scratch)
  if (program !== null) {
    const end = performance.now() + timeoutSeconds * 1000 - (await ageMs(program))
    while (isWorking(program) && performance.now() < end) await pause(POLL_MS)
    if (isWorking(program)) await endProcessTree(program)
  }
  await removeProgramRecord(scratch)
}

async function ageMs(program: MarkedProcess): Promise<number> {
  const uptimeSeconds = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0])
  return Math.max(0, uptimeSeconds - program.startTime / CLOCK_TICKS_PER_SECOND) * 1000
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}
