/**
 * What was on the appliance before the patch, written to the scratch folder before the first act that changes anything.
 * It is written once: an attempt that is started again after a crash finds what its own first half left and must not
 * take that for the state to go back to. No such record means that nothing was changed.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'
import { readIfThere } from './read-if-there.ts'

const FILE = 'before.json'

const Before = z.strictObject({
  installedVersion: z.string().nullable(),
  /** Of a Debian package that was removed: its configuration files are still known to dpkg and stay. */
  configurationFiles: z.boolean(),
  /** What dpkg found wrong in its whole database: an install answers only for what it broke itself. */
  audit: z.array(z.strictObject({ package: z.string(), fault: z.string() })).default([]),
})
export type Before = z.infer<typeof Before>

export async function rememberBefore(scratch: string, before: Before): Promise<void> {
  if ((await whatWasBefore(scratch)) === null) await writeDurably(scratch, FILE, Buffer.from(JSON.stringify(before)))
}

export async function whatWasBefore(scratch: string): Promise<Before | null> {
  const text = await readIfThere(join(scratch, FILE))
  return text === null ? null : Before.parse(JSON.parse(text))
}
