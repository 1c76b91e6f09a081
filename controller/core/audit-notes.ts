/**
 * An act that concerns several organizations is written into the trail once for each of them: whoever may see one of them
 * is told of no other.
 */
import type { OrganizationName } from '../../protocol/identifiers.ts'
import type { AuditRecord, Change } from './records.ts'

export function notedFor(organizations: readonly OrganizationName[], row: AuditRecord): Change[] {
  return organizations.map((organization) => ({ table: 'audit', row: { ...row, organization } }))
}
