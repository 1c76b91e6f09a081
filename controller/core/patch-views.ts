/**
 * What people and scripts are shown of patches: a line of the list, and one patch with its copies and the organizations
 * that still need it.
 */
import { architectureOf } from '../../agent/core/install/policies/architecture.ts'
import { titled } from '../../protocol/bundle/patch-references.ts'
import type { DataCenterName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { SignedBy } from '../../protocol/trust/publishers.ts'
import { type ApplianceCopy, applianceCopy } from './copies.ts'
import { type Finding, findingOn } from './findings.ts'
import { ownCopyOf } from './own-copies.ts'
import { type PatchMatrix, patchMatrix } from './patch-matrix.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord, DetectionRecord, PatchRecord } from './records.ts'
import { countedAppliances, countReplications, type Replications, readiness } from './replications.ts'
import type { ServiceCenterState } from './state.ts'
import { supersedence } from './supersedence.ts'
import { byOrganization, type InstallSummary, installSummary } from './views.ts'

export type PatchSummary = {
  id: Sha256
  name: string
  version: string
  /** Null for every architecture. */
  architecture: string | null
  bytes: number
  sha256: Sha256
  uploadedAt: string
  /** Null where an earlier release took it in. */
  uploadedBy: string | null
  replications: Replications
  /** Of the appliances without a copy, those that were enrolled after the upload: why 4/4 became 4/6. */
  newAppliances: number
  /** The patch to take in its place. */
  supersededBy: { id: Sha256; name: string; version: string; architecture: string | null } | null
}

/** `installed`: what each unpatched appliance has is in `installedVersion`; null and `unknown` count as unpatched. */
export type UnpatchedAppliance = {
  name: string
  dataCenter: string
  kind: string
  role: string
  detected: 'applicable' | 'unknown'
  installedVersion: string | null
  /** When it was last seen to be so; null where it never looked. */
  seenAt: string | null
  reason: string
}
export type UnpatchedOrganization = {
  organization: string
  patched: number
  total: number
  appliances: UnpatchedAppliance[]
}
/** Appliances that a patch is not meant for; they count as neither patched nor unpatched. */
export type NotMeant = {
  organization: string
  appliances: { name: string; dataCenter: string; kind: string; role: string; reason: string }[]
}

export type PatchDetail = PatchSummary & {
  format: 'bundle' | 'deb'
  kind: string
  publisher: string
  restart: 'none' | 'service' | 'reboot'
  estimateSeconds: number
  revert: 'none' | 'script'
  /** When it was made, as its publisher says. */
  created: string
  /** Kinds of appliances; empty for every kind. */
  appliesTo: string[]
  /** Other patches, each as NAME or NAME VERSION. */
  requires: string[]
  conflicts: string[]
  supersedes: string[]
  /** The publisher whose keys signed it; null where none was listed to check when it was uploaded. */
  publishedBy: SignedBy | null
  /** Whose signature the appliances check. */
  signedBy: PeerId
  matrix: PatchMatrix
  appliances: ApplianceCopy[]
  /** The Service Center's own: when it was proven last, null for one that is not right, and what is wrong with it. */
  ownCopy: { provenAt: string | null; wrong: string }
  unpatched: UnpatchedOrganization[]
  /** Organizations all of whose appliances are patched, or for none of whose appliances the patch is meant. */
  patched: string[]
  notApplicable: string[]
  /** Each appliance that it is not meant for, and why; of every organization that has any. */
  notApplicableAppliances: NotMeant[]
  installs: InstallSummary[]
}

export function patchSummary(state: ServiceCenterState, record: PatchRecord): PatchSummary {
  return summarize(state, record, supersedence(state))
}

/** Newest first. */
export function patchSummaries(state: ServiceCenterState): PatchSummary[] {
  const superseded = supersedence(state)
  return livePatches(state).map((record) => summarize(state, record, superseded))
}

/** `superseded` is the same for every patch, so a list works it out once. */
function summarize(
  state: ServiceCenterState,
  { sha256, publication, uploadedAt, uploadedBy }: PatchRecord,
  superseded: ReadonlyMap<Sha256, PatchRecord>,
): PatchSummary {
  const { name, version, bytes } = publication
  const replications = countReplications(state, sha256)
  const missing = replications.complete === replications.total ? [] : appliancesWithoutCopy(state, sha256)
  const newer = superseded.get(sha256)
  return {
    id: sha256,
    name,
    version,
    architecture: architectureOf(publication.manifest),
    bytes,
    sha256,
    uploadedAt: new Date(uploadedAt).toISOString(),
    uploadedBy,
    replications,
    newAppliances: missing.filter(({ enrolledAt }) => enrolledAt > uploadedAt).length,
    supersededBy:
      newer === undefined
        ? null
        : {
            id: newer.sha256,
            name: newer.publication.name,
            version: newer.publication.version,
            architecture: architectureOf(newer.publication.manifest),
          },
  }
}

/** Those that the Replications column counts and that have no proven copy to take. */
export function appliancesWithoutCopy(state: ServiceCenterState, patch: Sha256): ApplianceRecord[] {
  return countedAppliances(state).filter((appliance) => readiness(state, patch, appliance) !== true)
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
    estimateSeconds: manifest.impact.estimateSeconds,
    revert: typeof manifest.revert === 'string' ? manifest.revert : 'script',
    created: manifest.created,
    appliesTo: manifest.appliesTo.applianceTypes,
    requires: manifest.requires.map(titled),
    conflicts: manifest.conflicts.map(titled),
    supersedes: manifest.supersedes.map(titled),
    publishedBy: record.publishedBy,
    signedBy: state.signing.peer,
    matrix: patchMatrix(state, record.sha256),
    appliances: patchCopies(state, record.sha256),
    ownCopy: ownCopyView(state, record),
    unpatched: organizations.unpatched,
    patched: organizations.patched,
    notApplicable: organizations.notApplicable,
    notApplicableAppliances: organizations.notMeant,
    installs: installs.map((install) => installSummary(state, install)).reverse(),
  }
}

