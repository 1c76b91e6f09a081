/**
 * Tags of what is answered (RFC 9110, ETag and If-Match), so that nobody overwrites a change that they have not seen:
 * whoever sends the tag of what they looked at is refused when it is not so any more.
 */
import { z } from 'zod'
import { sha256Hex } from '../../protocol/hashing.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AppContext } from './context.ts'

/** In a form, the tag of what it showed; it becomes a header, which no other text may. */
export const SeenTag = z.string().regex(/^"[0-9a-f]{22}"$/, 'is no tag that a form was given')

export function entityTag(value: unknown): string {
  return `"${sha256Hex(Buffer.from(JSON.stringify(value))).slice(0, 22)}"`
}

/** Null when the request names no tag, or that of the current value. */
export function staleMatch(c: AppContext, current: unknown): Refusal | null {
  const wanted = c.req.header('if-match')
  if (wanted === undefined || wanted.trim() === '*') return null
  const tags = wanted.split(',').map((tag) => tag.trim())
  if (tags.includes(entityTag(current))) return null
  return refuse('changed_meanwhile', 'somebody else has changed this since you looked')
}
