/**
 * Everything that is signed, one schema a statement. The Service Center's signing key signs publications, withdrawals,
 * memberships, rosters and orders; an appliance's identity key signs receipts, detections and reports; whoever receives
 * a letter signs its acknowledgement. All times are milliseconds since 1970 in UTC.
 */
import { z } from 'zod'
import { Manifest, PatchFormat } from '../bundle/manifest.ts'
import { Bytes } from '../codec.ts'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  InstallId,
  ListenAddress,
  OrderId,
  OrganizationName,
  PatchName,
  PatchVersion,
  PeerId,
  Role,
  Sha256,
} from '../identifiers.ts'
import {
  MAX_ADDRESSES,
  MAX_DOCUMENT_BYTES,
  MAX_PATCH_BYTES,
  MAX_PATCHES_AT_ONCE,
  MAX_PIECE_BYTES,
  MAX_REPORTED_OUTPUT_BYTES,
  MAX_ROSTER_MEMBERS,
  MAX_SENTENCE_CHARACTERS,
  MIN_PIECE_BYTES,
} from '../limits.ts'
import { RefusalCode } from '../refusals.ts'
import { WanLimits } from '../wan-limits.ts'
import { Envelope, type StatementType } from './envelope.ts'

export const WallTime = z.int().min(0)
const counter = z.int().min(0)
/** As it was printed. */
const DocumentBytes = Bytes.refine((bytes) => bytes.byteLength <= MAX_DOCUMENT_BYTES, 'is too long')
const sentence = z.string().max(MAX_SENTENCE_CHARACTERS)

export function statement<Statement>(purpose: string, schema: z.ZodType<Statement>): StatementType<Statement> {
  return { payloadType: `application/vnd.patchmesh.${purpose}.v1+cbor`, schema }
}

/** A patch that may be stored, relayed and, under an order, installed. Identity is `sha256`, of the uploaded file. */
export const Publication = statement(
  'publication',
  z.strictObject({
    name: PatchName,
    version: PatchVersion,
    bytes: z.int().min(1).max(MAX_PATCH_BYTES),
    sha256: Sha256,
    pieceLength: z.int().min(MIN_PIECE_BYTES).max(MAX_PIECE_BYTES),
    piecesRoot: Sha256,
    format: PatchFormat,
    manifest: Manifest,
    publishedAt: WallTime,
  }),
)
export type Publication = z.infer<(typeof Publication)['schema']>

/** The patch was a mistake: every appliance deletes its copy and accepts no order for it. */
export const Withdrawal = statement(
  'withdrawal',
  z.strictObject({ sha256: Sha256, reason: sentence, withdrawnAt: WallTime }),
)
export type Withdrawal = z.infer<(typeof Withdrawal)['schema']>

/** Who an appliance is. `epoch` rises when the slot of the same name gets a new key. */
export const Membership = statement(
  'membership',
  z.strictObject({
    appliance: PeerId,
    name: ApplianceName,
    organization: OrganizationName,
    dataCenter: DataCenterName,
    kind: ApplianceKind,
    role: Role,
    group: GroupName,
    epoch: counter,
    /** The peer id that answers at the Service Center's mesh address. */
    serviceCenter: PeerId,
    /** Rises with each membership of one key: a renamed appliance gets another, and of two the later one holds. */
    enrolledAt: WallTime,
  }),
)
export type Membership = z.infer<(typeof Membership)['schema']>

export const RosterMember = z.strictObject({
  peer: PeerId,
  name: ApplianceName,
  organization: OrganizationName,
  dataCenter: DataCenterName,
  kind: ApplianceKind,
  role: Role,
  group: GroupName,
  addresses: z.array(ListenAddress).max(MAX_ADDRESSES),
})
export type RosterMember = z.infer<typeof RosterMember>

/**
 * The allow-list of one appliance: whom it may talk to, and nobody else. A Service Provider appliance gets the members
 * of its Data Center and the depots that it may trade pieces with; a tenant appliance gets its depot only, so it learns no other organization's names. `enrolling`
 * are the peer ids that may open the enrollment protocol, derived from tokens that are still open.
 */
export const Roster = statement(
  'roster',
  z.strictObject({
    to: PeerId,
    version: counter,
    members: z.array(RosterMember).max(MAX_ROSTER_MEMBERS),
    /**
     * The other members of its own group, for which it stands in and they for it. A tenant appliance talks to them through
     * its depot alone.
     */
    group: z.array(z.strictObject({ peer: PeerId, name: ApplianceName })).max(MAX_ROSTER_MEMBERS),
    enrolling: z.array(PeerId).max(MAX_ROSTER_MEMBERS),
    /** Of the WAN link of its Data Center. */
    limits: WanLimits,
  }),
)
export type Roster = z.infer<(typeof Roster)['schema']>

