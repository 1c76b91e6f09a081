/**
 * The Service Center as plain data: the records of its database, and what it knows only while it runs. `apply` is the
 * one place where records change.
 */

import { unreachable } from '../../protocol/assert.ts'
import type { Clock } from '../../protocol/clock.ts'
import type {
  DataCenterName,
  InstallId,
  OrderId,
  PeerId,
  PublisherName,
  Sha256,
  WindowName,
} from '../../protocol/identifiers.ts'
import { SILENCE_MS } from '../../protocol/limits.ts'
import type { Greeting, Progress } from '../../protocol/messages.ts'
import type { Random } from '../../protocol/random.ts'
import type { SigningKey } from '../../protocol/trust/envelope.ts'
import type { Publisher } from '../../protocol/trust/publishers.ts'
import { NO_LIMITS } from '../../protocol/wan-limits.ts'
import type { ApplianceAccount } from './account.ts'
import { type ApprovalsState, noApprovals, takeAuthorization, takePolicy } from './approvals/state.ts'
import type { Baseline } from './baselines/baseline.ts'
import { type Censuses, keepCensus, placeKey } from './census.ts'
import type { Lives } from './cloned-keys.ts'
import type { Advisory, Severity } from './exposure/advisory.ts'
import { forgetProfile } from './exposure/profile.ts'
import { inner } from './nested-maps.ts'
import type {
  ApplianceRecord,
  Change,
  DetectionRecord,
  InstallRecord,
  LimitsRecord,
  OwnCopyRecord,
  PatchRecord,
  ReceiptRecord,
  TargetRecord,
  TokenRecord,
} from './records.ts'
import { applyRetention, newRetention, type RetentionState } from './retention/retention.ts'
import { isFinal, isUnderWay } from './rollout/install-states.ts'
import { isInFlight, isUnheard } from './rollout/ongoing.ts'
import { noteStanding, type Standings } from './standings.ts'
import { counting, patchesTold, type Tallies } from './tallies.ts'
import type { MaintenanceWindow } from './windows/window.ts'

export const SERVICE_CENTER = ''

/** One appliance that can be reached now. */
export type Session = {
  /** Whose control stream carries it: itself, or a member of its depot. */
  via: PeerId
  rosterVersion: number
  known: Set<Sha256>
  /** When the newest membership that it was sent was signed. */
  membershipAt: number
  /** After so much of it, it gives a connection up. */
  silenceMs: number
  /** Orders already sent in this session. */
  sent: Set<OrderId>
  /** Those of which it was told in this session that they are cancelled. */
  takenBack: Set<OrderId>
  /** The newest policy that it was sent, and the one that it has told it holds; 0 for none. */
  policySent: number
  policyHeld: number
  /** Patches that it was asked to copy in this session, ahead of a window. */
  copiesAhead: Set<Sha256>
}

