/**
 * The list of patches as a person asks for it: found by a word, narrowed to a condition, sorted, and cut into pages. What
 * a newer patch has taken the place of is left out unless it is asked for, and counted.
 */
import { compareVersions } from '../../protocol/version-order.ts'
import { appliancesWithoutCopy, type PatchSummary, patchSummaries } from './patch-views.ts'
import type { ApplianceRecord } from './records.ts'
import { copyOf } from './replications.ts'
import type { ServiceCenterState } from './state.ts'
import { troublesOf } from './troubles.ts'

export const CONDITIONS = ['complete', 'replicating', 'attention'] as const
/** `attention`: a person has to do something before it gets on. */
export type Condition = (typeof CONDITIONS)[number]
export const SORTS = ['uploaded', 'name', 'size', 'replications'] as const
export type Sort = (typeof SORTS)[number]

export type ListQuery = {
  search: string
  show: Condition | 'all'
  superseded: 'hide' | 'show'
  sort: Sort
  order: 'up' | 'down'
  page: number
  perPage: number
}

export type PatchLine = PatchSummary & {
  condition: Condition
  /** Why it needs attention, or nothing. */
  trouble: string
  /** Of all copies together, proven or on their way. */
  bytesArrived: number
}

export type PatchList = {
  lines: PatchLine[]
  /** All that match, on whatever page. */
  total: number
  page: number
  pages: number
  /** Superseded patches that would match. */
  hidden: number
}

/** Newest first. */
export function patchLines(state: ServiceCenterState): PatchLine[] {
  const describe = describing(state)
  return patchSummaries(state).map((patch) => describe(patch))
}

export function listPatches(state: ServiceCenterState, query: ListQuery): PatchList {
  const matching = patchLines(state)
    .filter((patch) => matches(patch, query.search))
    .filter(({ condition }) => query.show === 'all' || query.show === condition)
  const shown = query.superseded === 'show' ? matching : matching.filter(({ supersededBy }) => supersededBy === null)
  shown.sort(ORDERS[query.sort])
  if (query.order === 'down') shown.reverse()
  const pages = Math.max(1, Math.ceil(shown.length / query.perPage))
  const page = Math.min(query.page, pages)
  return {
    lines: shown.slice((page - 1) * query.perPage, page * query.perPage),
    total: shown.length,
    page,
    pages,
    hidden: matching.length - shown.length,
  }
}

/** Whether a person who searches for this means the patch. */
export function matches({ name, version, sha256 }: PatchSummary, search: string): boolean {
  return `${name} ${version} ${name}@${version} ${sha256}`.toLowerCase().includes(search.trim().toLowerCase())
}

const ORDERS: Record<Sort, (left: PatchLine, right: PatchLine) => number> = {
  uploaded: (left, right) => compare(left.uploadedAt, right.uploadedAt),
  name: (left, right) => compare(left.name, right.name) || compareVersions(left.version, right.version),
  size: (left, right) => left.bytes - right.bytes,
  replications: (left, right) => share(left) - share(right),
}

function share({ replications: { complete, total } }: PatchLine): number {
  return total === 0 ? 0 : complete / total
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** Says of each patch how it is; what is the same for all is worked out once. */
function describing(state: ServiceCenterState): (patch: PatchSummary) => PatchLine {
  return (patch) => {
    const { complete, total } = patch.replications
    const missing = complete === total ? [] : appliancesWithoutCopy(state, patch.sha256)
    const copies = missing.map((depot) => ({ depot, ...copyOf(state, patch.sha256, depot) }))
    const onTheWay = copies.reduce((sum, { bytes }) => sum + bytes, 0)
    const stuck = copies.filter(({ depot, reason }) => needsSomebody(state, depot, reason))
    const trouble = whyAttention(total, stuck, troublesOf(state, patch.sha256))
    const condition = trouble !== '' ? 'attention' : missing.length === 0 ? 'complete' : 'replicating'
    return { ...patch, condition, trouble, bytesArrived: complete * patch.bytes + onTheWay }
  }
}

/** Everything else that a copy waits for passes by itself. */
function needsSomebody(state: ServiceCenterState, depot: ApplianceRecord, reason: string): boolean {
  return !state.sessions.has(depot.peer) || reason.startsWith('no space')
}

function whyAttention(
  counted: number,
  stuck: readonly { depot: ApplianceRecord; reason: string }[],
  troubles: readonly string[],
): string {
  if (counted === 0) return 'no Service Provider appliance is enrolled'
  const [worst] = troubles
  if (worst !== undefined)
    return (
      worst +
      (troubles.length === 1
        ? ''
        : `; ${troubles.length - 1} more ${troubles.length === 2 ? 'needs' : 'need'} attention`)
    )
  const [first] = stuck
  if (first === undefined) return ''
  const others = stuck.length === 1 ? '' : `; ${stuck.length - 1} more ${stuck.length === 2 ? 'waits' : 'wait'} too`
  return `${first.depot.name}: ${first.reason}${others}`
}
