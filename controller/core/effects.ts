/**
 * What can happen to the Service Center and what it can want done. Effects are performed in order, and a `commit` is
 * durable before the effect after it begins: so whatever is answered or sent has been stored.
 */
import type { OwnCopy } from '../../agent/core/events.ts'
import type { Clock } from '../../protocol/clock.ts'
import type {
  ApplianceName,
  DataCenterName,
  InstallId,
  OrganizationName,
  PeerId,
  PublisherName,
  Sha256,
  WindowName,
} from '../../protocol/identifiers.ts'
import type { ControlMessage, EnrollmentAnswer, EnrollmentRequest } from '../../protocol/messages.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Publisher, Signed } from '../../protocol/trust/publishers.ts'
import type { DocumentSignature } from '../../protocol/trust/signed-document.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import type { WanLimits } from '../../protocol/wan-limits.ts'
import type { ApplianceAccount } from './account.ts'
import type { BaselinePlace } from './baselines/baseline.ts'
import type { Advisory, DueDays } from './exposure/advisory.ts'
import type { Change, LimitsRecord, TokenRecord } from './records.ts'
import type { MaintenanceWindow } from './windows/window.ts'

/** Who asked, for the audit log: a session or API token, by its name. */
export type Actor = string

/** What an admin asks for; each is answered by one `reply`. */
export type Command =
  | {
      kind: 'publish'
      actor: Actor
      publication: Omit<Publication, 'publishedAt'>
      hashes: Uint8Array
      /** Null for a file that cannot carry signatures of publishers. */
      signed: Signed | null
    }
  | { kind: 'withdraw'; actor: Actor; patch: Sha256; reason: string }
  | {
      kind: 'start-install'
      actor: Actor
      patch: Sha256
      organizations: OrganizationName[]
      dataCenter: DataCenterName | 'All'
      allowOutage: boolean
      /** Also outside of maintenance windows, and within blackouts. */
      outsideWindows?: boolean | undefined
      /** So long a wave has to have stood before the next begins; as is usual where it is not there. */
      waveSoakSeconds?: number | undefined
      /** What the actor agreed to (confirming.ts), where somebody was asked; refused when it is not so any more. */
      confirmation?: Sha256 | undefined
      /** Patches that go before it in the same interruption of each pair, in this order. */
      first?: readonly Sha256[] | undefined
      /** The digest of the plan that it was compared with, where it was started by one. */
      plan?: Sha256 | undefined
    }
  | { kind: 'cancel-install'; actor: Actor; install: InstallId }
  | { kind: 'pause-install'; actor: Actor; install: InstallId }
  /** With these that joined after it had begun, or with all of them. */
  | { kind: 'extend-install'; actor: Actor; install: InstallId; appliances?: readonly PeerId[] | undefined }
  /** `retryFailed`: also where it failed or was put back. */
  | { kind: 'resume-install'; actor: Actor; install: InstallId; retryFailed: boolean }
  /** `instead`: what the actor saw; refused when it is not so any more. */
  | { kind: 'set-limits'; actor: Actor; limits: LimitsRecord; instead?: LimitsRecord }
  | { kind: 'rename-appliance'; actor: Actor; appliance: PeerId; name: ApplianceName }
  /** `lastMember`: also where nobody is left to stand in for it. */
  | { kind: 'retire-appliance'; actor: Actor; appliance: PeerId; lastMember: boolean }
  /** One machine is left with its key, and the hold ends. */
  | { kind: 'trust-appliance'; actor: Actor; appliance: PeerId }
  /** As owners have signed it. */
  | { kind: 'set-policy'; actor: Actor; document: Uint8Array }
  /** Signatures over authorizations that the install asks for. */
  | {
      kind: 'approve-install'
      actor: Actor
      install: InstallId
      approvals: readonly ({ digest: Sha256 } & DocumentSignature)[]
    }
  | { kind: 'revoke-token'; actor: Actor; enrollingPeer: PeerId }
  /** In place of the one of that name. `instead`: what the actor saw, null for none; refused when it is not so any more. */
  | { kind: 'set-publisher'; actor: Actor; publisher: Publisher; instead?: Publisher | null }
  | { kind: 'remove-publisher'; actor: Actor; name: PublisherName }
  /** In place of the one of that name; `instead` as of a publisher. */
  | { kind: 'set-window'; actor: Actor; window: MaintenanceWindow; instead?: MaintenanceWindow | null }
  | { kind: 'remove-window'; actor: Actor; name: WindowName }
  /** In place of the one of another version. */
  | { kind: 'set-baseline'; actor: Actor; place: BaselinePlace; patch: Sha256 }
  | { kind: 'remove-baseline'; actor: Actor; place: BaselinePlace; patch: Sha256 }
  | { kind: 'set-advisory'; actor: Actor; advisory: Advisory }
  | { kind: 'set-due-days'; actor: Actor; dueDays: readonly DueDays[] }
  /** Null to keep all versions. */
  | { kind: 'set-retention'; actor: Actor; keepNewest: number | null }
  | { kind: 'pin-patch'; actor: Actor; patch: Sha256; reason: string }
  | { kind: 'unpin-patch'; actor: Actor; patch: Sha256 }