export function ownCopyView(state: ServiceCenterState, record: PatchRecord): PatchDetail['ownCopy'] {
  const { provenAt, wrong } = ownCopyOf(state, record)
  return { provenAt: wrong === '' ? new Date(provenAt).toISOString() : null, wrong }
}

/** The copies that the Replications column counts. */
export function patchCopies(state: ServiceCenterState, patch: Sha256): ApplianceCopy[] {
  return countedAppliances(state).map((appliance) => applianceCopy(state, patch, appliance))
}

/** Unknown counts as unpatched, so patched + unpatched + notApplicable are all organizations with appliances. */
function patchedByOrganization(state: ServiceCenterState, record: PatchRecord, dataCenter: DataCenterName | 'All') {
  const unpatched: UnpatchedOrganization[] = []
  const patched: string[] = []
  const notApplicable: string[] = []
  const notMeant: NotMeant[] = []
  for (const [organization, appliances] of byOrganization(state, dataCenter)) {
    const findings = appliances.map((appliance) => ({ appliance, ...findingOn(state, record, appliance) }))
    const applicable = findings.filter(({ result }) => result !== 'notApplicable')
    const missing = applicable.filter(({ result }) => result !== 'installed')
    const left = findings.filter(({ result }) => result === 'notApplicable')
    if (left.length > 0) notMeant.push({ organization, appliances: left.map(notMeantLine) })
    if (applicable.length === 0) notApplicable.push(organization)
    else if (missing.length === 0) patched.push(organization)
    else {
      unpatched.push({
        organization,
        patched: applicable.length - missing.length,
        total: applicable.length,
        appliances: missing.map(({ appliance, result, installedVersion, reason }) => {
          const { name, kind, role } = appliance
          const found = state.detections.get(record.sha256)?.get(appliance.peer)
          const detected = result === 'applicable' ? 'applicable' : 'unknown'
          return {
            ...{ name, dataCenter: appliance.dataCenter, kind, role, detected, installedVersion, reason },
            seenAt: found === undefined ? null : seenAt(found, appliance),
          }
        }),
      })
    }
  }
  return { unpatched, patched, notApplicable, notMeant }
}

function notMeantLine({
  appliance: { name, dataCenter, kind, role },
  reason,
}: Finding & { appliance: ApplianceRecord }) {
  return { name, dataCenter, kind, role, reason }
}

/** A look that found nothing new says that what was found before still holds. */
export function seenAt({ detectedAt }: DetectionRecord, { lookedAt }: ApplianceRecord): string {
  return new Date(Math.max(detectedAt, lookedAt)).toISOString()
}
