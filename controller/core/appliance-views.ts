/**
 * What people and scripts are shown of appliances: the inventory with its filters and its order, one appliance in full,
 * and the tokens that are still open. A list is filtered and cut to a page before anything is worked out for its rows.
 */
import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import { type PeerId, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { compareVersions } from '../../protocol/version-order.ts'
import type { ApplianceAccount } from './account.ts'
import { byPlace } from './census.ts'
import { type ApplianceCopy, applianceCopy, incoming, nameOf } from './copies.ts'
import { isOpen } from './membership.ts'
import { seenAt } from './patch-views.ts'
import { whatIsLost } from './places.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord, DetectionRecord, PatchRecord } from './records.ts'
import type { TargetState } from './rollout/install-states.ts'
import { everEnrolled, type ServiceCenterState } from './state.ts'
import { type ApplianceView, applianceView } from './views.ts'

export const SORT_KEYS = ['dataCenter', 'name', 'organization', 'kind', 'role', 'group', 'lastSeen', 'version'] as const
export type SortKey = (typeof SORT_KEYS)[number]

export type InventoryQuery = {
  /** In any of the words of a row. */
  search: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  reachable: 'yes' | 'no' | ''
  members: 'now' | 'retired'
  sort: SortKey
  order: 'up' | 'down'
}

export type AccountView = {
  agentVersion: string
  storeBytes: number
  freeBytes: number
  toldAt: string
  /** Whose packages it takes; empty where it has not told. */
  architectures: string[]
  /** What was installed there wants it restarted: since when, and what does. */
  restartDue: { since: string; wantedBy: string[] } | null
  /** How far its clock is ahead of the Service Center's; behind where it is below 0. */
  clockAheadSeconds: number
}
export type InstalledVersion = { patch: string; version: string }
export type InventoryRow = ApplianceView & {
  /** As it told itself, or null where it has not answered since the Service Center started. */
  account: AccountView | null
  /** What it was seen to have installed, newest first; of patches that are there now. */
  versions: InstalledVersion[]
  /** What arrives of all patches together, and from whom. */
  bytesPerSecond: number
  sources: string[]
  retiredAt: string | null
  /** When it looked again at everything that is installed; null before the first time. */
  lookedAt: string | null
  /** When it noticed that its ledger was lost or is an older one; null where it never was. */
  ledgerLostAt: string | null
}

export type PatchOnAppliance = { id: Sha256; name: string; version: string; architecture: string | null }
export type ApplianceDetail = InventoryRow & {
  epoch: number
  addresses: string[]
  copies: (PatchOnAppliance & Pick<ApplianceCopy, CopyField>)[]
  detections: (PatchOnAppliance &
    Pick<DetectionRecord, 'result' | 'installedVersion' | 'reason'> & {
      /** When it was found so first. */
      detectedAt: string
      /** When it was last seen to be so still. */
      seenAt: string
    })[]
  installs: (PatchOnAppliance & AppliancePart)[]
  /** What nobody does any more when it is retired, as a sentence; null where others stand in for it. */
  lastMember: string | null
}
type CopyField = 'state' | 'bytes' | 'bytesLeft' | 'bytesPerSecond' | 'sources' | 'secondsLeft' | 'provenAt' | 'reason'
type AppliancePart = {
  install: string
  state: TargetState
  reason: string
  output: string
  installedVersion: string | null
  changedAt: string
}

/** Told once: the text of the token is kept nowhere. */
export type ShownToken = { id: PeerId; name: string; token: string; command: string; expiresAt: string }

export type OpenToken = {
  id: PeerId
  name: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  group: string
  issuedAt: string
  expiresAt: string
  /** The name of the appliance whose place it is for, or null. */
  replaces: string | null
}

type Members = Pick<InventoryQuery, 'members'>

/** The fleet, or those that were of it. */
export function inventory(state: ServiceCenterState, { members }: Members): ReadonlyMap<PeerId, ApplianceRecord> {
  return members === 'now' ? state.appliances : state.retired
}

/** Those that the query asks for, in its order. */
export function chosenAppliances(state: ServiceCenterState, query: InventoryQuery): ApplianceRecord[] {
  return [...inventory(state, query).values()]
    .filter((appliance) => isChosen(state, query, appliance))
    .sort(inOrder(state, query))
}

export function inventoryRows(state: ServiceCenterState, appliances: readonly ApplianceRecord[]): InventoryRow[] {
  const patches = livePatches(state)
  return appliances.map((appliance) => inventoryRow(state, appliance, patches))
}

function isChosen(state: ServiceCenterState, query: InventoryQuery, appliance: ApplianceRecord): boolean {
  for (const key of ['organization', 'dataCenter', 'kind', 'role'] as const)
    if (query[key] !== '' && appliance[key] !== query[key]) return false
  if (query.reachable !== '' && state.sessions.has(appliance.peer) !== (query.reachable === 'yes')) return false
  if (query.search === '') return true
  const { name, organization, dataCenter, kind, role, group, peer } = appliance
  const words = [name, organization, dataCenter, kind, role, group, peer, versionOf(state, appliance)]
  const wanted = query.search.toLowerCase()
  return words.some((word) => word.toLowerCase().includes(wanted))
}

function inOrder(state: ServiceCenterState, { sort, order }: InventoryQuery) {
  const direction = order === 'up' ? 1 : -1
  return (left: ApplianceRecord, right: ApplianceRecord): number => {
    if (sort === 'version') {
      const order = compareVersions(versionOf(state, left), versionOf(state, right))
      return order === 0 ? byPlace(left, right) : order * direction
    }
    const [one, other] = [sortValue(state, left, sort), sortValue(state, right, sort)]
    return one === other ? byPlace(left, right) : one < other ? -direction : direction
  }
}

function sortValue(
  state: ServiceCenterState,
  appliance: ApplianceRecord,
  sort: Exclude<SortKey, 'version'>,
): string | number {
  if (sort === 'lastSeen') return state.sessions.has(appliance.peer) ? Number.MAX_SAFE_INTEGER : appliance.lastSeenAt
  return appliance[sort]
}

function versionOf(state: ServiceCenterState, { peer }: ApplianceRecord): string {
  return state.accounts.get(peer)?.agentVersion ?? ''
}

function inventoryRow(
  state: ServiceCenterState,
  appliance: ApplianceRecord,
  patches: readonly PatchRecord[],
): InventoryRow {
  const arriving =
    appliance.kind === SERVICE_PROVIDER ? patches.map(({ sha256 }) => incoming(state, sha256, appliance)) : []
  const sources = new Set(arriving.flatMap((copy) => copy.sources))
  const account = state.accounts.get(appliance.peer)
  return {
    ...applianceView(state, appliance),
    account: account === undefined ? null : accountView(account),
    versions: versionsOn(state, appliance.peer, patches),
    bytesPerSecond: arriving.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0),
    sources: [...sources].flatMap((peer) => nameOf(state, peer) ?? []),
    retiredAt: appliance.retiredAt === null ? null : new Date(appliance.retiredAt).toISOString(),
    lookedAt: appliance.lookedAt === 0 ? null : new Date(appliance.lookedAt).toISOString(),
    ledgerLostAt: appliance.ledgerLostAt === 0 ? null : new Date(appliance.ledgerLostAt).toISOString(),
  }
}