/** Install this patch, once. `sequence` rises with every order to one appliance; an older one is refused. */
export const Order = statement(
  'order',
  z.strictObject({
    to: PeerId,
    orderId: OrderId,
    sequence: counter,
    install: InstallId,
    attempt: z.int().min(1).max(10),
    action: z.literal('install'),
    patch: Sha256,
    /** A person has agreed that its group may not serve meanwhile: a peer that is not heard is not waited for. */
    allowOutage: z.boolean(),
    organization: OrganizationName,
    dataCenter: DataCenterName,
    issuedAt: WallTime,
    expiresAt: WallTime,
    /** After it nothing begins, since its maintenance window ends; `expiresAt` where it is not there. */
    beginBy: WallTime.optional(),
    /**
     * The order to another member of its group that comes first: this one begins when that member itself has said that it
     * ended at the patch, and ends without any change when it ended otherwise. Null where none comes first.
     */
    after: z.strictObject({ peer: PeerId, order: OrderId }).nullable(),
    /**
     * The order to this same appliance that comes first. This one begins when that has ended at its patch, under what the
     * other members promised for it, and ends without any change when it ended otherwise. Null where none comes first.
     */
    continues: OrderId.nullable(),
    /** The patches of those that go on from this one here: all are copied before anything is interrupted. */
    stages: z.array(Sha256).max(MAX_PATCHES_AT_ONCE),
    /** The signed authorization (authorization.ts) by which approvers agree to it; where no policy asks for one it is not there. */
    authorization: DocumentBytes.optional(),
  }),
)
export type Order = z.infer<(typeof Order)['schema']>

/** A policy as owners have signed it (policy.ts): an appliance believes them, not whoever passes it on. */
export const PolicyNotice = statement('policy', z.strictObject({ document: DocumentBytes }))
export type PolicyNotice = z.infer<(typeof PolicyNotice)['schema']>

/** The appliance goes by this policy from now on. */
export const PolicyHeld = statement(
  'policy-held',
  z.strictObject({ from: PeerId, epoch: counter, counter, version: z.int().min(1), heldSince: WallTime }),
)
export type PolicyHeld = z.infer<(typeof PolicyHeld)['schema']>

/** Copy this patch now, ahead of the order that will install it when a maintenance window opens; it permits nothing else. */
export const Staging = statement(
  'staging',
  z.strictObject({ to: PeerId, install: InstallId, patch: Sha256, opensAt: WallTime }),
)
export type Staging = z.infer<(typeof Staging)['schema']>

/** The order is not to begin any more; what it has begun to change is finished all the same, or put back. */
export const Cancellation = statement(
  'cancellation',
  z.strictObject({ to: PeerId, order: OrderId, reason: sentence, cancelledAt: WallTime }),
)
export type Cancellation = z.infer<(typeof Cancellation)['schema']>

/** The holder of this key re-read these bytes from its disk and found them right, then; told again after each proof. */
export const Receipt = statement(
  'receipt',
  z.strictObject({
    from: PeerId,
    epoch: counter,
    counter,
    sha256: Sha256,
    /** Of the publication it is for: a file may be withdrawn and published again, and then each copy is proven anew. */
    publishedAt: WallTime,
    verifiedAt: WallTime,
    source: PeerId,
  }),
)
export type Receipt = z.infer<(typeof Receipt)['schema']>

/**
 * The copy that receipts of this appliance have proven is not what was signed any more, or cannot be read: they count no
 * longer. A receipt with a higher counter says that it is right again.
 */
export const Disproof = statement(
  'disproof',
  z.strictObject({
    from: PeerId,
    epoch: counter,
    counter,
    sha256: Sha256,
    publishedAt: WallTime,
    reason: sentence,
    disprovenAt: WallTime,
  }),
)
export type Disproof = z.infer<(typeof Disproof)['schema']>

/** What detection found on the appliance for one patch, outside or after an install. */
export const Detection = statement(
  'detection',
  z.strictObject({
    from: PeerId,
    epoch: counter,
    counter,
    patch: Sha256,
    result: z.enum(['applicable', 'installed', 'notApplicable', 'unknown']),
    installedVersion: z.string().max(100).nullable(),
    reason: sentence,
    detectedAt: WallTime,
  }),
)
export type Detection = z.infer<(typeof Detection)['schema']>

/**
 * The appliance has looked again at every patch that it knew, and ended then. What differed from its detections before
 * has gone out as newer ones, so the others held at that moment too.
 */
export const Looked = statement('looked', z.strictObject({ from: PeerId, epoch: counter, counter, lookedAt: WallTime }))
export type Looked = z.infer<(typeof Looked)['schema']>

export const ReportState = z.enum([
  'queued',
  'staging',
  'preflight',
  'installing',
  'verifying',
  'installed',
  'failed',
  'reverted',
  'refused',
  'cancelled',
])
export type ReportState = z.infer<typeof ReportState>

/** How far an order has come on the appliance it names. The final states are the last five. */
export const Report = statement(
  'report',
  z.strictObject({
    from: PeerId,
    epoch: counter,
    counter,
    install: InstallId,
    orderId: OrderId,
    patch: Sha256,
    state: ReportState,
    reason: sentence,
    /** Set with `refused`. */
    refusal: RefusalCode.nullable(),
    /** The last part of what the installer printed. */
    output: z.string().max(MAX_REPORTED_OUTPUT_BYTES),
    installedVersion: z.string().max(100).nullable(),
    reportedAt: WallTime,
  }),
)
export type Report = z.infer<(typeof Report)['schema']>

/** The receiver holds these letters durably; nobody needs to send them again. */
export const Acknowledgement = statement(
  'acknowledgement',
  z.strictObject({ from: PeerId, letters: z.array(Sha256).min(1).max(500) }),
)
export type Acknowledgement = z.infer<(typeof Acknowledgement)['schema']>

/**
 * A signed statement on its way. `to` and `from` are for those who carry it; the truth about both is inside and signed.
 */
export const Letter = z.strictObject({ to: PeerId, from: PeerId, envelope: Envelope })
export type Letter = z.infer<typeof Letter>
