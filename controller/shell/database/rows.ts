/**
 * Records to rows and back, one pair of functions a table that needs it. A row that does not give its record again is a
 * damaged database, not hostile input: it throws a sentence that names the row.
 */
import type { OrganizationName, PeerId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { AUTHORIZATION_DOCUMENT } from '../../../protocol/trust/authorization.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope, reopen } from '../../../protocol/trust/envelope.ts'
import { POLICY_DOCUMENT } from '../../../protocol/trust/policy.ts'
import { Publisher, SignedBy } from '../../../protocol/trust/publishers.ts'
import {
  type DocumentType,
  printDocument,
  readDocument,
  type SignedDocument,
} from '../../../protocol/trust/signed-document.ts'
import { Publication } from '../../../protocol/trust/statements.ts'
import { WanLimits } from '../../../protocol/wan-limits.ts'
import { Baseline } from '../../core/baselines/baseline.ts'
import { Advisory, type DueDays, Severity } from '../../core/exposure/advisory.ts'
import type {
  ApplianceRecord,
  AuditRecord,
  AuthorizationRecord,
  BaselineRecord,
  DetectionRecord,
  InstallRecord,
  LimitsRecord,
  OwnCopyRecord,
  PatchRecord,
  PolicyRecord,
  PublisherRecord,
  ReceiptRecord,
  StatementRecord,
  TargetRecord,
  TokenRecord,
  WindowRecord,
} from '../../core/records.ts'
import { Pin, Retention } from '../../core/retention/retention.ts'
import { PhaseTimes } from '../../core/rollout/phase-times.ts'
import { CHAIN_BEGIN, linkHash } from '../../core/trail-chain.ts'
import { MaintenanceWindow } from '../../core/windows/window.ts'
import type { AccessRecord, AccountRecord, ChainedEntry, KeptAnswer, PasskeyRecord } from '../ports.ts'
import type {
  AccessRow,
  AccountRow,
  ApplianceRow,
  AuditRow,
  AuthorizationRow,
  BaselineRow,
  InstallRow,
  LimitsRow,
  PatchRow,
  PolicyRow,
  PublisherRow,
  ReceiptRow,
  StatementRow,
  TargetRow,
  TokenRow,
  WindowRow,
} from './schema.ts'
import { storableText } from './storable-text.ts'

export function tokenRecord(row: TokenRow): TokenRecord {
  const { enrollingPeer, name, organization, dataCenter, kind, role, group } = row
  const { proofKey, issuedAt, expiresAt, usedBy, replaces } = row
  return {
    ...{ enrollingPeer, name, organization, dataCenter, kind, role, group },
    ...{ proofKey, issuedAt, expiresAt, usedBy, replaces },
  }
}

export function applianceRow(record: ApplianceRecord): ApplianceRow {
  return {
    ...record,
    membership: encodeEnvelope(record.membership),
    addresses: JSON.stringify(record.addresses),
  }
}
export function applianceRecord(row: ApplianceRow): ApplianceRecord {
  const what = `appliance ${row.name}`
  return { ...row, membership: envelopeOf(row.membership, what), addresses: listOf(row.addresses, what) }
}

export function patchRow(record: PatchRecord): PatchRow {
  const { sha256, envelope, hashes, uploadedAt, uploadedBy, publishedBy, withdrawal } = record
  return {
    sha256,
    envelope: encodeEnvelope(envelope),
    hashes,
    uploadedAt,
    uploadedBy,
    publishedBy: publishedBy === null ? null : JSON.stringify(publishedBy),
    withdrawal: withdrawal === null ? null : encodeEnvelope(withdrawal),
  }
}
/** `root` is the key that signed it: a publication that somebody edited in the file is noticed here. */
export function patchRecord(row: PatchRow, root: PeerId): PatchRecord {
  const what = `patch ${row.sha256}`
  const envelope = envelopeOf(row.envelope, what)
  const publication = reopen(Publication, envelope, [root])
  if (publication.sha256 !== row.sha256) throw damaged(what, `its publication is of ${publication.sha256}`)
  const withdrawal = row.withdrawal === null ? null : envelopeOf(row.withdrawal, what)
  return { ...row, publication, envelope, publishedBy: signedBy(row.publishedBy, what), withdrawal }
}

export function receiptRow(record: ReceiptRecord): ReceiptRow {
  return { ...record, envelope: encodeEnvelope(record.envelope) }
}
export function receiptRecord(row: ReceiptRow): ReceiptRecord {
  return { ...row, envelope: envelopeOf(row.envelope, `receipt of ${row.peer} for ${row.sha256}`) }
}

export function installRow(record: InstallRecord): InstallRow {
  return {
    ...record,
    organizations: JSON.stringify(record.organizations),
    allowOutage: record.allowOutage ? 1 : 0,
    outsideWindows: record.outsideWindows ? 1 : 0,
  }
}
export function installRecord(row: InstallRow): InstallRecord {
  return {
    ...row,
    organizations: listOf(row.organizations, `install ${row.id}`),
    allowOutage: row.allowOutage === 1,
    outsideWindows: row.outsideWindows === 1,
  }
}

export function targetRow({ order, phaseTimes, ...record }: TargetRecord): TargetRow {
  return {
    ...record,
    phaseTimes: JSON.stringify(phaseTimes),
    orderId: order === null ? null : order.id,
    orderEnvelope: order === null ? null : encodeEnvelope(order.envelope),
  }
}
export function targetRecord({ orderId, orderEnvelope, phaseTimes: json, ...row }: TargetRow): TargetRecord {
  const phaseTimes = PhaseTimes.safeParse(JSON.parse(json))
  if (!phaseTimes.success) throw new Error(`the times of ${row.appliance} in install ${row.install} are not readable`)
  const order =
    orderId === null || orderEnvelope === null
      ? null
      : { id: orderId, envelope: envelopeOf(orderEnvelope, `order ${orderId}`) }
  return { ...row, order, phaseTimes: phaseTimes.data }
}

export function policyRow(record: PolicyRecord): PolicyRow {
  return { ...record, document: printDocument(POLICY_DOCUMENT, record.document) }
}
export function policyRecord(row: PolicyRow): PolicyRecord {
  return { ...row, document: documentOf(POLICY_DOCUMENT, row.document, `policy ${row.version}`) }
}

export function authorizationRow(record: AuthorizationRecord): AuthorizationRow {
  return { ...record, document: printDocument(AUTHORIZATION_DOCUMENT, record.document) }
}
export function authorizationRecord(row: AuthorizationRow): AuthorizationRecord {
  return { ...row, document: documentOf(AUTHORIZATION_DOCUMENT, row.document, `authorization ${row.digest}`) }
}

function documentOf<Stated>(type: DocumentType<Stated>, bytes: Uint8Array, what: string): SignedDocument<Stated> {
  const document = readDocument(type, bytes)
  if (isRefusal(document)) throw damaged(what, document.message)
  return document
}

export function statementRow(record: StatementRecord): StatementRow {
  return { ...record, envelope: encodeEnvelope(record.envelope) }
}
export function statementRecord(row: StatementRow): StatementRecord {
  return { ...row, envelope: envelopeOf(row.envelope, `statement ${row.digest}`) }
}

export function limitsRow(record: LimitsRecord): LimitsRow {
  return { ...record, trades: record.trades ? 1 : 0, quietHours: JSON.stringify(record.quietHours) }
}
export function limitsRecord({ place, trades, ...row }: LimitsRow): LimitsRecord {
  const limits = WanLimits.safeParse({ ...row, quietHours: JSON.parse(row.quietHours) })
  if (!limits.success) throw damaged(`the limits of ${place || 'the Service Center'}`, limits.error.message)
  return { ...limits.data, place, trades: trades === 1 }
}

export function publisherRow(publisher: Publisher): PublisherRow {
  return { name: publisher.name, publisher: JSON.stringify(publisher) }
}
export function publisherRecord(row: PublisherRow): PublisherRecord {
  const publisher = Publisher.safeParse(JSON.parse(row.publisher))
  if (!publisher.success) throw damaged(`the publisher ${row.name}`, publisher.error.message)
  return { name: publisher.data.name, publisher: publisher.data }
}

export function baselineRow(key: string, baseline: Baseline): BaselineRow {
  return { key, baseline: JSON.stringify(baseline) }
}
export function baselineRecord({ key, baseline: text }: BaselineRow): BaselineRecord {
  const baseline = Baseline.safeParse(JSON.parse(text))
  if (!baseline.success) throw damaged(`the baseline ${key}`, baseline.error.message)
  return { key, baseline: baseline.data }
}

/** A word that is no severity was not written by us. */
export function advisoryRecord(row: Advisory): Advisory {
  const advisory = Advisory.safeParse({ ...row })
  if (!advisory.success) throw damaged(`the advisory of ${row.patch}`, advisory.error.message)
  return advisory.data
}
export function dueDaysRecord(row: DueDays): DueDays {
  if (!Severity.safeParse(row.severity).success) throw damaged(`the days of ${row.severity}`, 'it is no severity')
  return { ...row }
}

export function retentionRecord(row: Retention): Retention {
  const retention = Retention.safeParse({ ...row })
  if (!retention.success) throw damaged('the retention', retention.error.message)
  return retention.data
}
export function pinRecord(row: Pin): Pin {
  const pin = Pin.safeParse({ ...row })
  if (!pin.success) throw damaged(`the pin of ${row.patch}`, pin.error.message)
  return pin.data
}

export function windowRow(window: MaintenanceWindow): WindowRow {
  return { name: window.name, window: JSON.stringify(window) }
}
export function windowRecord(row: WindowRow): WindowRecord {
  const window = MaintenanceWindow.safeParse(JSON.parse(row.window))
  if (!window.success) throw damaged(`the maintenance window ${row.name}`, window.error.message)
  return { name: window.data.name, window: window.data }
}

function signedBy(json: string | null, what: string): SignedBy | null {
  if (json === null) return null
  const found = SignedBy.safeParse(JSON.parse(json))
  if (!found.success) throw damaged(what, found.error.message)
  return found.data
}

/** `before` is the entry that is the newest so far. */
export function auditRow(record: AuditRecord, before: Pick<AuditRow, 'position' | 'hash'> | undefined): AuditRow {
  // The hash is of what every database gives back.
  const [actor, subject, outcome] = [
    storableText(record.actor),
    storableText(record.subject),
    storableText(record.outcome),
  ]
  const position = (before?.position ?? 0) + 1
  const row = { organization: '', origin: '', ...record, actor, subject, outcome, position } as const
  return { ...row, hash: linkHash(before?.hash ?? CHAIN_BEGIN, row) }
}
export function trailEntry({ organization, ...row }: AuditRow): ChainedEntry {
  return { ...row, organization: organization === '' ? null : organization }
}

export function accessRow(record: AccessRecord): AccessRow {
  return { ...record, organizations: limitRow(record.organizations) }
}
export function accessRecord(row: AccessRow): AccessRecord {
  return { ...row, organizations: limitOf(row.organizations, `the access of ${row.name}`) }
}

export function accountRow(record: AccountRecord): AccountRow {
  return { ...record, organizations: limitRow(record.organizations), passkeyOnly: record.passkeyOnly ? 1 : 0 }
}
export function accountRecord(row: AccountRow): AccountRecord {
  const organizations = limitOf(row.organizations, `the account ${row.name}`)
  return { ...row, organizations, passkeyOnly: row.passkeyOnly === 1 }
}

/** To which organizations somebody is limited; null for no limit. */
function limitRow(organizations: readonly OrganizationName[] | null): string | null {
  return organizations === null ? null : JSON.stringify(organizations)
}
function limitOf(json: string | null, what: string): OrganizationName[] | null {
  return json === null ? null : listOf(json, what)
}

/** The rows of these tables are the records; only SQLite's objects without a prototype are made plain ones. */
export function plain<Row extends DetectionRecord | OwnCopyRecord | KeptAnswer | PasskeyRecord>(row: Row): Row {
  return { ...row }
}

function envelopeOf(bytes: Uint8Array, what: string): Envelope {
  const envelope = decodeEnvelope(bytes)
  if (isRefusal(envelope)) throw damaged(what, envelope.message)
  return envelope
}

/** A list of names or addresses that this module wrote. */
function listOf<Item extends string>(json: string, what: string): Item[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) throw damaged(what, 'a list is wrong')
  return list as Item[]
}

function damaged(what: string, why: string): Error {
  return new Error(`The database is damaged at ${what}: ${why}. Stop the controller and restore the newest backup.`)
}
