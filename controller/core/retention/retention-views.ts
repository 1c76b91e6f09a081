/**
 * What people and scripts are shown of retention: the number that is set, and of each patch whether it stays, why, and what
 * its copies take of every disk.
 */
import { nameOf } from '../patch-identity.ts'
import { depotOf } from '../replications.ts'
import type { ServiceCenterState } from '../state.ts'
import { dataCenters } from '../views.ts'
import { letGoBy, retentionStandings } from './standing.ts'

const NEEDED = 'it is needed'

export type RetainedPatch = {
  id: string
  name: string
  version: string
  architecture: string | null
  bytes: number
  uploadedAt: string
  stays: boolean
  /** Why it stays; empty where it does not. */
  reasons: string[]
  pin: { reason: string; pinnedAt: string; pinnedBy: string } | null
}
export type RetentionView = {
  /** Null where all versions are kept. */
  keepNewest: number | null
  setAt: string | null
  setBy: string | null
  /** The number that `patches` are judged by: another one in a dry run. */
  judgedBy: number | null
  patches: RetainedPatch[]
  /** Of one copy of each, at the Service Center and at every Service Provider appliance. */
  keptBytes: number
  leftOverBytes: number
  holders: number
}

export function retentionView(state: ServiceCenterState, tried?: number | null): RetentionView {
  const { set, pins } = state.retention
  const keepNewest = set?.keepNewest ?? null
  const judgedBy = tried === undefined ? keepNewest : tried
  const standings = retentionStandings(state, judgedBy)
  // Whoever sees only some organizations is told what becomes of a patch, and not who else needs it.
  const goes = new Set(letGoBy(state.whole === null ? standings : retentionStandings(state.whole, judgedBy)))
  const patches = standings.map(({ patch, kept }): RetainedPatch => {
    const { sha256, publication, uploadedAt } = patch
    const pin = pins.get(sha256)
    return {
      ...{ id: sha256, ...nameOf(patch), bytes: publication.bytes, uploadedAt: iso(uploadedAt) },
      ...{ stays: !goes.has(sha256), reasons: goes.has(sha256) ? [] : kept.length === 0 ? [NEEDED] : [...kept] },
      pin: pin === undefined ? null : { reason: pin.reason, pinnedAt: iso(pin.pinnedAt), pinnedBy: pin.pinnedBy },
    }
  })
  const sum = (stay: boolean) =>
    patches.filter(({ stays }) => stays === stay).reduce((total, { bytes }) => total + bytes, 0)
  return {
    keepNewest,
    setAt: set === null ? null : iso(set.setAt),
    setBy: set?.setBy ?? null,
    judgedBy,
    patches,
    ...{ keptBytes: sum(true), leftOverBytes: sum(false) },
    holders: 1 + dataCenters(state).reduce((total, name) => total + depotOf(state, name).length, 0),
  }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
