/**
 * What the Service Center keeps: one type a table of its database. The core changes its state only by records, and
 * the shell stores the same records in one transaction before anything that depends on them leaves the process.
 */
import type { OwnCopy } from '../../agent/core/events.ts'
import type {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  InstallId,
  ListenAddress,
  OrderId,
  OrganizationName,
  PeerId,
  PublisherName,
  Role,
  Sha256,
  WindowName,
} from '../../protocol/identifiers.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { AuthorizationDocument } from '../../protocol/trust/authorization.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { PolicyDocument } from '../../protocol/trust/policy.ts'
import type { Publisher, SignedBy } from '../../protocol/trust/publishers.ts'
import type { Detection, Publication } from '../../protocol/trust/statements.ts'
import type { WanLimits } from '../../protocol/wan-limits.ts'
import type { Baseline } from './baselines/baseline.ts'
import type { Advisory, DueDays } from './exposure/advisory.ts'
import type { RetentionChange } from './retention/retention.ts'
import type { InstallState, TargetState } from './rollout/install-states.ts'
import type { PhaseTimes } from './rollout/phase-times.ts'
import type { MaintenanceWindow } from './windows/window.ts'

/** Where an appliance stands in the fleet; a token fixes it before the appliance has a key. */
export type Slot = {
  name: ApplianceName
  organization: OrganizationName
  dataCenter: DataCenterName
  kind: ApplianceKind
  role: Role
  group: GroupName
}

export type TokenRecord = Slot & {
  /** The peer id that the bearer dials with; the token's key in the database. */
  enrollingPeer: PeerId
  proofKey: Uint8Array
  issuedAt: number
  expiresAt: number
  /** The appliance that used it, or null. */
  usedBy: PeerId | null
  /** The appliance whose place its bearer takes, or null for a new place. */
  replaces: PeerId | null
}

export type ApplianceRecord = Slot & {
  peer: PeerId
  epoch: number
  enrolledAt: number
  membership: Envelope
  /** When that membership was signed: later than it enrolled if it was renamed. */
  membershipAt: number
  addresses: ListenAddress[]
  /** The sequence of the newest order to it. */
  orderSequence: number
  lastSeenAt: number
  /** When it had looked again at everything that is installed, by its own clock; 0 before the first time. */
  lookedAt: number
  /** The counter of the statement that said so. */
  lookedCounter: number
  /** Since when its key is held because two machines use it, or null. */
  heldAt: number | null
  /** When it noticed that its ledger was lost or is an older one, by its own clock; 0 where it never was. */
  ledgerLostAt: number
  /** The counter of the statement that said so. */
  ledgerLostCounter: number
  /** Since when it is no member any more, or null. */
  retiredAt: number | null
}

export type PatchRecord = {
  sha256: Sha256
  publication: Publication
  envelope: Envelope
  /** The leaves of the Merkle tree, laid end to end. */
  hashes: Uint8Array
  uploadedAt: number
  /** Null for what an earlier release has stored. */
  uploadedBy: string | null
  /** The publisher whose signature was checked when it was uploaded; null where none was listed then. */
  publishedBy: SignedBy | null
  /** The signed withdrawal, or null while the patch is live. */
  withdrawal: Envelope | null
}

export type ReceiptRecord = {
  peer: PeerId
  sha256: Sha256
  /** 0, which is no appliance's, for a copy that does not count any more. */
  epoch: number
  /** When its holder had proven the copy last, by its own clock. */
  verifiedAt: number
  /** Of the statement that said so, so that an older one that comes late changes nothing. */
  counter: number
  /** What is wrong with a copy that was proven before, as its holder says; empty for one that is right. */
  wrong: string
  /** When it was proven again after it had not been right the last time, and what had been wrong; null and empty if never. */
  mendedAt: number | null
  mendedWrong: string
  envelope: Envelope
}

/** The Service Center's own copy of a patch. */
export type OwnCopyRecord = OwnCopy & { sha256: Sha256 }

export type DetectionRecord = {
  peer: PeerId
  sha256: Sha256
  counter: number
  result: Detection['result']
  installedVersion: string | null
  reason: string
  detectedAt: number
  /** Since when it was found to have the patch, or what stands in for it (findings.ts); null while it has not. */
  satisfiedSince: number | null
}

