/**
 * From a received file to a published patch: the file moves into the store as it is, and the core signs it. One file at
 * a time is published under one digest, because it may be uploaded twice at once, or its withdrawn copy be on its way out.
 */
import { rm } from 'node:fs/promises'
import type { PieceStore } from '../../agent/shell/piece-store.ts'
import type { StoreWork } from '../../agent/shell/store-work.ts'
import { assert } from '../../protocol/assert.ts'
import { asSha256 } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { piecesRoot } from '../../protocol/pieces.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import type { Actor } from '../core/effects.ts'
import { titleOf } from '../core/patch-identity.ts'
import { judgeUpload } from '../core/publishing.ts'
import type { Received } from './intake/growing-upload.ts'
import type { ServiceCenter } from './ports.ts'

export type Published = { patch: Sha256; created: boolean }
/** Takes the received file over: it is in the store afterwards, or gone. */
export type Publish = (received: Received, actor: Actor, origin: string) => Promise<Published | Refusal>

export function publishInto(options: {
  store: PieceStore
  storeWork: StoreWork
  state: ServiceCenter['state']
  carryOut: ServiceCenter['carryOut']
  /** What is refused before the core hears of it. */
  refused: (upload: { actor: Actor; filename: string; origin: string }, refusal: Refusal) => Promise<void>
}): Publish {
  const { store, storeWork, state, carryOut, refused } = options
  return ({ path, sha256, bytes, pieceLength, hashes, format, manifest, signed }, actor, origin) =>
    storeWork.inTurn(sha256, async () => {
      // What is there already is taken all the same: its bytes are proven now, and those on disk may be right no longer.
      const { name, version } = manifest
      const judged = judgeUpload(state, { name, version, sha256, manifest, signed })
      if (isRefusal(judged)) {
        await rm(path, { force: true })
        await refused({ actor, filename: titleOf({ name, version, manifest }), origin }, judged)
        return judged
      }
      try {
        await store.adopt(path, sha256, hashes)
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      const root = asSha256(piecesRoot(hashes))
      const publication = { name, version, bytes, sha256, pieceLength, piecesRoot: root, format, manifest }
      const reply = await carryOut({ kind: 'publish', actor, publication, hashes, signed }, origin)
      if (!isRefusal(reply)) {
        assert(reply.kind === 'published', 'a publication is answered as one')
        return { patch: reply.patch, created: reply.created }
      }
      // Another file of the same name was first. What is only written down later is a patch all the same.
      if (state.patches.get(sha256)?.withdrawal !== null) await store.discard(sha256)
      return reply
    })
}
