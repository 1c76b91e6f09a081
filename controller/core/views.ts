/**
 * What people and scripts are shown of installs, appliances and organizations: the JSON of the API, worked out from the
 * state; patch-views.ts has that of patches. The page and the command line show the same values, so there is one answer
 * to every question.
 */
import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import type { DataCenterName, InstallId, OrganizationName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { type AuthorizationView, authorizationViews } from './approvals/authorizing.ts'
import { appliancesByPlace, censusOf } from './census.ts'
import { type ApplianceCopy, applianceCopy } from './copies.ts'
import { whyKeyIsHeld } from './held-keys.ts'
import { type InstallProgress, progressOf } from './install-progress.ts'
import type { ApplianceRecord, InstallRecord, PatchRecord } from './records.ts'
import { readiness, serviceProviderAppliances } from './replications.ts'
import { earlierThan, laterThan, titleOfPatch } from './rollout/companions.ts'
import { confirmationOf } from './rollout/confirming.ts'
import { joinedLater } from './rollout/extending.ts'
import type { InstallPlan } from './rollout/install-plan.ts'
import type { TargetState } from './rollout/install-states.ts'
import { targetsOf } from './rollout/ongoing.ts'
import { asThere, pathTo } from './rollout/path.ts'
import { inOrder } from './rollout/plan.ts'
import {
  goingBack,
  hindered,
  meantAppliances,
  type NamedReason,
  waitingForWindows,
  withoutPeer,
} from './rollout/previewing.ts'
import { providersOf } from './rollout/target-facts.ts'
import { forecast } from './rollout/waves.ts'
import { everEnrolled, type ServiceCenterState } from './state.ts'
import { mixedPairs, mixedSentence } from './troubles.ts'

export type InstallSummary = {
  id: InstallId
  patch: Sha256
  name: string
  version: string
  architecture: string | null
  state: InstallRecord['state']
  reason: string
  organizations: string[]
  dataCenter: string
  startedAt: string
  /** Null where an earlier release started it. */
  startedBy: string | null
  installed: number
  total: number
  /** Of each pair whose members it has left unequal, who has the patch and who has not, as a sentence. */
  mixed: string[]
  /** All that go in the same interruption of each pair, in order, this one too; empty where it goes alone. */
  together: { install: InstallId; patch: string }[]
}
export type TargetView = {
  appliance: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  state: TargetState
  /** An order is out, so it may begin at any moment. */
  ordered: boolean
  reason: string
  output: string
  installedVersion: string | null
  /** In which wave it was ordered, or would be if all went well: 1 is the first pair, 2 one Data Center, then wider. */
  wave: number
  /** Until what comes then: it has the patch, or what it waits for; null where nobody knows. */
  secondsLeft: number | null
  leftUntil: string
}
/** One that joined the fleet after the install had begun, and is not included in it. */
export type JoinedView = { appliance: string; organization: string; dataCenter: string; kind: string; role: string }
/** What approvers are asked for, without what they sign. */
export type ApprovalView = Omit<AuthorizationView, 'digest' | 'document'>

export type InstallDetail = InstallSummary &
  InstallProgress & { approvals: ApprovalView[]; targets: TargetView[]; joinedLater: JoinedView[] }

export type ApplianceView = {
  name: string
  peer: PeerId
  organization: string
  dataCenter: string
  kind: string
  role: string
  group: string
  reachable: boolean
  /** Why its key is held, or null: two machines use it. */
  held: string | null
  lastSeenAt: string
  enrolledAt: string
}

/** What an admin is told before an install begins; `notReplicated` empty means there is no warning. */
export type InstallPreview = {
  targets: number
  /** To be sent with what is asked for, so that it is done to what is shown here and to nothing else. */
  confirmation: Sha256
  notReplicated: ApplianceCopy[]
  /** Targets that begin as soon as the rollout allows, and those that are queued until their copy is proven. */
  ready: number
  queued: NamedReason[]
  /** Of those that it would interrupt, who has no peer to stand in: they wait for somebody who allows an outage. */
  withoutPeer: NamedReason[]
  /** Who waits for a maintenance window, or for the end of a blackout. */
  outsideWindows: NamedReason[]
  /** In the scope, and left out: the patch is not meant for them. */
  notApplicable: NamedReason[]
  /** Targets that would refuse the patch or be held back as things are now. */
  hindered: NamedReason[]
  /** Targets that have a later version now. */
  goingBack: NamedReason[]
  /** What it needs first and is not everywhere, in order, and on how many it is lacking. */
  needs: InstallPlan['needs']
}

export function byOrganization(
  state: ServiceCenterState,
  dataCenter: DataCenterName | 'All',
): Map<OrganizationName, ApplianceRecord[]> {
  const inScope = appliancesByPlace(state).filter(
    (appliance) => dataCenter === 'All' || appliance.dataCenter === dataCenter,
  )
  return Map.groupBy(inScope, ({ organization }) => organization)
}

/** `inScope` as `appliancesInScope` found it; `first` goes before it in the same interruption. */
export function installPreview(
  state: ServiceCenterState,
  record: PatchRecord,
  inScope: readonly ApplianceRecord[],
  given: PreviewScope,
): InstallPreview {
  const { meant } = meantAppliances(state, record, inScope)
  return { ...previewOf(state, record, inScope, given), needs: pathTo(state, record, given.first, meant) }
}

type PreviewScope = { readonly dataCenter: DataCenterName | 'All'; readonly first: readonly PatchRecord[] }

/** Without what it needs first, for whoever is told that by its plan. */
export function previewOf(
  state: ServiceCenterState,
  record: PatchRecord,
  inScope: readonly ApplianceRecord[],
  { dataCenter, first }: PreviewScope,
): Omit<InstallPreview, 'needs'> {
  const patch = record.sha256
  const { meant: scope, others: notApplicable } = meantAppliances(state, record, inScope)
  const depots = serviceProviderAppliances(state).filter(
    (depot) => dataCenter === 'All' || depot.dataCenter === dataCenter,
  )
  const concerned = new Set(scope.map((appliance) => appliance.dataCenter))
  const notReplicated = depots
    .filter((depot) => concerned.has(depot.dataCenter))
    .map((depot) => applianceCopy(state, patch, depot))
    .filter((copy) => copy.state !== 'replicated')
  const refusing = hindered(state, record, scope, first.map(asThere))
  const willRefuse = new Set(refusing.map(({ appliance }) => appliance))
  const queued = scope.flatMap((appliance) => {
    const ready = willRefuse.has(appliance.name) || readiness(state, patch, appliance)
    const { name, organization } = appliance
    return ready === true ? [] : [{ appliance: name, organization, dataCenter: appliance.dataCenter, reason: ready }]
  })
  return {
    ...{ targets: scope.length, notReplicated, ready: scope.length - queued.length - refusing.length, queued },
    ...{
      notApplicable,
      withoutPeer: withoutPeer(state, record, scope),
      outsideWindows: waitingForWindows(state, record, scope),
      hindered: refusing,
      goingBack: goingBack(state, record, scope),
      confirmation: confirmationOf(patch, scope),
    },
  }
}

export function installSummary(state: ServiceCenterState, install: InstallRecord): InstallSummary {
  const targets = [...(state.targets.get(install.id)?.values() ?? [])]
  const publication = state.patches.get(install.patch)?.publication
  return {
    id: install.id,
    patch: install.patch,
    name: publication?.name ?? '',
    version: publication?.version ?? '',
    architecture: publication === undefined ? null : architectureOf(publication.manifest),
    state: install.state,
    reason: install.reason,
    organizations: install.organizations,
    dataCenter: install.dataCenter,
    startedAt: new Date(install.startedAt).toISOString(),
    startedBy: install.startedBy,
    installed: targets.filter((target) => target.state === 'installed').length,
    total: targets.length,
    mixed: mixedPairs(state, install).map(mixedSentence),
    together: together(state, install),
  }
}

function together(state: ServiceCenterState, install: InstallRecord): InstallSummary['together'] {
  const all = [...earlierThan(state, install), install, ...laterThan(state, install)]
  return all.length === 1 ? [] : all.map(({ id, patch }) => ({ install: id, patch: titleOfPatch(state, patch) }))
}

export function installSummaries(state: ServiceCenterState): InstallSummary[] {
  return [...state.installs.values()].map((install) => installSummary(state, install)).reverse()
}

export function installDetail(state: ServiceCenterState, install: InstallRecord): InstallDetail {
  const providers = providersOf(state)
  const members = targetsOf(state, install.id).flatMap((target) => {
    const appliance = everEnrolled(state, target.appliance)
    return appliance === undefined ? [] : [{ target, appliance, isProvider: providers.has(appliance.organization) }]
  })
  const order = state.patches.get(install.patch)?.publication.manifest.pair.order ?? 'any'
  const ordered = inOrder(members, order)
  const waves = forecast(ordered)
  const { leftOf, ...progress } = progressOf(state, install, ordered, waves)
  const targets = members.map((member): TargetView => {
    const { target, appliance } = member
    const { name, organization, dataCenter, kind, role } = appliance
    const { state: targetState, order, reason, output } = target
    const found = state.detections.get(install.patch)?.get(target.appliance)?.installedVersion
    const installedVersion = target.installedVersion ?? found ?? null
    const place = { appliance: name, organization, dataCenter, kind, role }
    const wave = waves.get(target) ?? 1
    const told = { state: targetState, ordered: order !== null, reason, output, installedVersion, wave }
    return { ...place, ...told, ...leftOf(member) }
  })
  const joined = joinedLater(state, install).map(({ name, organization, dataCenter, kind, role }) => {
    return { appliance: name, organization, dataCenter, kind, role }
  })
  const approvals = authorizationViews(state, install.id).map(
    ({ digest: _digest, document: _document, ...shown }) => shown,
  )
  return { ...installSummary(state, install), ...progress, approvals, targets, joinedLater: joined }
}

export function applianceViews(state: ServiceCenterState): ApplianceView[] {
  return appliancesByPlace(state).map((appliance) => applianceView(state, appliance))
}

export function applianceView(state: ServiceCenterState, appliance: ApplianceRecord): ApplianceView {
  const { name, peer, organization, dataCenter, kind, role, group } = appliance
  return {
    ...{ name, peer, organization, dataCenter, kind, role, group },
    reachable: state.sessions.has(peer),
    held: whyKeyIsHeld(appliance),
    lastSeenAt: new Date(appliance.lastSeenAt).toISOString(),
    enrolledAt: new Date(appliance.enrolledAt).toISOString(),
  }
}

/** The names of a drop-down: every Data Center with a Service Provider appliance or any other. */
export function dataCenters(state: ServiceCenterState): DataCenterName[] {
  return [...new Set([...censusOf(state).places.values()].map(({ dataCenter }) => dataCenter))].sort()
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