export type ServiceCenterState = ApprovalsState & {
  readonly mesh: PeerId
  readonly signing: SigningKey
  readonly random: Random
  /** A control stream on which nothing was heard for so long is dead. */
  readonly silenceMs: number
  /** Null for the whole. What is made for somebody who may see a part of it (restricted-state.ts) has the whole here. */
  readonly whole: ServiceCenterState | null
  clock: Clock
  tokens: Map<PeerId, TokenRecord>
  /** The members of the fleet. */
  appliances: Map<PeerId, ApplianceRecord>
  /** Those that were: history speaks of them. */
  retired: Map<PeerId, ApplianceRecord>
  patches: Map<Sha256, PatchRecord>
  receipts: Map<Sha256, Map<PeerId, ReceiptRecord>>
  /** Of the Service Center itself, as far as anything was told of them; see own-copies.ts. */
  ownCopies: Map<Sha256, OwnCopyRecord>
  detections: Map<Sha256, Map<PeerId, DetectionRecord>>
  installs: Map<InstallId, InstallRecord>
  targets: Map<InstallId, Map<PeerId, TargetRecord>>
  /** Those of which something may still begin or end: the only ones that are looked at again and again. */
  open: Set<InstallId>
  /** Of installs that go together the one that continues each; worked out from them. */
  continuedBy: Map<InstallId, InstallId>
  /** Of them, by install and appliance, those that may be disrupted now: ordered, and not known to have ended. */
  unsettled: Map<string, TargetRecord>
  /** The same by appliance and install, so that nobody looks through all of them for each. */
  unsettledOn: Map<PeerId, Map<InstallId, TargetRecord>>
  /** Found from the records above, so that nobody counts them at each look. */
  readonly censuses: Censuses
  readonly tallies: Tallies
  readonly standings: Standings
  rosterVersions: Map<DataCenterName, number>
  limits: Map<LimitsRecord['place'], LimitsRecord>
  publishers: Map<PublisherName, Publisher>
  /** Maintenance windows and blackouts. */
  windows: Map<WindowName, MaintenanceWindow>
  /** By key. */
  baselines: Map<string, Baseline>
  advisories: Map<Sha256, Advisory>
  /** Those that were set; others are as usual. */
  dueDays: Map<Severity, number | null>
  readonly retention: RetentionState
  /** Since this process started: */
  /** Data Centers whose trading partners have changed, and which are told so at the next tick: many may enroll at once. */
  partnersChanged: Set<DataCenterName>
  sessions: Map<PeerId, Session>
  /** By tenant appliance, the depot members that say that its stream ends at them, the newest last, with its greeting. */
  attachments: Map<PeerId, Map<PeerId, Greeting>>
  progress: Map<Sha256, Map<PeerId, Progress>>
  /** What came to an appliance over the WAN before it was started again and told of less. */
  wanBytesBefore: Map<Sha256, Map<PeerId, number>>
  /** What appliances answered when they were asked after themselves. */
  accounts: Map<PeerId, ApplianceAccount>
  /** By the appliance at which a control stream begins, monotonic; when it said something last. */
  heardMs: Map<PeerId, number>
  /** What greetings have told of who has which key. */
  lives: Map<PeerId, Lives>
  /** Monotonic time since which nothing was heard about an order that is in flight. */
  silentSinceMs: Map<OrderId, number>
  /** Monotonic time since which an order has ended at the patch, by install, where that asks how long a wave stands. */
  standsSinceMs: Map<InstallId, Map<OrderId, number>>
}

export type Authority = { readonly mesh: PeerId; readonly signing: SigningKey }

export function emptyState(authority: Authority, random: Random, silenceMs = SILENCE_MS): ServiceCenterState {
  return {
    ...authority,
    random,
    silenceMs,
    whole: null,
    clock: { monotonicMs: 0, wallMs: 0 },
    tokens: new Map(),
    appliances: new Map(),
    retired: new Map(),
    patches: new Map(),
    ...{ receipts: new Map(), ownCopies: new Map() },
    detections: new Map(),
    ...{ installs: new Map(), targets: new Map() },
    ...{ open: new Set(), continuedBy: new Map() },
    ...{ unsettled: new Map(), unsettledOn: new Map() },
    censuses: new WeakMap(),
    tallies: new Map(),
    standings: { newest: new Map(), unfinished: new Map() },
    ...{ rosterVersions: new Map(), limits: new Map() },
    ...{ publishers: new Map(), windows: new Map(), baselines: new Map() },
    ...{ advisories: new Map(), dueDays: new Map(), retention: newRetention() },
    ...noApprovals(),
    partnersChanged: new Set(),
    sessions: new Map(),
    attachments: new Map(),
    progress: new Map(),
    wanBytesBefore: new Map(),
    ...{ accounts: new Map(), heardMs: new Map(), lives: new Map() },
    ...{ silentSinceMs: new Map(), standsSinceMs: new Map() },
  }
}

