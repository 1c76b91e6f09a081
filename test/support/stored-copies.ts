/**
 * What disks do to copies by themselves, done to the store of a data folder behind the back of its daemon; and what the
 * trail says of it.
 */
import { open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from './eventually.ts'

/** Of a bundle of a megabyte, which has four of them. */
export const PIECE_BYTES = 256 * 1024

function fileOf(data: string, patch: string): string {
  return join(data, 'store', patch)
}

/** Flips a bit of one byte in the middle of a piece. */
export async function flipByte(data: string, patch: string, piece: number): Promise<void> {
  const file = await open(fileOf(data, patch), 'r+')
  try {
    const at = piece * PIECE_BYTES + 1_000
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 1
    await file.write(byte, 0, 1, at)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function cutShort(data: string, patch: string): Promise<void> {
  await truncate(fileOf(data, patch), PIECE_BYTES + 5)
}

export async function removeCopy(data: string, patch: string): Promise<void> {
  await rm(fileOf(data, patch))
}

/** What was wrong with the copy of this patch, by the trail, when one of these found it. */
export async function foundWrong(fleet: Fleet, who: string | readonly string[], patch: string): Promise<string> {
  const filter = { action: 'check-copy', who: undefined, from: undefined, to: undefined, text: undefined }
  return eventually(`the copy of ${patch} at ${[who].flat().join(' or ')} is found not to be right`, async () => {
    const { entries } = await fleet.api.trail({ ...filter, limit: '100' })
    const found = entries.find(
      ({ actor, subject, outcome }) =>
        [who].flat().includes(actor) && subject.startsWith(`${patch}@`) && outcome !== 'right again',
    )
    return found?.outcome
  })
}