export type InstallRecord = {
  id: InstallId
  patch: Sha256
  organizations: OrganizationName[]
  dataCenter: DataCenterName | 'All'
  /** An only member, or one whose peer cannot be reached, may be disrupted too. */
  allowOutage: boolean
  /** It may begin outside of maintenance windows, and within blackouts. */
  outsideWindows: boolean
  state: InstallState
  reason: string
  startedAt: number
  /** Null for what an earlier release has stored. */
  startedBy: string | null
  /** Wall milliseconds after which nothing of it starts any more. */
  deadlineAt: number
  /** The install that goes first, of another patch: whoever is ordered for that is ordered for this one with it. */
  continues: InstallId | null
  /** So long a pair or a Data Center has to have the patch before it lets more begin (rollout/standing.ts). */
  waveSoakSeconds: number
  /** How often it was set going: 1, and one more each time that a person resumed it after it had halted. */
  run: number
}

export type TargetRecord = {
  install: InstallId
  appliance: PeerId
  state: TargetState
  reason: string
  /** Set with `refused`. */
  refusal: RefusalCode | null
  output: string
  installedVersion: string | null
  /** The order that was sent, or null while it waits its turn. */
  order: { id: OrderId; envelope: Envelope } | null
  /** The counter of the newest report, so that an older one that comes late changes nothing. */
  counter: number
  changedAt: number
  /** In which run of its install it came into the queue last; the number of its attempt. */
  run: number
  /** In which wave it was ordered: 1 is the canary; null before. */
  wave: number | null
  /** Since when it has stood with the patch for as long as its install asks for; null before, and where it asks for nothing. */
  stoodAt: number | null
  /** When its order was signed, and when it told first that something is being changed there; null before. */
  orderedAt: number | null
  beganAt: number | null
  phaseTimes: PhaseTimes
}

/** Where a record of limits belongs: a Data Center, or the Service Center itself, whose place is empty. */
export type LimitsRecord = WanLimits & {
  place: DataCenterName | ''
  /** Whether its depot may trade pieces with those of other Data Centers. */
  trades: boolean
}

/** A publisher whose signature uploads may carry; null for one that was removed. */
export type PublisherRecord = { name: PublisherName; publisher: Publisher | null }

/** A maintenance window or blackout; null for one that was removed. */
export type WindowRecord = { name: WindowName; window: MaintenanceWindow | null }

/** By its key (baselines/baseline.ts); null for one that was removed. */
export type BaselineRecord = { key: string; baseline: Baseline | null }

/** A policy that owners have signed; each version once. */
export type PolicyRecord = { version: number; document: PolicyDocument; setAt: number; setBy: string }

/** What approvers are asked to sign for an install, with their signatures. */
export type AuthorizationRecord = {
  /** Of what is signed. */
  digest: Sha256
  install: InstallId
  document: AuthorizationDocument
}

/** What somebody has signed about an install, kept as evidence (evidence.ts); nothing is decided by it. */
export type StatementRecord = {
  /** Of the envelope. */
  digest: Sha256
  /** Whose it is about: the appliance that signed it, or the one that was ordered. */
  peer: PeerId
  patch: Sha256
  /** Null for a detection, which is of no install. */
  install: InstallId | null
  heardAt: number
  envelope: Envelope
}

/** Who did what, when, from where, and how it ended. */
export type AuditRecord = {
  at: number
  actor: string
  action: string
  subject: string
  outcome: string
  /** Whom it concerns, where it is one organization: somebody who is limited to others does not see it. */
  organization?: OrganizationName
  /** The address, and by which session or token; filled in for whatever a command does. */
  origin?: string
}

/** One row written; the key is what identifies it in its table. */
export type Change =
  | { table: 'tokens'; row: TokenRecord }
  | { table: 'appliances'; row: ApplianceRecord }
  | { table: 'patches'; row: PatchRecord }
  | { table: 'receipts'; row: ReceiptRecord }
  | { table: 'ownCopies'; row: OwnCopyRecord }
  | { table: 'detections'; row: DetectionRecord }
  | { table: 'installs'; row: InstallRecord }
  | { table: 'targets'; row: TargetRecord }
  | { table: 'rosters'; row: { dataCenter: DataCenterName; version: number } }
  | { table: 'limits'; row: LimitsRecord }
  | { table: 'publishers'; row: PublisherRecord }
  | { table: 'windows'; row: WindowRecord }
  | { table: 'baselines'; row: BaselineRecord }
  | { table: 'advisories'; row: Advisory }
  | { table: 'dueDays'; row: DueDays }
  | RetentionChange
  | { table: 'policies'; row: PolicyRecord }
  | { table: 'authorizations'; row: AuthorizationRecord }
  | { table: 'statements'; row: StatementRecord }
  | { table: 'audit'; row: AuditRecord }
