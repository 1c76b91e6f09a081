/**
 * Which patches stay, and why: the newest of each name, and whatever is installed, being installed, asked for by a baseline
 * or by another patch that stays, or pinned. What is left over is let go. One place answers it for whoever lets go, for the
 * page and for a dry run.
 */
import { architectureOf } from '../../../agent/core/install/policies/architecture.ts'
import { isCovered } from '../../../protocol/bundle/patch-references.ts'
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { compareVersions } from '../../../protocol/version-order.ts'
import { inWords } from '../baselines/setting.ts'
import { title } from '../patch-identity.ts'
import { livePatches, whyKept } from '../publishing.ts'
import type { PatchRecord } from '../records.ts'
import { isUnderWay } from '../rollout/install-states.ts'
import type { ServiceCenterState } from '../state.ts'

/** Whoever uploads an older version on purpose has a day to install it, or to pin it. */
export const UNTOUCHED_MS = 24 * 3_600_000

export type RetentionStanding = {
  readonly patch: PatchRecord
  /** Sentences without a full stop; it is let go where there is none. */
  readonly kept: readonly string[]
}

/** By name, the newest version first. */
export function retentionStandings(state: ServiceCenterState, keepNewest: number | null): RetentionStanding[] {
  const found = versionsFound(state)
  const rows = [...byNameAndArchitecture(state).values()].flatMap((versions) =>
    versions.map((patch, index) => ({
      patch,
      kept: [...ofItself(keepNewest, index), ...whyNeeded(state, patch, found.get(patch.sha256))],
    })),
  )
  keepWhatOthersNeed(rows)
  return rows
}

function byNameAndArchitecture(state: ServiceCenterState): Map<string, PatchRecord[]> {
  const groups = Map.groupBy(livePatches(state), ({ publication: { name, manifest } }) =>
    JSON.stringify([name, architectureOf(manifest)]),
  )
  const sorted = [...groups].sort(([left], [right]) => (left < right ? -1 : 1))
  return new Map(sorted.map(([key, patches]) => [key, patches.sort(newestFirst)]))
}

function newestFirst(left: PatchRecord, right: PatchRecord): number {
  return compareVersions(right.publication.version, left.publication.version)
}

function ofItself(keepNewest: number | null, index: number): string[] {
  if (keepNewest === null) return ['all versions are kept']
  if (index >= keepNewest) return []
  return [index === 0 ? 'it is the newest of its name' : `it is one of the ${keepNewest} newest of its name`]
}

function whyNeeded(state: ServiceCenterState, patch: PatchRecord, foundOn = new Set<PeerId>()): string[] {
  const { sha256, uploadedAt } = patch
  const pin = state.retention.pins.get(sha256)
  const baselines = [...state.baselines.values()].filter((baseline) => baseline.patch === sha256)
  const inUse = whyKept(state, patch)
  const goingOn = [...state.installs.values()].filter(({ patch: of, state: now }) => of === sha256 && isUnderWay(now))
  const wayBack = inUse?.refused === 'patch_installed' ? [] : whyWayBack(state, foundOn)
  return [
    ...(pin === undefined ? [] : [`${pin.pinnedBy} has pinned it${pin.reason === '' ? '' : `: ${pin.reason}`}`]),
    ...baselines.map((baseline) => `it is the baseline for ${inWords(baseline)}`),
    ...(inUse === null ? [] : [inUse.message]),
    ...(inUse?.refused === 'in_use' ? [] : goingOn).map(({ id, state: now }) => `install ${id} of it is ${now}`),
    ...wayBack,
    ...(state.clock.wallMs - uploadedAt < UNTOUCHED_MS ? ['it was uploaded less than a day ago'] : []),
  ]
}

/**
 * What an appliance has now is what a later install of the same name goes back to: by patch, on which appliances its version
 * was found when any patch of its name was looked for.
 */
function versionsFound(state: ServiceCenterState): Map<Sha256, Set<PeerId>> {
  const byVersion = Map.groupBy(livePatches(state), ({ publication: { name, version } }) => `${name} ${version}`)
  const found = new Map<Sha256, Set<PeerId>>()
  for (const [patch, detections] of state.detections) {
    const name = state.patches.get(patch)?.publication.name
    for (const { peer, installedVersion } of detections.values()) {
      if (installedVersion === null || !state.appliances.has(peer)) continue
      for (const { sha256 } of byVersion.get(`${name} ${installedVersion}`) ?? [])
        found.set(sha256, (found.get(sha256) ?? new Set()).add(peer))
    }
  }
  return found
}

function whyWayBack({ appliances }: ServiceCenterState, foundOn: ReadonlySet<PeerId>): string[] {
  const [first] = foundOn
  if (first === undefined) return []
  const others = foundOn.size === 1 ? 'has' : `and ${foundOn.size - 1} more have`
  return [`${appliances.get(first)?.name} ${others} this version, and a later install goes back to it`]
}

/** Until nothing more is: what is needed by something that is let go is not needed. */
function keepWhatOthersNeed(rows: { patch: PatchRecord; kept: string[] }[]): void {
  for (let isNew = true; isNew; ) {
    isNew = false
    for (const row of rows.filter(({ kept }) => kept.length === 0)) {
      const needing = rows.find(({ patch, kept }) => kept.length > 0 && isNeededBy(row.patch, patch, rows))
      if (needing === undefined) continue
      row.kept.push(`${title(needing.patch)}, which stays, needs it`)
      isNew = true
    }
  }
}

/** Its floor, or what it requires where nothing that stays would do. */
function isNeededBy(
  wanted: PatchRecord,
  { sha256, publication: { name, manifest } }: PatchRecord,
  rows: readonly { patch: PatchRecord; kept: readonly string[] }[],
): boolean {
  const { publication } = wanted
  if (manifest.floor !== undefined && publication.name === name && publication.version === manifest.floor) return true
  return manifest.requires.some(
    (reference) =>
      isCovered(publication, reference) &&
      !rows.some(
        ({ patch, kept }) => kept.length > 0 && patch.sha256 !== sha256 && isCovered(patch.publication, reference),
      ),
  )
}

/** The digests of those that are let go. */
export function letGoBy(standings: readonly RetentionStanding[]): Sha256[] {
  return standings.filter(({ kept }) => kept.length === 0).map(({ patch }) => patch.sha256)
}
