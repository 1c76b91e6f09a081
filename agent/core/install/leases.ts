/**
 * What an appliance has promised to the other members of its group, and what it has asked of them: plain data that
 * survives a crash. It begins nothing that interrupts it while it has promised to serve (`granted`), nor without the
 * fresh promise of every other member (leasing.ts). No timer ends a promise: a signed release does, a promise of the
 * member that has it, or a roster in which that one is not any more.
 */
import type { OrderId, PatchName, PeerId } from '../../../protocol/identifiers.ts'
import { nextWord, type Random } from '../../../protocol/random.ts'
import { type Envelope, seal } from '../../../protocol/trust/envelope.ts'
import { LeaseRelease } from '../../../protocol/trust/pair-statements.ts'
import type { AgentState } from '../state.ts'

export type Leases = {
  /** The highest number that was heard of, or given. */
  number: number
  /** Who may be interrupted now, and for which order. */
  granted: Grant | null
  /** The order for which this appliance has asked, and may have been promised something. */
  asked: { readonly order: OrderId; readonly number: number } | null
  /** Releases that the other members have not acknowledged: to each the newest. */
  owed: Owed[]
  /** Monotonic; when those are sent again. */
  sendAtMs: number
  /** Monotonic; before that whoever has the promise is not reminded of it again. */
  remindAtMs: number
  /** An install of this patch failed here and could not be put back; see broken.ts. */
  broken: { readonly name: PatchName; readonly reason: string } | null
}

/** `since` is wall time. */
export type Grant = { readonly to: PeerId; readonly order: OrderId; readonly number: number; readonly since: number }
export type Owed = {
  readonly to: PeerId
  readonly order: OrderId
  readonly number: number
  readonly releasedAt: number
}
export type Peer = { readonly peer: PeerId; readonly name: string }

const NONCE_WORDS = 4

export function newNonce(random: Random): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: NONCE_WORDS }, () => nextWord(random)).buffer)
}

export function newLeases(): Leases {
  return { number: 0, granted: null, asked: null, owed: [], sendAtMs: 0, remindAtMs: 0, broken: null }
}

/** The other members of its group, or null while no roster has come. */
export function groupPeers({ roster }: AgentState): readonly Peer[] | null {
  return roster?.group ?? null
}

export function peerCalled(state: AgentState, peer: PeerId): Peer | undefined {
  return groupPeers(state)?.find((one) => one.peer === peer)
}

/** The promise that binds this appliance now; one to a machine that has left the group binds nobody. */
export function promised(state: AgentState): { grant: Grant; to: Peer } | null {
  const { granted: grant } = state.leases
  const to = grant === null ? undefined : peerCalled(state, grant.to)
  return grant === null || to === undefined ? null : { grant, to }
}

export function sealRelease(state: AgentState, owed: Owed): Envelope {
  return seal(LeaseRelease, { from: state.identity.peer, ...owed }, state.identity)
}
