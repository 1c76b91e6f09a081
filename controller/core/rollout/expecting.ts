/**
 * How long an install will take, as far as anybody can say beforehand: on one appliance by what it took where this patch
 * is installed already, else by what its manifest estimates; and of the whole by who begins beside whom. Nobody who waits
 * is counted: how long they will is not known.
 */
import type { DataCenterName, OrganizationName } from '../../../protocol/identifiers.ts'
import type { PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { orderOf } from './sealed-orders.ts'
import { widthAfter } from './waves.ts'

/** Fewer say little; more say the same, and each costs the check of a signature. */
const MEASURED = { atLeast: 3, atMost: 30 }

export type Expected = {
  readonly seconds: number
  /** On so many appliances it was measured; 0 where the manifest estimates it. */
  readonly measuredOn: number
}

/** On one appliance, from its order until it tells that it has the patch. */
export function expectedEach(state: ServiceCenterState, patch: PatchRecord): Expected {
  const { impact, verify } = patch.publication.manifest
  const took: number[] = []
  for (const target of state.standings.newest.get(patch.sha256)?.values() ?? []) {
    if (target.state !== 'installed' || target.order === null) continue
    const order = orderOf(state, target)
    if (order !== null) took.push(Math.max(0, target.changedAt - order.issuedAt))
    if (took.length === MEASURED.atMost) break
  }
  if (took.length < MEASURED.atLeast) return { seconds: impact.estimateSeconds + verify.soakSeconds, measuredOn: 0 }
  const [median = 0] = took.sort((left, right) => left - right).slice(Math.floor(took.length / 2))
  return { seconds: Math.ceil(median / 1000), measuredOn: took.length }
}

/** A pair, and how long it takes. */
export type Lasting = {
  readonly organization: OrganizationName
  readonly dataCenter: DataCenterName
  readonly seconds: number
}
export type Span = { readonly from: number; readonly to: number }

/**
 * When each Data Center is at it, in seconds from when the first begins: as many beside each other as the waves let, and of
 * one organization one after the other; pairs of one place all at once. A Data Center holds its place while it stands with
 * the patch. `pairs` are in the order in which they begin.
 */
export function spansOf(pairs: readonly Lasting[], soakSeconds = 0): Map<DataCenterName, Span> {
  const spans = new Map<DataCenterName, Span>()
  const free = new Map<OrganizationName, number>()
  let atIt: number[] = []
  let finished = 0
  let now = 0
  for (const [dataCenter, there] of Map.groupBy(pairs, (pair) => pair.dataCenter)) {
    while (atIt.length >= widthAfter(finished)) {
      now = Math.max(now, Math.min(...atIt))
      finished += atIt.filter((end) => end <= now).length
      atIt = atIt.filter((end) => end > now)
    }
    let to = now
    for (const [organization, own] of Map.groupBy(there, (pair) => pair.organization)) {
      const slowest = own.reduce((longest, { seconds }) => Math.max(longest, seconds), 0)
      const end = Math.max(now, free.get(organization) ?? 0) + slowest
      free.set(organization, end)
      to = Math.max(to, end)
    }
    spans.set(dataCenter, { from: now, to })
    atIt.push(to + soakSeconds)
  }
  return spans
}
