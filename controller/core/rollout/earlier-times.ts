/**
 * What an install takes on an appliance beside the patch itself: looking what is there, the operator's checks before and
 * after, asking for the lease, and the hooks of a switchover. Nobody here knows which checks and hooks an appliance has, but
 * each report of an earlier install says when its phase began. So it is what it took on that appliance, else on others of
 * its kind, in its organization first, else an allowance.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { InstallId, PeerId } from '../../../protocol/identifiers.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { median } from './median.ts'
import { spentIn } from './phase-times.ts'

/** Where nothing of that kind was measured yet: enough for looking twice and for a short check. */
export const ALLOWED_SECONDS = { before: 15, after: 15 }

/** Of the newest installs so many targets are looked at: older ones say less about how it is now. */
const NEWEST_TARGETS = 20_000
const NEWEST_OF_AN_APPLIANCE = 5
const NEWEST_OF_A_KIND = 30

export const AROUND_BASES = ['appliance', 'kind', 'allowance'] as const
export type AroundTimes = {
  readonly beforeSeconds: number
  readonly afterSeconds: number
  readonly basis: (typeof AROUND_BASES)[number]
}

type Sample = { readonly beforeMs: number; readonly afterMs: number }
type Earlier = { readonly targets: ReadonlyMap<PeerId, TargetRecord>; readonly soakMs: number }

/** Of each appliance, for patches that interrupt service or for those that do not: only the former are switched over. */
export function aroundInstalls(
  state: ServiceCenterState,
  interrupts: boolean,
): (appliance: Pick<ApplianceRecord, 'peer' | 'organization' | 'kind'>) => AroundTimes {
  const samples = samplesIn(state, newestInstalls(state, interrupts))
  return (appliance) => {
    const own = samples.get(appliance.peer)
    if (own !== undefined) return { ...middle(own), basis: 'appliance' }
    const [inOrganization, anywhere] = keysOf(appliance)
    const others = samples.get(inOrganization) ?? samples.get(anywhere)
    if (others !== undefined) return { ...middle(others), basis: 'kind' }
    return { beforeSeconds: ALLOWED_SECONDS.before, afterSeconds: ALLOWED_SECONDS.after, basis: 'allowance' }
  }
}

/** Those that say it: what a restart of the machine takes cannot be told from what comes after it. */
function newestInstalls(state: ServiceCenterState, interrupts: boolean): Earlier[] {
  const newest: Earlier[] = []
  let targetsSeen = 0
  for (const install of [...state.installs.values()].sort((left, right) => right.startedAt - left.startedAt)) {
    const manifest = manifestOf(state, install)
    if (manifest === null || manifest.impact.restart === 'reboot') continue
    if ((manifest.impact.restart !== 'none') !== interrupts || isGoneOnFrom(state, install.id)) continue
    const targets = state.targets.get(install.id)
    if (targets === undefined) continue
    newest.push({ targets, soakMs: manifest.verify.soakSeconds * 1000 })
    targetsSeen += targets.size
    if (targetsSeen >= NEWEST_TARGETS) break
  }
  return newest
}

function manifestOf({ patches }: ServiceCenterState, { patch }: InstallRecord): Manifest | null {
  return patches.get(patch)?.publication.manifest ?? null
}

/** There the second member waits for the lease until the first one has all its patches. */
function isGoneOnFrom({ continuedBy }: ServiceCenterState, install: InstallId): boolean {
  return continuedBy.has(install)
}

/** By appliance and by kind, the newest first. */
function samplesIn(state: ServiceCenterState, earlier: readonly Earlier[]): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>()
  const add = (key: string, sample: Sample, atMost: number): void => {
    const known = samples.get(key) ?? []
    samples.set(key, known)
    if (known.length < atMost) known.push(sample)
  }
  for (const { targets, soakMs } of earlier)
    for (const [peer, target] of targets) {
      const appliance = state.appliances.get(peer)
      const spent = target.state === 'installed' ? spentIn(target.phaseTimes) : null
      if (appliance === undefined || spent === null) continue
      const sample = { beforeMs: spent.beforeMs, afterMs: Math.max(0, spent.afterMs - soakMs) }
      add(peer, sample, NEWEST_OF_AN_APPLIANCE)
      for (const key of keysOf(appliance)) add(key, sample, NEWEST_OF_A_KIND)
    }
  return samples
}

/** Of its kind in its organization, and anywhere. */
function keysOf({ organization, kind }: Pick<ApplianceRecord, 'organization' | 'kind'>): [string, string] {
  return [JSON.stringify([kind, organization]), JSON.stringify([kind])]
}

function middle(samples: readonly Sample[]): Omit<AroundTimes, 'basis'> {
  const seconds = (of: (sample: Sample) => number): number => Math.ceil(median(samples.map(of)) / 1000)
  return { beforeSeconds: seconds(({ beforeMs }) => beforeMs), afterSeconds: seconds(({ afterMs }) => afterMs) }
}
