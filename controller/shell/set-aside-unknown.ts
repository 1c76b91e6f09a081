/**
 * Files of the store that the database does not know, at a start: they are set aside, and never removed.
 */
import type { Log } from '../../agent/shell/log.ts'
import type { PieceStore } from '../../agent/shell/piece-store.ts'
import { livePatches } from '../core/publishing.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { ResumableUploads } from './intake/resumable-uploads.ts'

const SET_ASIDE =
  'the database does not know these files of the store: they are set aside, and used again when the same file is uploaded'

export async function setAsideUnknown(given: {
  store: PieceStore
  state: ServiceCenterState
  uploads: ResumableUploads
  log: Log
}): Promise<void> {
  const { store, state, uploads, log } = given
  const known = [...livePatches(state).map(({ sha256 }) => sha256), ...uploads.files()]
  const gone = [...state.patches.values()].filter(({ withdrawal }) => withdrawal !== null)
  const aside = await store.removeUnknown(new Set(known), new Set(gone.map(({ sha256 }) => sha256)))
  if (aside.length > 0) log.warn({ files: aside }, SET_ASIDE)
}
