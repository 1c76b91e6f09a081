/**
 * An appliance as plain data. The Service Center's seed is the same state without a membership: it offers patches and
 * pulls none.
 */
import type { Bitfield } from '../../protocol/bitfield.ts'
import type { Clock } from '../../protocol/clock.ts'
import type { DialAddress, ListenAddress, OrderId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { SILENCE_MS } from '../../protocol/limits.ts'
import type { CounterGap, Greeting, Life } from '../../protocol/messages.ts'
import type { Random } from '../../protocol/random.ts'
import type { SigningKey } from '../../protocol/trust/envelope.ts'
import type { Letter, Membership, Order, Roster } from '../../protocol/trust/statements.ts'
import { NO_LIMITS, type QuietHours, type WanLimits } from '../../protocol/wan-limits.ts'
import type { Between } from './between-members.ts'
import type { Blame } from './blame.ts'
import type { Found, Hook } from './events.ts'
import { type HeldTrust, newTrust } from './held-policy.ts'
import type { Import } from './import-answers.ts'
import type { Attempt } from './install/attempt.ts'
import { type Following, newFollowing } from './install/following.ts'
import { type Leases, newLeases } from './install/leases.ts'
import type { Ended } from './install/outcomes.ts'
import type { CheckSettings } from './install/policies/checks.ts'
import { type Looking, newLooking } from './looking-again.ts'
import type { Machine } from './machine.ts'
import { newProving, type Proving } from './proving.ts'
import type { Replica } from './replica.ts'

/** The stream over which everything signed comes and goes: to the Service Center, or to a member of the depot. */
export type Uplink =
  /** `last`: whom it was or should have been to. `since`, wall: when it was lost, however often it was dialled. */
  | { phase: 'down'; retryAtMs: number; failures: number; reason: string; last: PeerId | null; since: number }
  | { phase: 'dialling'; peer: PeerId; failures: number; reason: string; since: number }
  | { phase: 'up'; peer: PeerId; lastHeardAtMs: number; pingAtMs: number; since: number }

/** A peer that pieces are pulled from. */
export type Source = {
  readonly peer: PeerId
  phase: 'down' | 'opening' | 'open'
  /** Monotonic; of the stream that is open, or was the last. */
  openedAtMs: number
  /** It is reached over the WAN: the Service Center, or a neighbour in another Data Center. */
  readonly wan: boolean
  retryAtMs: number
  failures: number
  /** Patches it was told that we want. */
  wanted: Set<Sha256>
  offers: Map<Sha256, Bitfield>
  /** Patches of which its disk did not give it a piece, and when it is asked anew what it has of them. */
  lacking: Map<Sha256, number>
  /** Not come yet, in the order in which it was asked. */
  requested: PieceRequest[]
  /** Of them all. */
  requestedBytes: number
  lastProgressAtMs: number
  lastPieceAtMs: number
  lastPatch: Sha256 | null
  /** What it was asked for waits in line there, as it says: nothing of that is on its way. */
  inLine: boolean
  /** Of pieces, since it was measured. */
  receivedBytes: number
  measuredAtMs: number
  /** While it had something to send, smoothed over a few ticks; 0 when nothing is known. */
  bytesPerMs: number
  /** Between asking for the stream and having it. */
  roundTripMs: number
  width: Width
  /** What it has sent wrong; see blame.ts. */
  blame: Blame
  /** Until then nothing is asked of it. */
  quarantinedUntilMs: number
}
/** Connections to a source: now, and what was right the last time; see widening.ts. */
export type Width = { lanes: number; proven: number; judgeAtMs: number }
export type PieceRequest = { readonly patch: Sha256; readonly index: number; readonly bytes: number }

/** A peer that pulls pieces from us. */
export type Reader = {
  readonly peer: PeerId
  readonly wan: boolean
  /** Connections over which it asks. */
  lanes: number
  wants: Set<Sha256>
  offered: Set<Sha256>
  /** Of pieces that came after the offer; see announcing.ts. */
  news: Map<Sha256, News>
  /** Asked for, and not handed to the network yet. */
  queue: { readonly patch: Sha256; readonly index: number }[]
  /** Handed to the network and not gone yet. */
  sending: number
  /** What the Service Center's seed lets it have; see seeding.ts. */
  grants: Map<Sha256, Grants>
}
export type News = {
  /** Pieces that it has not been told of yet. */
  readonly untold: Set<number>
  /** Those that it was told of and has not asked for. */
  readonly open: Set<number>
}
export type Grants = {
  /** The pieces that the reader has or may ask for. */
  readonly known: Bitfield
  /** Pieces that are not among them. */
  left: number
  /** Those that it may ask for and does not have. */
  readonly open: Set<number>
  /** Pieces that it was granted and has now. */
  receivedSinceTick: number
  /** The same, smoothed. */
  perTick: number
}

/** A letter in the mailbox; `number` rises with each one that is kept. */
export type KeptLetter = { readonly letter: Letter; readonly number: number }

export type Settings = {
  /** It is told the time so often. */
  readonly tickMs: number
  /** How long a secondary waits for a sign of progress from its primary before it pulls over the WAN itself. */
  readonly primaryPatienceMs: number
  /** Connections to one source over the WAN. */
  readonly connectionsAtMost: number
  /** Whether it lists publishers itself: then nothing is installed that none of them has signed. */
  readonly judgesSignatures: boolean
  /** Ids of keys whose owners' policy is taken, whatever is held; without one nothing is installed where some are named. */
  readonly policyOwners: readonly Sha256[]
  /** A control stream on which nothing was heard for so long is dead. */
  readonly silenceMs: number
  /** Each copy is read again and proven once in this time, and never more than so many bytes a second. */
  readonly proveEveryMs: number
  readonly proveBytesPerSecond: number
  /** By when a new release of this agent has to be seen by its peer and the Service Center, or it goes back. */
  readonly seenWithinMs: number
  /** What the appliance's operator wants to be asked before an install and after it, in this order. */
  readonly checks: readonly CheckSettings[]
  /** Which hooks the operator has named for a planned switchover, and how long each may take; null for none. */
  readonly hookSeconds: Readonly<Record<Hook, number | null>>
}

export type AgentState = {
  readonly identity: SigningKey
  /** Who signs memberships, rosters, publications and orders. */
  readonly root: PeerId
  readonly random: Random
  /** Of this process: another one after each start. */
  readonly life: Life
  /** That this process is; null where none is told apart. */
  readonly release: string | null
  settings: Settings
  /** Null for the Service Center's seed. */
  membership: Membership | null
  /** Whom the token named: the Service Center, or the depot. */
  readonly dial: readonly DialAddress[]
  /** Where this appliance accepts members. */
  addresses: ListenAddress[]
  clock: Clock
  trust: HeldTrust
  roster: Roster | null
  /** Of its WAN link: its roster's, or those of the Service Center. */
  limits: WanLimits
  /** The quiet hours that it has told its readers of. */
  quiet: QuietHours | null
  /** Bytes that may be asked for over the WAN now; meaningless without a limit. */
  wanBudgetBytes: number
  replicas: Map<Sha256, Replica>
  /** When each withdrawn patch was withdrawn; a later publication of the same file counts again. */
  withdrawn: Map<Sha256, number>
  /**
   * Copies that were proven by reading them back, and when by the wall clock they were the last time; others in the
   * store are read again after a restart.
   */
  proven: Map<Sha256, number>
  proving: Proving
  /** The process before this one did not end by itself. */
  endedUncleanly: boolean
  /** Service Center's seed only: who may have pieces of a patch of which its own copy is not right. */
  holders: Map<Sha256, readonly PeerId[]>
  /** Patches that somebody at the appliance is bringing on a disk. */
  importing: Map<Sha256, Import>
  uplink: Uplink
  /** How often in a row the Service Center has said that a person has to decide first. */
  timesHeld: number
  sources: Map<PeerId, Source>
  readers: Map<PeerId, Reader>
  /** Of pieces over the WAN, since the last tick, and smoothed. */
  servedBytes: number
  servedBytesPerMs: number
  /** Service Center's seed only: by piece, how many of the readers have it or may ask for it. */
  copies: Map<Sha256, Uint16Array>
  /** Service Center's seed only: the pieces that were handed to some reader. */
  left: Map<Sha256, Bitfield>
  /** Tenant appliances whose control stream ends here. */
  attached: Map<PeerId, Greeting | null>
  /** Monotonic; when each of them said something last. */
  heardBelowMs: Map<PeerId, number>
  /** Rises with each signed statement, and never goes back. */
  counter: number
  /** Counters of which the ledger knows nothing; see lost-ledger.ts. */
  gaps: CounterGap[]
  /** The first letter of this process: once it is acknowledged, the Service Center has compared those. */
  firstTold: Sha256 | null
  /** Own letters that nobody has acknowledged yet. */
  outbox: Map<Sha256, Letter>
  /** Letters of others, kept for them unopened, in the order in which they came. */
  mailbox: Map<string, KeptLetter>
  /** The number of the newest letter that was ever kept. */
  lastKept: number
  orders: {
    sequence: number
    queue: Order[]
    attempt: Attempt | null
    /** How the newest of those that are over have ended. */
    ended: Ended[]
    /** Cancelled before they came. */
    cancelled: OrderId[]
  }
  /** Rounds in which the operator's checks were asked; not in the ledger. */
  roundsOfChecks: number
  /** What those in line know of the orders that come first; not in the ledger. */
  following: Following
  /** What the members of its group have promised each other. */
  leases: Leases
  /** Control streams with the other members of its depot. */
  between: Map<PeerId, Between>
  /** How far the clock here was ahead of that of whoever holds the uplink; null before that one has told. */
  clockAheadMs: number | null
  /** As it was seen last; null until the first look. */
  machine: Machine | null
  /** Monotonic; when it is looked at again. */
  surveyAtMs: number
  /** By patch, what was found the last time, as it was told. */
  found: Map<Sha256, Found>
  looking: Looking
  /** Patches that count only after a restart of the machine: under which boot they were installed, and when. */
  restarts: Map<Sha256, { bootId: string; sinceMs: number }>
}

export type Appliance = Pick<AgentState, 'identity' | 'root' | 'random' | 'life' | 'settings' | 'membership' | 'dial'> &
  Partial<Pick<AgentState, 'release'>>

export const DEFAULT_SETTINGS: Settings = {
  // Fine enough for redials and progress, coarse enough that an idle agent costs next to nothing.
  tickMs: 500,
  primaryPatienceMs: 5_000,
  connectionsAtMost: 16,
  ...{ judgesSignatures: false, policyOwners: [] },
  silenceMs: SILENCE_MS,
  // A terabyte is read in less than six days.
  proveEveryMs: 7 * 24 * 3600 * 1000,
  proveBytesPerSecond: 2_000_000,
  seenWithinMs: 300_000,
  checks: [],
  hookSeconds: { release: null, takeBack: null },
}

/** The life of the Service Center's seed. */
export const GREETS_NOBODY: Life = '0'.repeat(32)

export function newAgent(appliance: Appliance): AgentState {
  return {
    ...{ release: null, ...appliance },
    addresses: [],
    clock: { monotonicMs: 0, wallMs: 0 },
    trust: newTrust(),
    roster: null,
    limits: NO_LIMITS,
    quiet: null,
    wanBudgetBytes: 0,
    replicas: new Map(),
    withdrawn: new Map(),
    proven: new Map(),
    proving: newProving(),
    endedUncleanly: false,
    holders: new Map(),
    importing: new Map(),
    uplink: { phase: 'down', retryAtMs: 0, failures: 0, reason: 'just started', last: null, since: 0 },
    timesHeld: 0,
    sources: new Map(),
    readers: new Map(),
    ...{ servedBytes: 0, servedBytesPerMs: 0 },
    copies: new Map(),
    left: new Map(),
    attached: new Map(),
    heardBelowMs: new Map(),
    ...{ counter: 0, gaps: [], firstTold: null },
    outbox: new Map(),
    ...{ mailbox: new Map(), lastKept: 0 },
    orders: { sequence: 0, queue: [], attempt: null, ended: [], cancelled: [] },
    roundsOfChecks: 0,
    following: newFollowing(),
    leases: newLeases(),
    between: new Map(),
    clockAheadMs: null,
    machine: null,
    surveyAtMs: 0,
    found: new Map(),
    looking: newLooking(),
    restarts: new Map(),
  }
}
