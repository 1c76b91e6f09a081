/**
 * Facts for the tables of the rollout's policies: a pair of Acme in Paris whose secondary could begin at once, and what a
 * row changes of that.
 */
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../../../controller/core/records.ts'
import { type Ongoing, occupy, takeTurn } from '../../../controller/core/rollout/ongoing.ts'
import type { Policy } from '../../../controller/core/rollout/policies/policy.ts'
import type { TargetFacts } from '../../../controller/core/rollout/target-facts.ts'
import { NO_WAVES, type Waves } from '../../../controller/core/rollout/waves.ts'
import { NONE_APPLY } from '../../../controller/core/windows/room.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  type InstallId,
  type OrderId,
  OrganizationName,
  type PeerId,
} from '../../../protocol/identifiers.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'

export const NOON = Date.parse('2026-11-30T12:00:00.000Z')
export const HOUR_MS = 3_600_000

const { publication } = symbolicPatch()
const envelope = { payloadType: 'order', payload: new Uint8Array(), signatures: [] } as unknown as NonNullable<
  TargetRecord['order']
>['envelope']

export function appliance(
  name: string,
  {
    organization = 'Acme',
    dataCenter = 'Paris',
    kind = 'tenant',
    ...rest
  }: Partial<Record<string, string>> & {
    heldAt?: never
  } = {},
): ApplianceRecord {
  return {
    name: ApplianceName.parse(name),
    organization: OrganizationName.parse(organization),
    dataCenter: DataCenterName.parse(dataCenter),
    kind: ApplianceKind.parse(kind),
    role: name.endsWith('primary') ? 'primary' : 'secondary',
    group: GroupName.parse(rest['group'] ?? kind),
    peer: `peer of ${name}` as PeerId,
    epoch: 1,
    enrolledAt: 0,
    membership: envelope,
    membershipAt: 0,
    addresses: [],
    orderSequence: 0,
    lastSeenAt: NOON,
    lookedAt: NOON,
    lookedCounter: 0,
    heldAt: null,
    ledgerLostAt: 0,
    ledgerLostCounter: 0,
    retiredAt: null,
  }
}

export const install: InstallRecord = {
  id: 'the install' as InstallId,
  patch: publication.sha256,
  organizations: [OrganizationName.parse('Acme')],
  dataCenter: 'All',
  allowOutage: false,
  outsideWindows: false,
  state: 'running',
  reason: '',
  startedAt: NOON - HOUR_MS,
  startedBy: 'ann',
  deadlineAt: NOON + 23 * HOUR_MS,
  continues: null,
  waveSoakSeconds: 0,
  run: 1,
}

/** Of a target that waits, or that was ordered where the row says how far it is. */
export function target(of: ApplianceRecord, row: Partial<TargetRecord> = {}): TargetRecord {
  return {
    install: install.id,
    appliance: of.peer,
    state: 'queued',
    reason: '',
    refusal: null,
    output: '',
    installedVersion: null,
    order:
      row.state === undefined || row.state === 'queued' ? null : { id: `order to ${of.name}` as OrderId, envelope },
    counter: 0,
    changedAt: NOON,
    run: 1,
    wave: null,
    ...{ stoodAt: null, orderedAt: null, beganAt: null, phaseTimes: {} },
    ...row,
  }
}

export function facts(of: ApplianceRecord, changed: Partial<TargetFacts> = {}): TargetFacts {
  return {
    target: target(of),
    appliance: of,
    waitsForPeer: false,
    goesOnFrom: null,
    unapproved: null,
    companions: [],
    ready: true,
    reachable: true,
    missingPeers: [],
    lackingPeers: [],
    hasPeers: true,
    doubtful: null,
    peerVersions: [],
    windows: NONE_APPLY,
    membersLeft: 1,
    isProvider: false,
    isRelaying: false,
    clockAheadMs: 0,
    ...changed,
  }
}

export type Around = {
  readonly fact?: Partial<TargetFacts>
  readonly install?: Partial<InstallRecord>
  readonly manifest?: Parameters<typeof manifest>[0]
  /** Who has an order in flight. */
  readonly inFlight?: readonly ApplianceRecord[]
  /** Who is at it for the same install. */
  readonly begun?: readonly ApplianceRecord[]
  /** Of whom nothing is heard, by key. */
  readonly silent?: Ongoing['silent']
  readonly waves?: Waves
}

function manifest(words: NonNullable<Parameters<typeof symbolicPatch>[0]>['manifest'] = {}): Manifest {
  return symbolicPatch({ manifest: words }).publication.manifest
}

export const secondary = appliance('paris/acme/secondary')
export const primary = appliance('paris/acme/primary')

/** What the policy says of the secondary. */
export function judged(policy: Policy, around: Around = {}): string | null {
  const ongoing: Ongoing = { groups: new Map(), begun: new Set(), sites: new Map(), silent: around.silent ?? new Map() }
  for (const busy of around.inFlight ?? []) occupy(ongoing, busy)
  for (const first of around.begun ?? []) takeTurn(ongoing, first)
  return policy(
    {
      fact: facts(around.fact?.appliance ?? secondary, around.fact),
      install: { ...install, ...around.install },
      manifest: manifest(around.manifest),
      ongoing,
      waves: around.waves ?? NO_WAVES,
    },
    { wallMs: NOON, monotonicMs: HOUR_MS },
  )
}