export function apply(state: ServiceCenterState, change: Change): void {
  switch (change.table) {
    case 'tokens':
      state.tokens.set(change.row.enrollingPeer, change.row)
      break
    case 'appliances':
      takeAppliance(state, change.row)
      break
    case 'patches':
      state.patches.set(change.row.sha256, change.row)
      if (change.row.withdrawal !== null) state.progress.delete(change.row.sha256)
      break
    case 'ownCopies':
      state.ownCopies.set(change.row.sha256, change.row)
      break
    case 'receipts':
      counting(state, change.row.peer, [change.row.sha256], () =>
        inner(state.receipts, change.row.sha256).set(change.row.peer, change.row),
      )
      break
    case 'detections':
      forgetProfile(state, change.row.sha256)
      counting(state, change.row.peer, [change.row.sha256], () =>
        inner(state.detections, change.row.sha256).set(change.row.peer, change.row),
      )
      break
    case 'installs':
      state.installs.set(change.row.id, change.row)
      if (isUnderWay(change.row.state)) state.open.add(change.row.id)
      if (change.row.continues !== null) state.continuedBy.set(change.row.continues, change.row.id)
      break
    case 'targets':
      inner(state.targets, change.row.install).set(change.row.appliance, change.row)
      noteUnsettled(state, change.row)
      if (!isFinal(change.row.state)) state.open.add(change.row.install)
      noteStanding(state.standings, state.installs, change.row)
      break
    case 'rosters':
      state.rosterVersions.set(change.row.dataCenter, change.row.version)
      break
    case 'limits':
      state.limits.set(change.row.place, change.row)
      break
    case 'publishers':
      setOrDelete(state.publishers, change.row.name, change.row.publisher)
      break
    case 'windows':
      setOrDelete(state.windows, change.row.name, change.row.window)
      break
    case 'baselines':
      setOrDelete(state.baselines, change.row.key, change.row.baseline)
      break
    case 'advisories':
      state.advisories.set(change.row.patch, change.row)
      break
    case 'retention':
    case 'pins':
      applyRetention(state.retention, change)
      break
    case 'dueDays':
      state.dueDays.set(change.row.severity, change.row.days)
      break
    case 'policies':
      takePolicy(state, change.row)
      break
    case 'authorizations':
      takeAuthorization(state, change.row)
      break
    case 'statements':
    case 'audit':
      break
    default:
      unreachable(change)
  }
}

/** Null for what was removed. */
function setOrDelete<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}

/** Most changes are a contact; only a new appliance, place or epoch, or one less, can change what is counted. */
function takeAppliance(state: ServiceCenterState, row: ApplianceRecord): void {
  const { peer, retiredAt } = row
  const before = state.appliances.get(peer)
  keepCensus(state, before, retiredAt === null ? row : undefined)
  const isAlike =
    before !== undefined && retiredAt === null && before.epoch === row.epoch && placeKey(before) === placeKey(row)
  counting(state, peer, isAlike ? [] : patchesTold(state, peer), () => {
    if (retiredAt === null) state.appliances.set(peer, row)
    else state.appliances.delete(peer)
  })
  if (retiredAt !== null) retire(state, row)
}

/** Whoever is retired is counted, told and shown nowhere, except where the past is told. */
function retire(state: ServiceCenterState, appliance: ApplianceRecord): void {
  state.retired.set(appliance.peer, appliance)
  state.sessions.delete(appliance.peer)
  state.attachments.delete(appliance.peer)
  state.accounts.delete(appliance.peer)
  state.lives.delete(appliance.peer)
}

/** A member of the fleet, or one that was. */
export function everEnrolled(state: ServiceCenterState, peer: PeerId): ApplianceRecord | undefined {
  return state.appliances.get(peer) ?? state.retired.get(peer)
}

function noteUnsettled(state: ServiceCenterState, target: TargetRecord): void {
  const key = `${target.install} ${target.appliance}`
  if (isInFlight(target) || isUnheard(target)) {
    state.unsettled.set(key, target)
    inner(state.unsettledOn, target.appliance).set(target.install, target)
  } else {
    state.unsettled.delete(key)
    state.unsettledOn.get(target.appliance)?.delete(target.install)
    if (target.order !== null) state.silentSinceMs.delete(target.order.id)
  }
}

/** Where nobody set any, there are none. */
export function limitsOf(state: ServiceCenterState, place: LimitsRecord['place']): LimitsRecord {
  return state.limits.get(place) ?? { ...NO_LIMITS, place, trades: true }
}
