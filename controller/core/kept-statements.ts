/**
 * What was signed about installs, orders as well as what appliances tell of themselves, kept as it came: evidence for whoever
 * asks later (evidence.ts). Nothing is decided by it, so the state has none of it.
 */
import { envelopeDigest } from '../../protocol/trust/envelope.ts'
import type { Change, StatementRecord } from './records.ts'
import type { ServiceCenterState } from './state.ts'

export function keptStatement(
  { clock }: Pick<ServiceCenterState, 'clock'>,
  about: Omit<StatementRecord, 'digest' | 'heardAt'>,
): Change {
  const digest = envelopeDigest(about.envelope)
  return { table: 'statements', row: { ...about, digest, heardAt: clock.wallMs } }
}
