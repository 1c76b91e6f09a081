/**
 * What people and scripts are shown: the JSON of the API, worked out from the state. The page and the command line show
 * the same values, so there is one answer to every question.
 */
import type { DataCenterName, InstallId, OrganizationName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { type ApplianceCopy, applianceCopy } from './copies.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord, InstallRecord, PatchRecord, TargetState } from './records.ts'
import { byPlace, countReplications, type Replications, readiness, serviceProviderAppliances } from './replications.ts'
import { everEnrolled, type ServiceCenterState } from './state.ts'

export type PatchSummary = {
  id: Sha256
  name: string
  version: string
  bytes: number
  sha256: Sha256
  uploadedAt: string
  replications: Replications
}

/** `installed`: what each unpatched appliance has is in `installedVersion`; null and `unknown` count as unpatched. */
export type UnpatchedAppliance = {
  name: string
  dataCenter: string
  kind: string
  role: string
  detected: 'applicable' | 'unknown'
  installedVersion: string | null
  reason: string
}
export type UnpatchedOrganization = {
  organization: string
  patched: number
  total: number
  appliances: UnpatchedAppliance[]
}

export type PatchDetail = PatchSummary & {
  format: 'bundle' | 'deb'
  kind: string
  publisher: string
  restart: 'none' | 'service' | 'reboot'
  appliances: ApplianceCopy[]
  unpatched: UnpatchedOrganization[]
  /** Organizations all of whose appliances are patched, or for none of whose appliances the patch is meant. */
  patched: string[]
  notApplicable: string[]
  installs: InstallSummary[]
}

export type InstallSummary = {
  id: InstallId
  patch: Sha256
  name: string
  version: string
  state: InstallRecord['state']
  reason: string
  organizations: string[]
  dataCenter: string
  startedAt: string
  installed: number
  total: number
}
export type TargetView = {
  appliance: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  state: TargetState
  reason: string
  output: string
  installedVersion: string | null
}
export type InstallDetail = InstallSummary & { targets: TargetView[] }

export type ApplianceView = {
  name: string
  peer: PeerId
  organization: string
  dataCenter: string
  kind: string
  role: string
  group: string
  reachable: boolean
  lastSeenAt: string
  enrolledAt: string
}

/** What an admin is told before an install begins; `notReplicated` empty means there is no warning. */
export type InstallPreview = {
  targets: number
  notReplicated: ApplianceCopy[]
  /** Targets that begin as soon as the rollout allows, and those that are queued until their copy is proven. */
  ready: number
  queued: { appliance: string; organization: string; dataCenter: string; reason: string }[]
}

export function patchSummary(state: ServiceCenterState, record: PatchRecord): PatchSummary {
  const { name, version, bytes } = record.publication
  const { sha256 } = record
  const uploadedAt = new Date(record.uploadedAt).toISOString()
  return { id: sha256, name, version, bytes, sha256, uploadedAt, replications: countReplications(state, sha256) }
}

export function patchSummaries(state: ServiceCenterState): PatchSummary[] {
  return livePatches(state).map((record) => patchSummary(state, record))
}

/** `PATCH` of the command line: an id or NAME@VERSION. */
export function findPatch(state: ServiceCenterState, reference: string): PatchRecord | undefined {
  return livePatches(state).find(
    ({ sha256, publication: { name, version } }) => sha256 === reference || `${name}@${version}` === reference,
  )
}

export function patchDetail(
  state: ServiceCenterState,
  record: PatchRecord,
  dataCenter: DataCenterName | 'All' = 'All',
): PatchDetail {
  const { format, manifest } = record.publication
  const organizations = patchedByOrganization(state, record, dataCenter)
  const installs = [...state.installs.values()].filter(({ patch }) => patch === record.sha256)
  return {
    ...patchSummary(state, record),
    format,
    kind: manifest.kind,
    publisher: manifest.publisher,
    restart: manifest.impact.restart,
    appliances: serviceProviderAppliances(state).map((appliance) => applianceCopy(state, record.sha256, appliance)),
    unpatched: organizations.unpatched,
    patched: organizations.patched,
    notApplicable: organizations.notApplicable,
    installs: installs.map((install) => installSummary(state, install)).reverse(),
  }
}

/** Unknown counts as unpatched, so patched + unpatched + notApplicable are all organizations with appliances. */
function patchedByOrganization(state: ServiceCenterState, record: PatchRecord, dataCenter: DataCenterName | 'All') {
  const unpatched: UnpatchedOrganization[] = []
  const patched: string[] = []
  const notApplicable: string[] = []
  for (const [organization, appliances] of byOrganization(state, dataCenter)) {
    const detections = state.detections.get(record.sha256)
    const applicable = appliances.filter(({ peer }) => detections?.get(peer)?.result !== 'notApplicable')
    const missing = applicable.filter(({ peer }) => detections?.get(peer)?.result !== 'installed')
    if (applicable.length === 0) notApplicable.push(organization)
    else if (missing.length === 0) patched.push(organization)
    else {
      unpatched.push({
        organization,
        patched: applicable.length - missing.length,
        total: applicable.length,
        appliances: missing.map((appliance) => {
          const found = detections?.get(appliance.peer)
          const { name, kind, role } = appliance
          const detected = found?.result === 'applicable' ? 'applicable' : 'unknown'
          const reason = found?.reason ?? 'the appliance has not looked yet'
          return {
            name,
            dataCenter: appliance.dataCenter,
            kind,
            role,
            detected,
            installedVersion: found?.installedVersion ?? null,
            reason,
          }
        }),
      })
    }
  }
  return { unpatched, patched, notApplicable }
}

function byOrganization(
  state: ServiceCenterState,
  dataCenter: DataCenterName | 'All',
): Map<OrganizationName, ApplianceRecord[]> {
  const inScope = [...state.appliances.values()].filter(
    (appliance) => dataCenter === 'All' || appliance.dataCenter === dataCenter,
  )
  return Map.groupBy(inScope.sort(byPlace), ({ organization }) => organization)
}

/** `scope` as `appliancesInScope` found it. */
export function installPreview(
  state: ServiceCenterState,
  patch: Sha256,
  scope: readonly ApplianceRecord[],
  dataCenter: DataCenterName | 'All',
): InstallPreview {
  const depots = serviceProviderAppliances(state).filter(
    (depot) => dataCenter === 'All' || depot.dataCenter === dataCenter,
  )
  const concerned = new Set(scope.map((appliance) => appliance.dataCenter))
  const notReplicated = depots
    .filter((depot) => concerned.has(depot.dataCenter))
    .map((depot) => applianceCopy(state, patch, depot))
    .filter((copy) => copy.state !== 'replicated')
  const queued = scope.flatMap((appliance) => {
    const ready = readiness(state, patch, appliance)
    const { name, organization } = appliance
    return ready === true ? [] : [{ appliance: name, organization, dataCenter: appliance.dataCenter, reason: ready }]
  })
  return { targets: scope.length, notReplicated, ready: scope.length - queued.length, queued }
}

export function installSummary(state: ServiceCenterState, install: InstallRecord): InstallSummary {
  const targets = [...(state.targets.get(install.id)?.values() ?? [])]
  const publication = state.patches.get(install.patch)?.publication
  return {
    id: install.id,
    patch: install.patch,
    name: publication?.name ?? '',
    version: publication?.version ?? '',
    state: install.state,
    reason: install.reason,
    organizations: install.organizations,
    dataCenter: install.dataCenter,
    startedAt: new Date(install.startedAt).toISOString(),
    installed: targets.filter((target) => target.state === 'installed').length,
    total: targets.length,
  }
}

export function installSummaries(state: ServiceCenterState): InstallSummary[] {
  return [...state.installs.values()].map((install) => installSummary(state, install)).reverse()
}

export function installDetail(state: ServiceCenterState, install: InstallRecord): InstallDetail {
  const targets = [...(state.targets.get(install.id)?.values() ?? [])].flatMap((target): TargetView[] => {
    const appliance = everEnrolled(state, target.appliance)
    if (appliance === undefined) return []
    const { name, organization, dataCenter, kind, role } = appliance
    const { state: targetState, reason, output, installedVersion } = target
    return [
      { appliance: name, organization, dataCenter, kind, role, state: targetState, reason, output, installedVersion },
    ]
  })
  return { ...installSummary(state, install), targets }
}

export function applianceViews(state: ServiceCenterState): ApplianceView[] {
  return [...state.appliances.values()].sort(byPlace).map((appliance) => applianceView(state, appliance))
}

export function applianceView(state: ServiceCenterState, appliance: ApplianceRecord): ApplianceView {
  const { name, peer, organization, dataCenter, kind, role, group } = appliance
  return {
    ...{ name, peer, organization, dataCenter, kind, role, group },
    reachable: state.sessions.has(peer),
    lastSeenAt: new Date(appliance.lastSeenAt).toISOString(),
    enrolledAt: new Date(appliance.enrolledAt).toISOString(),
  }
}

/** The names of a drop-down: every Data Center with a Service Provider appliance or any other. */
export function dataCenters(state: ServiceCenterState): DataCenterName[] {
  return [...new Set([...state.appliances.values()].sort(byPlace).map(({ dataCenter }) => dataCenter))]
}

export function organizations(
  state: ServiceCenterState,
): { name: OrganizationName; isProvider: boolean; appliances: number }[] {
  return [...byOrganization(state, 'All')].map(([name, appliances]) => ({
    name,
    isProvider: appliances.some(({ kind }) => kind === SERVICE_PROVIDER),
    appliances: appliances.length,
  }))
}
