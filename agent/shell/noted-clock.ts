/**
 * How the clock of this appliance compares with that of whoever holds its uplink, kept in `DIR/clock.json` by the agent
 * and read by `patchmesh check`. It is news, not state: where it is missing or damaged there is just nothing to say.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from './durable-file.ts'
import { readIfThere } from './installers/read-if-there.ts'

const FILE = 'clock.json'

const NotedClock = z.strictObject({
  aheadMs: z.int(),
  /** The other's time when they were compared. */
  theirsMs: z.int().min(0),
  whose: z.string().max(200),
})
export type NotedClock = z.infer<typeof NotedClock>

export async function noteClock(folder: string, noted: NotedClock): Promise<void> {
  await writeDurably(folder, FILE, Buffer.from(JSON.stringify(noted)))
}

export async function notedClock(folder: string): Promise<NotedClock | null> {
  const text = await readIfThere(join(folder, FILE))
  if (text === null) return null
  try {
    return NotedClock.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}
