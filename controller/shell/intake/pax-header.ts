/**
 * The records of a pax header (POSIX, "pax Extended Header"), of which those count that change what an entry is: its
 * path, the target of its link and its size. Only the control archive may have them, which tar unpacks; dpkg itself,
 * which unpacks the other, reads none.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { refuseOnPurpose } from './refused-on-purpose.ts'

export type PaxFields = { readonly path?: string; readonly linkName?: string; readonly size?: number }

/** `place` says where it stands, for sentences. */
export function readPaxHeader(bytes: Uint8Array, place: string): PaxFields | Refusal {
  const malformed = refuse('malformed', `${place} has a pax header whose records do not fill it.`)
  const text = Buffer.from(bytes).toString('latin1')
  let fields: PaxFields = {}
  for (let at = 0; at < text.length; ) {
    const digits = /^\d{1,9} /.exec(text.slice(at, at + 10))?.[0]
    const end = at + Number(digits)
    if (digits === undefined || end > text.length || text[end - 1] !== '\n') return malformed
    const record = text.slice(at + digits.length, end - 1)
    const equals = record.indexOf('=')
    if (equals < 1) return malformed
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)]
    if (key.startsWith('GNU.sparse.')) return refuseOnPurpose('sparse_file', `${place} has a sparse file`)
    if (key === 'size' && !/^\d{1,15}$/.test(value)) return malformed
    if (key === 'path') fields = { ...fields, path: value }
    if (key === 'linkpath') fields = { ...fields, linkName: value }
    if (key === 'size') fields = { ...fields, size: Number(value) }
    at = end
  }
  return fields
}
