/**
 * Whom this appliance may talk to, from its signed roster: who may connect, where somebody can be dialled, and which
 * peers a patch can be pulled from. A policy in one place; nothing here changes the state.
 */
import { type DataCenterName, type DialAddress, type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { Membership, RosterMember } from '../../protocol/trust/statements.ts'
import { blamedUntil } from './blame.ts'
import type { AgentEffect } from './events.ts'
import type { Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** A primary that does not answer may be restarting, and is waited for so long. */
const RESTART_MS = 2_000

/** Members of this appliance's depot, without itself. */
export function depotMembers(state: AgentState): RosterMember[] {
  const { membership, roster } = state
  return (roster?.members ?? []).filter(
    ({ kind, dataCenter }) => kind === SERVICE_PROVIDER && dataCenter === membership?.dataCenter,
  )
}

/** Whether what comes from this peer, or goes there, crosses the WAN. */
export function isOverWan(state: AgentState, peer: PeerId): boolean {
  const member = state.roster?.members.find((one) => one.peer === peer)
  return state.membership === null || member === undefined || member.dataCenter !== state.membership.dataCenter
}

/**
 * Whom to trade with: of each neighbouring Data Center the primary, or its next member while that cannot be reached. The
 * roster names the permitted ones; who can be reached is found by dialling, and an estate of spokes has none.
 */
function tradingPartners(state: AgentState): PeerId[] {
  const partners = new Map<DataCenterName, PeerId>()
  for (const role of ['primary', 'secondary'] as const) {
    for (const { peer, kind, dataCenter, role: other } of state.roster?.members ?? []) {
      if (kind !== SERVICE_PROVIDER || other !== role || dataCenter === state.membership?.dataCenter) continue
      const before = partners.get(dataCenter)
      if (before === undefined || isUnreachable(state, before)) partners.set(dataCenter, peer)
    }
  }
  return [...partners.values()]
}

/** Those that a primary pulls from over the WAN, to be looked at before there is anything to pull. */
export function introductions(state: AgentState): AgentEffect[] {
  if (state.membership?.kind !== SERVICE_PROVIDER || state.membership.role !== 'primary') return []
  const sources = [state.membership.serviceCenter, ...tradingPartners(state)]
  const peers = sources.map((peer) => ({ peer, addresses: addressesOf(state, peer) }))
  const reachable = peers.filter(({ addresses }) => addresses.length > 0)
  return reachable.length === 0 ? [] : [{ kind: 'probe', peers: reachable }]
}

function isUnreachable(state: AgentState, peer: PeerId): boolean {
  const source = state.sources.get(peer)
  return source !== undefined && source.phase !== 'open' && source.failures > 0
}

export function addressesOf(state: AgentState, peer: PeerId): DialAddress[] {
  const known = state.roster?.members.find((member) => member.peer === peer)?.addresses ?? []
  const fromRoster = known.map((address) => `${address}/p2p/${peer}` as DialAddress)
  const fromToken = state.dial.filter((address) => address.endsWith(`/p2p/${peer}`))
  return [...new Set([...fromRoster, ...fromToken])]
}

/**
 * The peers that this patch may be pulled from. Every appliance takes from the depot of its own Data Center; the
 * primary also from the Service Center, so that each piece crosses the WAN once. A secondary goes over the WAN itself
 * when nothing inside has moved for a while, the next secondary after twice that while, and so on; and at once when its
 * primary sends wrong pieces.
 */
export function sourcesFor(state: AgentState, replica: Replica): PeerId[] {
  if (state.membership === null) return [...(state.holders.get(replica.publication.sha256) ?? [])]
  const depot = depotMembers(state)
  const sources = depot.map(({ peer }) => peer)
  if (pullsOverWan(state, state.membership, depot, replica))
    sources.push(state.membership.serviceCenter, ...tradingPartners(state))
  return sources
}

function pullsOverWan(
  state: AgentState,
  membership: Membership,
  depot: readonly RosterMember[],
  replica: Replica,
): boolean {
  // What somebody brings on a disk need not cross the WAN as well.
  if (membership.kind !== SERVICE_PROVIDER || state.importing.has(replica.publication.sha256)) return false
  const primary = depot.find(({ role }) => role === 'primary')
  if (membership.role === 'primary' || primary === undefined) return true
  // A primary that sent wrong pieces is not waited for.
  if (isDoubted(state, primary.peer, replica)) return true
  const secondaries = depot.filter(({ role, name }) => role === 'secondary' && name < membership.name)
  const patience = isUnreachable(state, primary.peer) ? RESTART_MS : state.settings.primaryPatienceMs
  const patienceMs = patience * (secondaries.length + 1)
  return state.clock.monotonicMs - replica.localProgressAtMs > patienceMs
}

function isDoubted({ sources, clock }: AgentState, peer: PeerId, { publication }: Replica): boolean {
  const source = sources.get(peer)
  if (source === undefined) return false
  const isBlamed = blamedUntil(source.blame, publication.sha256, clock.monotonicMs) !== null
  return isBlamed || source.quarantinedUntilMs > clock.monotonicMs
}

/**
 * The allow-list for the network: members may open everything they are entitled to, the others only enrollment. The Service Center
 * asks for pieces where its own copy is not right.
 */
export function admission(state: AgentState): AgentEffect {
  const members = new Set((state.roster?.members ?? []).map(({ peer }) => peer))
  if (state.membership?.kind === SERVICE_PROVIDER) members.add(state.membership.serviceCenter)
  return { kind: 'admit', members, enrolling: new Set(state.roster?.enrolling) }
}

/** Appliances that reach the Service Center through this one; members of other depots come for pieces only. */
export function mayAttach(state: AgentState, peer: PeerId): boolean {
  const member = state.roster?.members.find((one) => one.peer === peer)
  return member !== undefined && member.kind !== SERVICE_PROVIDER
}
