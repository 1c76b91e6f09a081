/**
 * Maintenance windows as an install meets them: which of them its targets keep to, until when at the latest one that is ordered
 * now may begin, and what becomes of a target whose order came too late for that.
 */
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import type { Order, Report } from '../../../protocol/trust/statements.ts'
import { groupKey } from '../census.ts'
import type { ApplianceRecord, Change, InstallRecord, TargetRecord } from '../records.ts'
import { isUnderWay } from '../rollout/install-states.ts'
import { NOT_ORDERED } from '../rollout/new-target.ts'
import { orderOf } from '../rollout/sealed-orders.ts'
import type { ServiceCenterState } from '../state.ts'
import { type Applying, applyingAt, NONE_APPLY, type Place } from './room.ts'
import { beginBy } from './waiting.ts'

/** Places with the same windows get the same value, so that what is worked out of it is worked out once. */
export function windowsByPlace({ windows }: ServiceCenterState): (place: Place) => Applying {
  const byNames = new Map<string, Applying>()
  const byPlace = new Map<string, Applying>()
  return (place) => {
    if (windows.size === 0) return NONE_APPLY
    const key = JSON.stringify([place.organization, place.dataCenter])
    const known = byPlace.get(key)
    if (known !== undefined) return known
    const found = applyingAt(windows.values(), place)
    const names = JSON.stringify([...found.windows, ...found.blackouts].map(({ name }) => name))
    const applying = byNames.get(names) ?? found
    byNames.set(names, applying)
    byPlace.set(key, applying)
    return applying
  }
}

/** By group, how many begin one after the other; one for a group that has begun. */
export function membersLeft(state: ServiceCenterState, targets: readonly TargetRecord[]): Map<string, number> {
  const left = new Map<string, number>()
  const begun = new Set<string>()
  for (const { appliance, order } of targets) {
    const record = state.appliances.get(appliance)
    if (record === undefined) continue
    const group = groupKey(record)
    if (order !== null) begun.add(group)
    left.set(group, (left.get(group) ?? 0) + 1)
  }
  for (const group of begun) left.set(group, 1)
  return left
}

/** `members` of its group begin one after the other, and this one is the first of them. */
export function beginByOf(
  state: ServiceCenterState,
  { patch, outsideWindows, deadlineAt }: InstallRecord,
  appliance: ApplianceRecord,
  members: number,
): Pick<Order, 'beginBy'> {
  const manifest = state.patches.get(patch)?.publication.manifest
  if (state.windows.size === 0 || outsideWindows || manifest === undefined) return {}
  const by = beginBy(applyingAt(state.windows.values(), appliance), { manifest, left: members }, state.clock.wallMs)
  return by === null ? {} : { beginBy: Math.min(by, deadlineAt) }
}

/**
 * A target whose order came too late for its window has begun nothing: while its install goes on it waits for the next one,
 * as if it had not been ordered. Null for any other report.
 */
export function queuedForTheNextWindow(
  state: ServiceCenterState,
  target: TargetRecord,
  { refusal, reason }: Report,
): Change | null {
  const install = state.installs.get(target.install)
  const { wallMs } = state.clock
  if (refusal !== 'expired' || target.order === null || install === undefined) return null
  if (!isUnderWay(install.state) || wallMs >= install.deadlineAt) return null
  const order = orderOf(state, target)
  // By this clock too: one that is ahead on the appliance would have it ordered again and again.
  if (order === null || order.beginBy === undefined || order.beginBy > wallMs) return null
  const waits = `waits for its next maintenance window: ${reason}`.slice(0, MAX_SENTENCE_CHARACTERS)
  const row: TargetRecord = { ...target, state: 'queued', reason: waits, ...NOT_ORDERED, changedAt: wallMs }
  return { table: 'targets', row }
}
