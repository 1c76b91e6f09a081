/** When each Data Center of an install is at it, by how long its pairs take and how waves begin. */
import type { DataCenterName, OrganizationName } from '../../../protocol/identifiers.ts'
import { widthAfter } from './waves.ts'

/** A pair, and how long it takes. */
export type Lasting = {
  readonly organization: OrganizationName
  readonly dataCenter: DataCenterName
  readonly seconds: number
}
export type Span = {
  readonly from: number
  readonly to: number
  /** When the pairs of an organization begin there. */
  readonly begins: ReadonlyMap<OrganizationName, number>
}

/**
 * When each Data Center is at it, in seconds from when the first begins: as many beside each other as the waves let, and of
 * one organization one after the other; pairs of one place all at once. A Data Center holds its place while it stands with
 * the patch; where all have it already it holds none. `pairs` are in the order in which they begin.
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
    const begins = new Map<OrganizationName, number>()
    for (const [organization, own] of Map.groupBy(there, (pair) => pair.organization)) {
      const slowest = own.reduce((longest, { seconds }) => Math.max(longest, seconds), 0)
      const begin = Math.max(now, free.get(organization) ?? 0)
      const end = begin + slowest
      begins.set(organization, begin)
      free.set(organization, end)
      to = Math.max(to, end)
    }
    spans.set(dataCenter, { from: now, to, begins })
    atIt.push(to > now ? to + soakSeconds : to)
  }
  return spans
}