export type Reply =
  | { kind: 'published'; patch: Sha256; created: boolean }
  | { kind: 'withdrawn'; patch: Sha256 }
  | { kind: 'install-started'; install: InstallId }
  | { kind: 'install-cancelled'; install: InstallId }
  | { kind: 'install-extended'; install: InstallId }
  | { kind: 'install-paused'; install: InstallId }
  | { kind: 'install-resumed'; install: InstallId }
  | { kind: 'limits-set'; place: LimitsRecord['place'] }
  | { kind: 'appliance-renamed'; appliance: PeerId }
  | { kind: 'appliance-retired'; appliance: PeerId }
  | { kind: 'appliance-trusted'; appliance: PeerId }
  | { kind: 'policy-set'; version: number }
  | { kind: 'install-approved'; install: InstallId }
  | { kind: 'token-revoked'; enrollingPeer: PeerId }
  | { kind: 'publisher-set'; name: PublisherName }
  | { kind: 'publisher-removed'; name: PublisherName }
  | { kind: 'window-set'; name: WindowName }
  | { kind: 'window-removed'; name: WindowName }
  | { kind: 'baseline-set'; key: string }
  | { kind: 'baseline-removed'; key: string }
  | { kind: 'advisory-set'; patch: Sha256 }
  | { kind: 'due-days-set' }
  | { kind: 'retention-set' }
  | { kind: 'pin-set'; patch: Sha256 }

export type ServiceCenterEvent =
  | { kind: 'tick'; clock: Clock }
  /** `origin` is from where it was asked, for the audit log. */
  | { kind: 'command'; id: number; command: Command; origin?: string }
  /** `enroll-token` wrote a token into the database. */
  | { kind: 'token-issued'; token: TokenRecord }
  /** A Service Provider appliance opened its control stream, or lost it. */
  | { kind: 'control-opened'; peer: PeerId }
  | { kind: 'control-closed'; peer: PeerId }
  | { kind: 'control-received'; peer: PeerId; message: ControlMessage }
  /** An appliance was asked after itself, and signed its answer. */
  | { kind: 'account-told'; peer: PeerId; account: ApplianceAccount }
  /** The seed has read its own copy, or its file was not there at the start. */
  | { kind: 'own-copy-told'; patch: Sha256; copy: OwnCopy }
  /** A peer that dialled with an enrolling identity asked to become a member. */
  | { kind: 'enrollment-requested'; peer: PeerId; request: EnrollmentRequest }

export type ServiceCenterEffect =
  | { kind: 'commit'; changes: Change[] }
  | { kind: 'send'; peer: PeerId; message: ControlMessage }
  | { kind: 'answer-enrollment'; peer: PeerId; appliance: PeerId; answer: EnrollmentAnswer }
  | { kind: 'reply'; id: number; reply: Reply | Refusal }
  /** The peers that may connect: members, and those who may enroll. Everyone else is closed after the handshake. */
  | { kind: 'admit'; members: ReadonlySet<PeerId>; enrolling: ReadonlySet<PeerId> }
  /** Ends every connection with the peer, so that it dials a new one. */
  | { kind: 'hang-up'; peer: PeerId }
  /** Who may have pieces of a patch of which the own copy is not right. */
  | { kind: 'name-holders'; patch: Sha256; holders: readonly PeerId[] }
  /** The seed has this complete patch to offer, which its upload may have proven just now; or must delete it. */
  | { kind: 'seed'; patch: Sha256; isNew: boolean }
  | { kind: 'unseed'; patch: Sha256 }
  | { kind: 'limit-seed'; limits: WanLimits }
  /** Something a page shows has changed. */
  | { kind: 'changed'; topic: 'patches' | 'installs' | 'appliances' }
  | { kind: 'log'; line: string; fields: Record<string, string | number> }
