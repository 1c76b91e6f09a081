/**
 * The tables of the database as Kysely sees them; records.ts says what their columns mean, which have the same names.
 * Only types that every database has: text, whole numbers and bytes. An envelope is the bytes of its encoding, a list
 * is JSON, a truth value is 0 or 1.
 */
import type { OrderId, OrganizationName, Sha256 } from '../../../protocol/identifiers.ts'
import type { Advisory, DueDays } from '../../core/exposure/advisory.ts'
import type {
  ApplianceRecord,
  AuthorizationRecord,
  DetectionRecord,
  InstallRecord,
  LimitsRecord,
  OwnCopyRecord,
  PolicyRecord,
  ReceiptRecord,
  StatementRecord,
  TargetRecord,
  TokenRecord,
} from '../../core/records.ts'
import type { Pin, Retention } from '../../core/retention/retention.ts'
import type { AccessRecord, AccountRecord, KeptAnswer, PasskeyRecord } from '../ports.ts'

/** `position` rises with every token that is issued. */
export type TokenRow = TokenRecord & { position: number }

export type ApplianceRow = Omit<ApplianceRecord, 'membership' | 'addresses'> & {
  membership: Uint8Array
  addresses: string
}

/** The publication itself is not a column: it is read from its signed envelope, so the two can never disagree. */
export type PatchRow = {
  sha256: Sha256
  envelope: Uint8Array
  hashes: Uint8Array
  uploadedAt: number
  uploadedBy: string | null
  publishedBy: string | null
  withdrawal: Uint8Array | null
}

export type ReceiptRow = Omit<ReceiptRecord, 'envelope'> & { envelope: Uint8Array }

export type StatementRow = Omit<StatementRecord, 'envelope'> & { envelope: Uint8Array }

export type InstallRow = Omit<InstallRecord, 'organizations' | 'allowOutage' | 'outsideWindows'> & {
  organizations: string
  allowOutage: 0 | 1
  outsideWindows: 0 | 1
}

export type TargetRow = Omit<TargetRecord, 'order' | 'phaseTimes'> & {
  orderId: OrderId | null
  orderEnvelope: Uint8Array | null
  phaseTimes: string
}

export type RosterRow = { dataCenter: TokenRecord['dataCenter']; version: number }

export type LimitsRow = Omit<LimitsRecord, 'trades' | 'quietHours'> & { trades: 0 | 1; quietHours: string }

export type PublisherRow = { name: string; publisher: string }

/** A window is JSON, like a publisher. */
export type WindowRow = { name: string; window: string }
/** A document is the bytes that were signed, with the signatures. */
export type PolicyRow = Omit<PolicyRecord, 'document'> & { document: Uint8Array }
export type AuthorizationRow = Omit<AuthorizationRecord, 'document'> & { document: Uint8Array }
export type BaselineRow = { key: string; baseline: string }

/** `position` rises with every entry; entries are never changed, and chained by their hashes (trail-chain.ts). */
export type AuditRow = {
  position: number
  at: number
  actor: string
  action: string
  subject: string
  outcome: string
  /** Empty where it is not about one organization. */
  organization: OrganizationName | ''
  origin: string
  hash: Sha256
}

export type AccessRow = Omit<AccessRecord, 'organizations'> & { organizations: string | null }
export type AccountRow = Omit<AccountRecord, 'organizations' | 'passkeyOnly'> & {
  organizations: string | null
  passkeyOnly: 0 | 1
}

export type Schema = {
  tokens: TokenRow
  appliances: ApplianceRow
  patches: PatchRow
  receipts: ReceiptRow
  ownCopies: OwnCopyRecord
  detections: DetectionRecord
  installs: InstallRow
  targets: TargetRow
  rosters: RosterRow
  limits: LimitsRow
  publishers: PublisherRow
  windows: WindowRow
  policies: PolicyRow
  authorizations: AuthorizationRow
  baselines: BaselineRow
  advisories: Advisory
  dueDays: DueDays
  retention: Retention
  pins: Pin
  statements: StatementRow
  audit: AuditRow
  access: AccessRow
  accounts: AccountRow
  passkeys: PasskeyRecord
  answers: KeptAnswer
  settings: { key: string; value: string }
}
