/**
 * What a person at the appliance may ask the running agent, over the socket in its data folder: one line of JSON, one
 * line as the answer. Whoever may write to that folder is its owner already, so nothing here is signed.
 *
 * An import is one patch and goes on after its line: so many bytes of the publication, so many of the piece hashes; the
 * agent answers with the pieces that it lacks; each follows with its index, as four bytes, before it; and the agent answers
 * when its copy is proven. `NO_MORE_PIECES` in place of an index ends an import that has not all of them.
 */
import { z } from 'zod'
import { HASH_BYTES } from '../../../protocol/hashing.ts'
import { OrderId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES, MAX_PIECE_BYTES } from '../../../protocol/limits.ts'
import { MAX_PUBLICATION_BYTES } from '../../../protocol/patch-disk.ts'
import { RefusalCode } from '../../../protocol/refusals.ts'
import { ApplianceStatus } from '../../core/status.ts'

/** More than any request has; whoever sends more is not one of ours. */
export const MAX_REQUEST_BYTES = 4096
export const MAX_HASHES_BYTES = (MAX_PATCH_BYTES / MAX_PIECE_BYTES) * HASH_BYTES
export const NO_MORE_PIECES = 0xffff_ffff

const ImportRequest = z.strictObject({
  kind: z.literal('import'),
  publicationBytes: z.int().min(1).max(MAX_PUBLICATION_BYTES),
  hashesBytes: z.int().min(HASH_BYTES).max(MAX_HASHES_BYTES),
})
export type ImportRequest = z.infer<typeof ImportRequest>

export const VisitRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status') }),
  /** The order under way where none is named; `by` is told to the Service Center. */
  z.strictObject({ kind: z.literal('stop'), order: OrderId.nullable(), by: z.string().min(1).max(100) }),
  ImportRequest,
])
export type VisitRequest = z.infer<typeof VisitRequest>

export const VisitAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), status: ApplianceStatus }),
  z.strictObject({ kind: z.literal('stopped'), order: OrderId, title: z.string() }),
  /** One bit a piece, in base64. */
  z.strictObject({ kind: z.literal('wanted'), pieces: z.base64() }),
  /** `isNew` where no proven copy was here before; `unsigned` says why it would not be installed here, or nothing. */
  z.strictObject({ kind: z.literal('imported'), id: Sha256, isNew: z.boolean(), unsigned: z.string() }),
  /** What came is kept, and is not the whole. */
  z.strictObject({ kind: z.literal('partly') }),
  z.strictObject({ kind: z.literal('refused'), refused: RefusalCode, message: z.string() }),
])
export type VisitAnswer = z.infer<typeof VisitAnswer>