function accountView({ machine, clockAheadMs, toldAt, ...account }: ApplianceAccount): AccountView {
  const due = machine?.restartDue ?? null
  return {
    ...account,
    toldAt: iso(toldAt),
    architectures: [...(machine?.architectures ?? [])],
    restartDue: due === null ? null : { since: iso(due.sinceMs), wantedBy: [...due.wantedBy] },
    clockAheadSeconds: Math.round(clockAheadMs / 1000),
  }
}

/** One version for each name: the one that was seen last. */
function versionsOn(state: ServiceCenterState, peer: PeerId, patches: readonly PatchRecord[]): InstalledVersion[] {
  const seen = patches.flatMap(({ sha256, publication }) => {
    const found = state.detections.get(sha256)?.get(peer)
    const version = found?.installedVersion ?? null
    return found === undefined || version === null
      ? []
      : [{ patch: publication.name as string, version, at: found.detectedAt }]
  })
  const newest = new Map<string, string>()
  for (const { patch, version } of seen.sort((left, right) => right.at - left.at))
    if (!newest.has(patch)) newest.set(patch, version)
  return [...newest].map(([patch, version]) => ({ patch, version }))
}

/** `reference` is a name of now, or a peer id of now or of the past. */
export function findAppliance(state: ServiceCenterState, reference: string): ApplianceRecord | undefined {
  return (
    everEnrolled(state, reference as PeerId) ?? [...state.appliances.values()].find(({ name }) => name === reference)
  )
}

