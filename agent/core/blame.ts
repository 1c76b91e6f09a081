/**
 * What a source is blamed for. A wrong piece counts against its source for that piece and patch: that piece is asked of
 * it again only after a while, longer each time; after some in a row, so is the patch. Rot makes wrong pieces, of one
 * patch or two; whoever sends wrong pieces of several patches within an hour is left alone altogether, as is who says
 * what no rot explains (sources.ts). Only a whole piece that is right is progress: not what a source offers or announces, and
 * not that it says it has nothing.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'

/** Patches of which wrong pieces came within an hour. */
const SEVERAL = 3
const REMEMBERED_MS = 60 * 60_000
/** Wrong pieces of one patch with no right one between them, after which no other piece of it is asked for. */
const IN_A_ROW = 3
/** Before the same piece is asked of the same source again: its copy may be mended by then. */
const FIRST_AGAIN_MS = 5_000
const LAST_AGAIN_MS = 10 * 60_000

type Piece = { patch: Sha256; index: number }
type Wait = { times: number; againAtMs: number }
type WrongPatch = Wait & { readonly pieces: Map<number, Wait>; inARow: number }
export type Blame = {
  /** Patches of which it said that it has none, and how often since its last piece of them. */
  readonly gone: Map<Sha256, Wait>
  readonly patches: Map<Sha256, WrongPatch>
  /** When the last wrong piece of each patch came, also of those that are whole by now. */
  readonly wrongAtMs: Map<Sha256, number>
}

export function newBlame(): Blame {
  return { gone: new Map(), patches: new Map(), wrongAtMs: new Map() }
}

/** True where it was of one patch too many for rot. All times are monotonic. */
export function blamePiece(blame: Blame, { patch, index }: Piece, nowMs: number): boolean {
  const wrong = blame.patches.get(patch) ?? { times: 0, againAtMs: 0, pieces: new Map<number, Wait>(), inARow: 0 }
  blame.patches.set(patch, wrong)
  const piece = wrong.pieces.get(index) ?? { times: 0, againAtMs: 0 }
  wrong.pieces.set(index, piece)
  waitLonger(piece, nowMs)
  wrong.inARow += 1
  if (wrong.inARow >= IN_A_ROW) waitLonger(wrong, nowMs)
  blame.wrongAtMs.set(patch, nowMs)
  for (const [other, atMs] of blame.wrongAtMs) if (nowMs - atMs > REMEMBERED_MS) blame.wrongAtMs.delete(other)
  if (blame.wrongAtMs.size < SEVERAL) return false
  blame.wrongAtMs.clear()
  return true
}

function waitLonger(wait: Wait, nowMs: number): void {
  wait.againAtMs = nowMs + Math.min(FIRST_AGAIN_MS * 2 ** wait.times, LAST_AGAIN_MS)
  wait.times += 1
}

/** It has no copy to give. Whoever says so once tells when it has one; who offers again and says so again waits longer. */
export function blameGone({ gone }: Blame, patch: Sha256, nowMs: number): void {
  const wait = gone.get(patch)
  if (wait === undefined) gone.set(patch, { times: 0, againAtMs: nowMs })
  else waitLonger(wait, nowMs)
}

/** It is not told now that the patch is wanted. */
export function isGone({ gone }: Blame, patch: Sha256, nowMs: number): boolean {
  return nowMs < (gone.get(patch)?.againAtMs ?? 0)
}

/** It has sent a piece of this patch that is right. */
export function creditPiece({ gone, patches }: Blame, patch: Sha256): void {
  gone.delete(patch)
  const wrong = patches.get(patch)
  if (wrong !== undefined) wrong.inARow = 0
}

/** This piece is not asked of it now. */
export function isBlamed(blame: Blame, { patch, index }: Piece, nowMs: number): boolean {
  if (blame.patches.size === 0) return false
  const wrong = blame.patches.get(patch)
  return wrong !== undefined && nowMs < Math.max(wrong.againAtMs, wrong.pieces.get(index)?.againAtMs ?? 0)
}

/** When the first of the pieces that are not asked of it now is asked of it again; null where it is blamed for none. */
export function blamedUntil(blame: Blame, patch: Sha256, nowMs: number): { index: number; againAtMs: number } | null {
  const wrong = blame.patches.get(patch)
  const waits = [...(wrong?.pieces ?? [])].map(([index, { againAtMs }]) => ({
    index,
    againAtMs: Math.max(againAtMs, wrong?.againAtMs ?? 0),
  }))
  const left = waits.filter(({ againAtMs }) => nowMs < againAtMs)
  return left.sort((one, other) => one.againAtMs - other.againAtMs)[0] ?? null
}

/** The patch is whole here, or not wanted any more. */
export function forgiveFor(blame: Blame, patch: Sha256): void {
  blame.gone.delete(patch)
  blame.patches.delete(patch)
}
