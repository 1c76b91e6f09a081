/**
 * The trail as a chain: each entry carries the SHA-256 of the hash before it and of its own fields, so nobody changes,
 * removes, moves or inserts one without every later hash being another. What is hashed must stay as it is: the hashes
 * in databases, and those that people have noted, were made by it.
 */
import { sha256Hex } from '../../protocol/hashing.ts'
import type { OrganizationName, Sha256 } from '../../protocol/identifiers.ts'
import type { AuditRecord } from './records.ts'

/** What the first entry follows. */
export const CHAIN_BEGIN = '0'.repeat(64) as Sha256

/** An entry without what is optional; no organization is null or empty. */
export type Linked = Required<Omit<AuditRecord, 'organization'>> & {
  position: number
  organization: OrganizationName | '' | null
}

/** Each field as a netstring (its length in bytes, a colon, the field, a comma): no two entries are hashed alike. */
export function linkHash(before: Sha256, entry: Linked): Sha256 {
  const { position, at, actor, action, subject, outcome, organization, origin } = entry
  const fields = [before, position, at, actor, action, subject, outcome, organization ?? '', origin]
  return sha256Hex(Buffer.from(fields.map((field) => netstring(String(field))).join('')))
}

function netstring(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`
}

/** So many entries follow one another; `head` is the hash of the last of them, which stands at `position`. */
export type Chain = { readonly entries: number; readonly position: number; readonly head: Sha256; readonly at: number }
export const EMPTY_CHAIN: Chain = { entries: 0, position: 0, head: CHAIN_BEGIN, at: 0 }

/** The first entry that does not follow. */
export type ChainBreak = { position: number; reason: string }

export function isBreak(chain: Chain | ChainBreak): chain is ChainBreak {
  return 'reason' in chain
}

/** The chain with its next entry. `known` is what the chain was when it was looked at before. */
export function follow(chain: Chain, entry: Linked & { hash: Sha256 }, known: Chain): Chain | ChainBreak {
  const { position, at, hash } = entry
  if (hash !== linkHash(chain.head, entry)) return { position, reason: whyNot(chain, position) }
  if (position === known.position && hash !== known.head) {
    return { position, reason: `entry ${position} is another than when the trail was checked before` }
  }
  return { entries: chain.entries + 1, position, head: hash, at }
}

/** What was there when the chain was looked at before, and is behind its end now. */
export function cutOff(chain: Chain, known: Chain): ChainBreak | null {
  const position = chain.position + 1
  if (position > known.position) return null
  return { position, reason: `entry ${position} was there when the trail was checked before, and is missing` }
}

function whyNot(chain: Chain, position: number): string {
  const before = chain.entries === 0 ? 'the beginning' : `entry ${chain.position}`
  const why =
    position > chain.position + 1
      ? 'what was between them is missing'
      : 'it, or what was written before it, has been changed'
  return `entry ${position} does not follow ${before}: ${why}`
}
