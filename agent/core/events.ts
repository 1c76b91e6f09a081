/**
 * Everything that can happen to an appliance, and everything it can want done. Effects are performed in order, and a
 * `record` is durable before the effect after it begins: what was decided survives a crash before anybody is told.
 */
import type { Clock } from '../../protocol/clock.ts'
import type { DialAddress, OrderId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { ControlMessage, EnrollmentAnswer, EnrollmentRequest, PiecesMessage } from '../../protocol/messages.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import type { WanLimits } from '../../protocol/wan-limits.ts'
import type { ImportAnswer } from './import-answers.ts'
import type { CheckName } from './install/policies/checks.ts'
import type { Machine } from './machine.ts'
import type { Settings } from './state.ts'

/**
 * A stream to or from one peer; there is at most one of each kind for a peer, and a newer one replaces the older.
 * `uplink` and `source` are opened by this appliance, `downlink` and `reader` by the other side.
 */
export type Channel = 'uplink' | 'downlink' | 'source' | 'reader'

/** A received piece that waits in memory for the core to say what becomes of it. */
export type Slot = number & { readonly brand: 'Slot' }

/** Somebody at the appliance who waits for an answer. */
export type Visitor = number & { readonly brand: 'Visitor' }

/** What an installer found or did; the shapes are those of agent/shell/installers/installer.ts. */
export type Found = {
  result: 'applicable' | 'installed' | 'notApplicable' | 'unknown'
  installedVersion: string | null
  reason: string
}
export type Outcome = { ok: boolean; reason: string; output: string; temporary: boolean; untouched?: true }
/** What one check of the appliance's operator has said; `output` is the end of what it printed or answered. */
export type CheckResult = {
  readonly name: CheckName
  readonly ok: boolean
  readonly reason: string
  readonly output: string
}
/** The Service Center's own copy: when it was proven last, or 0, and what is wrong with it, or nothing. */
export type OwnCopy = { readonly provenAt: number; readonly wrong: string }

export type InstallStep = 'install' | 'verify' | 'revert'
/** Programs of the appliance's operator: service goes to a peer, and comes back. */
export type Hook = 'release' | 'takeBack'

export type AgentEvent =
  | { kind: 'tick'; clock: Clock }
  /** `roundTripMs` is what a question and its answer took on the way. */
  | { kind: 'opened'; channel: Channel; peer: PeerId; roundTripMs: number }
  /** A channel that could not be opened, or that ended. */
  | { kind: 'closed'; channel: Channel; peer: PeerId; reason: string }
  | { kind: 'control-received'; channel: 'uplink' | 'downlink'; peer: PeerId; message: ControlMessage }
  | {
      kind: 'pieces-received'
      channel: 'source' | 'reader'
      peer: PeerId
      message: Exclude<PiecesMessage, { kind: 'piece' }>
    }
  | { kind: 'piece-received'; peer: PeerId; patch: Sha256; index: number; hash: Uint8Array; slot: Slot }
  /** Bytes of a piece are coming in from this source; told at most a few times a second. */
  | { kind: 'receiving'; peer: PeerId }
  /** A requested piece has left for this reader, or can no longer leave. */
  | { kind: 'piece-sent'; peer: PeerId; patch: Sha256; index: number }
  /** A requested piece could not be read from the store: nothing has left, and nobody was told. */
  | { kind: 'piece-unreadable'; peer: PeerId; patch: Sha256; index: number; reason: string }
  /** Over how many connections this reader asks for pieces now. */
  | { kind: 'reader-widened'; peer: PeerId; lanes: number }
  | { kind: 'enrollment-requested'; peer: PeerId; request: EnrollmentRequest }
  /** The store has the unfinished file ready; `have` are the pieces that were there and whose hash was right. */
  | { kind: 'partial-opened'; patch: Sha256; have: Uint8Array }
  | { kind: 'piece-stored'; patch: Sha256; index: number }
  /** The whole file was re-read from disk with the right digest, and stands durably under its final name. */
  | { kind: 'sealed'; patch: Sha256 }
  /** The whole file was re-read and is not what was signed; it is no longer under its final name. */
  | { kind: 'corrupt'; patch: Sha256 }
  /** One piece of a complete file was read again: its hash, or null and why it cannot be read. */
  | { kind: 'piece-read-back'; patch: Sha256; index: number; hash: Uint8Array | null; reason: string }
  | { kind: 'discarded'; patch: Sha256 }
  | { kind: 'store-failed'; patch: Sha256; code: 'no_space' | 'failure'; message: string }
  /** What the operator's checks say now, in the order in which they are named; `round` is that of the question. */
  | { kind: 'checked'; round: number; results: CheckResult[] }
  | { kind: 'hook-ended'; hook: Hook; outcome: Outcome }
  /** Null for a copy that is signed as it must be. */
  | { kind: 'judged'; patch: Sha256; refusal: Refusal | null }
  /** What the machine is now; told before what was found or done on it. */
  | { kind: 'surveyed'; machine: Machine }
  | { kind: 'detected'; patch: Sha256; found: Found }
  /** dpkg's database below the install root is not what it was; somebody has run dpkg, or it was this agent. */
  | { kind: 'packages-changed' }
  | { kind: 'step-ended'; step: InstallStep; patch: Sha256; outcome: Outcome }
  /** No program of an earlier process of this agent runs for the patch any more. */
  | { kind: 'settled'; patch: Sha256 }
  /** Service Center only: its store holds this patch, which this process may have proven just now. */
  | { kind: 'seeded'; publication: Publication; envelope: Envelope; hashes: Uint8Array; copy: OwnCopy; isNew: boolean }
  /** Service Center only: its store shall no longer offer this patch. */
  | { kind: 'unseeded'; patch: Sha256 }
  /** Service Center only: who may have pieces of a patch of which its own copy is not right. */
  | { kind: 'holders-told'; patch: Sha256; holders: readonly PeerId[] }
  | { kind: 'limited'; limits: WanLimits }
  /** The configuration was read again. */
  | { kind: 'configured'; settings: Partial<Settings> }
  /** Somebody at this appliance wants an order stopped, the one under way where none is named; `visitor` waits for an answer. */
  | { kind: 'stop-asked'; visitor: Visitor; order: OrderId | null; by: string }
  /** Somebody at this appliance brings a patch on a disk: what was signed of it, and the hashes of its pieces. */
  | { kind: 'import-asked'; visitor: Visitor; publication: Envelope; hashes: Uint8Array }
  | { kind: 'piece-imported'; visitor: Visitor; patch: Sha256; index: number; hash: Uint8Array; slot: Slot }
  /** Whoever brought a patch has gone, or has no more of it. */
  | { kind: 'import-left'; visitor: Visitor }

export type AgentEffect =
  | { kind: 'record'; entries: LedgerEntry[] }
  | { kind: 'open'; channel: 'uplink' | 'source'; peer: PeerId; addresses: DialAddress[] }
  | { kind: 'close'; channel: Channel; peer: PeerId }
  /** Ends every connection with the peer, so that the next dial makes a new one: nothing comes through the old one. */
  | { kind: 'hang-up'; peer: PeerId }
  /** What pieces may take of the WAN link from now on. */
  | { kind: 'limit'; limits: WanLimits }
  /** Find out how far these are: something may be pulled from them one day. */
  | { kind: 'probe'; peers: { peer: PeerId; addresses: DialAddress[] }[] }
  /** Asks this source for pieces over so many connections. */
  | { kind: 'widen'; peer: PeerId; addresses: DialAddress[]; lanes: number }
  | { kind: 'send-control'; channel: 'uplink' | 'downlink'; peer: PeerId; message: ControlMessage }
  | { kind: 'send-pieces'; channel: 'source' | 'reader'; peer: PeerId; message: PiecesMessage }
  /** Read the piece from the store and send it; answered by `piece-sent` or `piece-unreadable`. */
  | { kind: 'send-piece'; peer: PeerId; patch: Sha256; index: number }
  | { kind: 'answer-enrollment'; peer: PeerId; appliance: PeerId; answer: EnrollmentAnswer | null }
  /** Who may connect and open anything, and who may connect only to enroll. Everyone else is closed. */
  | { kind: 'admit'; members: ReadonlySet<PeerId>; enrolling: ReadonlySet<PeerId> }
  | { kind: 'open-partial'; publication: Publication; hashes: Uint8Array }
  | { kind: 'store-piece'; patch: Sha256; index: number; slot: Slot }
  | { kind: 'drop-piece'; slot: Slot }
  | { kind: 'seal'; patch: Sha256 }
  /** Read one piece of a complete file again; answered by `piece-read-back`. */
  | { kind: 'prove-piece'; patch: Sha256; index: number }
  /** The complete file is not right: from now on it is an unfinished one, of which each piece is judged. */
  | { kind: 'set-apart'; patch: Sha256 }
  | { kind: 'discard'; patch: Sha256 }
  /** Service Center only: how its own copy is now. */
  | { kind: 'note-copy'; patch: Sha256; copy: OwnCopy }
  /** Whether publishers that are listed here have signed the stored copy; answered by `judged`. */
  | { kind: 'judge'; publication: Publication }
  /** Ask the operator's checks; answered by `checked`. */
  | { kind: 'run-checks'; round: number }
  /** Run this hook of the operator; answered by `hook-ended`. */
  | { kind: 'run-hook'; hook: Hook }
  /** Look at the machine; answered by `surveyed`. */
  | { kind: 'survey' }
  | { kind: 'detect'; publication: Publication }
  | { kind: 'run-step'; step: InstallStep; publication: Publication }
  | { kind: 'settle'; publication: Publication }
  /** The patch is installed and stays: what was kept for its way back is not needed any more. */
  | { kind: 'tidy'; publication: Publication }
  /** For `patchmesh check`: how far the clock here is ahead of that of `whose`, when it was `theirsMs` there. */
  | { kind: 'note-clock'; aheadMs: number; theirsMs: number; whose: string }
  | { kind: 'answer-visitor'; visitor: Visitor; answer: Refusal | { stopped: OrderId; title: string } | ImportAnswer }
  /** Durable, in a file beside the ledger, before the next effect begins. */
  | { kind: 'keep-trust'; bytes: Uint8Array }
  | { kind: 'log'; line: string; fields: Record<string, string | number> }

/** One record of the ledger, replaced whole; `null` removes it. */
export type LedgerEntry = { key: string; value: Uint8Array | null }
