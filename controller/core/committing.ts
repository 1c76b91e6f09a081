/**
 * How the state changes: by records, which are stored before anything that depends on them leaves the process.
 */
import { assert } from '../../protocol/assert.ts'
import type { InstallId } from '../../protocol/identifiers.ts'
import type { ServiceCenterEffect } from './effects.ts'
import type { Change, TargetRecord } from './records.ts'
import { advance } from './rollout/advancing.ts'
import { matesOf } from './rollout/ending-installs.ts'
import { hasEnded, INSTALL_MOVES, isUnderWay, mayFollow, TARGET_MOVES } from './rollout/install-states.ts'
import { isForgotten, isInFlight, targetsOf } from './rollout/ongoing.ts'
import { apply, type ServiceCenterState } from './state.ts'
import { synchronize } from './synchronize.ts'

type Topic = Extract<ServiceCenterEffect, { kind: 'changed' }>['topic']

/** Of what pages that are open hear when a table changes; null where none shows it by itself. */
const TOPICS: Readonly<Record<Change['table'], Topic | null>> = {
  ...{ patches: 'patches', receipts: 'patches', ownCopies: 'patches', advisories: 'patches', dueDays: 'patches' },
  ...{ retention: 'patches', pins: 'patches' },
  ...{ installs: 'installs', targets: 'installs', detections: 'installs', baselines: 'installs' },
  authorizations: 'installs',
  ...{ appliances: 'appliances', tokens: 'appliances', limits: 'appliances', policies: 'appliances' },
  ...{ rosters: null, publishers: null, windows: null, statements: null, audit: null },
}

/** Takes the changes into the state, has them stored, and tells whom they concern. */
export function commit(state: ServiceCenterState, changes: Change[]): ServiceCenterEffect[] {
  if (changes.length === 0) return []
  for (const change of changes) {
    assertMove(state, change)
    apply(state, change)
  }
  const effects: ServiceCenterEffect[] = [{ kind: 'commit', changes }]
  const tables = new Set(changes.map(({ table }) => table))
  const rosters = new Set(changes.flatMap((change) => (change.table === 'rosters' ? [change.row.dataCenter] : [])))
  const isForAll = tables.has('patches') || tables.has('policies')
  const concerned = isForAll || rosters.size > 0 ? state.sessions.keys() : []
  for (const peer of concerned) {
    const dataCenter = state.appliances.get(peer)?.dataCenter
    if (isForAll || (dataCenter !== undefined && rosters.has(dataCenter))) effects.push(...synchronize(state, peer))
  }
  for (const change of changes) {
    if (change.table === 'targets' && change.row.order !== null)
      effects.push(...synchronize(state, change.row.appliance))
    for (const { appliance } of mayBeTakenBack(state, change)) effects.push(...synchronize(state, appliance))
  }
  const changed = new Set([...tables].map((table) => TOPICS[table]))
  for (const topic of ['patches', 'installs', 'appliances'] as const)
    if (changed.has(topic)) effects.push({ kind: 'changed', topic })
  return effects
}

/** Orders that are out of an install that has ended, or of a pair in which another order is known to nobody any more. */
function mayBeTakenBack(state: ServiceCenterState, { table, row }: Change): TargetRecord[] {
  if (table === 'installs' && !isUnderWay(row.state)) return targetsOf(state, row.id).filter(isInFlight)
  if (table !== 'targets') return []
  return isForgotten(row) || (row.state === 'cancelled' && row.order !== null)
    ? matesOf(state, row).filter(isInFlight)
    : []
}

function assertMove(state: ServiceCenterState, { table, row }: Change): void {
  if (table === 'installs') {
    const before = state.installs.get(row.id)?.state ?? row.state
    assert(mayFollow(INSTALL_MOVES, before, row.state), `an install that is ${before} does not become ${row.state}`)
  } else if (table === 'targets') {
    const before = state.targets.get(row.install)?.get(row.appliance)?.state ?? row.state
    assert(mayFollow(TARGET_MOVES, before, row.state), `a target that is ${before} does not become ${row.state}`)
  }
}

function endOf(state: ServiceCenterState, id: InstallId): void {
  state.open.delete(id)
  // What has halted may be resumed, and its waves stand on.
  if (state.installs.get(id)?.state !== 'halted') state.standsSinceMs.delete(id)
}

export function advanceInstalls(state: ServiceCenterState): ServiceCenterEffect[] {
  const effects: ServiceCenterEffect[] = []
  for (const id of state.open) {
    // Each step ends, orders or explains at least one target for good, so the rounds are bounded by their number.
    for (let rounds = 3 * (state.targets.get(id)?.size ?? 0) + 3; rounds > 0; rounds--) {
      const install = state.installs.get(id)
      const changes = install === undefined ? [] : advance(state, install)
      if (changes.length === 0) break
      effects.push(...commit(state, changes))
    }
    const install = state.installs.get(id)
    const targets = targetsOf(state, id)
    if (install !== undefined && hasEnded({ state: install.state, targets })) endOf(state, id)
  }
  return effects
}