export function applianceDetail(state: ServiceCenterState, appliance: ApplianceRecord): ApplianceDetail {
  const { peer, epoch, addresses, retiredAt } = appliance
  const patches = livePatches(state)
  return {
    ...inventoryRow(state, appliance, patches),
    epoch,
    addresses,
    copies: appliance.kind === SERVICE_PROVIDER && retiredAt === null ? copiesOn(state, appliance) : [],
    detections: patches.flatMap((patch) => {
      const found = state.detections.get(patch.sha256)?.get(peer)
      if (found === undefined) return []
      const { result, installedVersion, reason, detectedAt } = found
      const times = { detectedAt: iso(detectedAt), seenAt: seenAt(found, appliance) }
      return [{ ...named(state, patch.sha256), result, installedVersion, reason, ...times }]
    }),
    installs: installsOn(state, peer),
    lastMember: retiredAt === null ? whatIsLost(state, appliance) : null,
  }
}

function copiesOn(state: ServiceCenterState, appliance: ApplianceRecord): ApplianceDetail['copies'] {
  return livePatches(state).map(({ sha256 }) => {
    const copy = applianceCopy(state, sha256, appliance)
    const { bytes, bytesLeft, bytesPerSecond, sources, secondsLeft, provenAt, reason } = copy
    return {
      ...named(state, sha256),
      state: copy.state,
      bytes,
      bytesLeft,
      bytesPerSecond,
      sources,
      secondsLeft,
      provenAt,
      reason,
    }
  })
}

function installsOn(state: ServiceCenterState, peer: PeerId): ApplianceDetail['installs'] {
  return [...state.installs.values()].reverse().flatMap((install) => {
    const target = state.targets.get(install.id)?.get(peer)
    if (target === undefined) return []
    const { reason, output, installedVersion, changedAt } = target
    const part = { install: install.id, state: target.state, reason, output, installedVersion }
    return [{ ...named(state, install.patch), ...part, changedAt: iso(changedAt) }]
  })
}

function named(state: ServiceCenterState, id: Sha256): PatchOnAppliance {
  const publication = state.patches.get(id)?.publication
  const architecture = publication === undefined ? null : architectureOf(publication.manifest)
  return { id, name: publication?.name ?? '', version: publication?.version ?? '', architecture }
}

export function openTokens(state: ServiceCenterState): OpenToken[] {
  return [...state.tokens.values()]
    .filter((token) => isOpen(state, token))
    .sort(endingFirst)
    .map(({ enrollingPeer, name, organization, dataCenter, kind, role, group, issuedAt, expiresAt, replaces }) => ({
      ...{ id: enrollingPeer, name, organization, dataCenter, kind, role, group },
      ...{ issuedAt: iso(issuedAt), expiresAt: iso(expiresAt) },
      replaces: replaces === null ? null : (everEnrolled(state, replaces)?.name ?? null),
    }))
}

function endingFirst(left: { expiresAt: number; name: string }, right: { expiresAt: number; name: string }): number {
  return left.expiresAt - right.expiresAt || (left.name < right.name ? -1 : 1)
}

/** All words of the inventory that a filter offers. */
export function inventoryWords(state: ServiceCenterState, members: Members) {
  const words = (key: 'organization' | 'dataCenter' | 'kind'): string[] =>
    [...new Set([...inventory(state, members).values()].map((appliance): string => appliance[key]))].sort()
  return { organizations: words('organization'), dataCenters: words('dataCenter'), kinds: words('kind') }
}
export type InventoryWords = ReturnType<typeof inventoryWords>

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
