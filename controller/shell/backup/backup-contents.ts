/**
 * What a backup of the Service Center is: a tar archive packed with Zstandard, whose first entry says what it is and what
 * follows, with sizes and digests. Its database is a whole one of one moment. Copies of patches come along where that was
 * asked for: appliances have them too, and a Service Center heals from those. The keys are never in it.
 */
import { z } from 'zod'
import { PeerId, Sha256 } from '../../../protocol/identifiers.ts'

export const CONTENTS_NAME = 'backup.json'
export const DATABASE_NAME = 'patchmesh.sqlite'
/** Of what a backup says of itself: a line for each patch. */
export const MAX_CONTENTS_BYTES = 16 * 1024 * 1024

export const BackupContents = z.strictObject({
  format: z.literal('patchmesh-backup/1'),
  /** The release that made it. */
  release: z.string(),
  madeAt: z.iso.datetime(),
  /** The keys that its database belongs to. */
  signing: PeerId,
  mesh: PeerId,
  database: z.strictObject({ bytes: z.int().min(1), sha256: Sha256 }),
  /** The copies that follow, in their order; the digest is the name. */
  copies: z.array(z.strictObject({ sha256: Sha256, bytes: z.int().min(0) })),
})
export type BackupContents = z.infer<typeof BackupContents>

export function copyName(sha256: Sha256): string {
  return `store/${sha256}`
}

/** What is wrong with a backup, as a sentence that names the file. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
