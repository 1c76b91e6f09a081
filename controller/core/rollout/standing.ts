/**
 * A wave stands before the next begins: who has the patch must have it for as long as the install asks, and at the end of
 * that each of its Data Center that has it must be heard and be detected as having it still. Only then is it written down
 * that they have stood, and only what is written down lets others begin (waves.ts). So no time that passes lets anybody
 * begin by itself: what fell silent or lost the patch meanwhile holds the next wave until it is back.
 */
import { inner } from '../nested-maps.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { hasInstalled } from '../standings.ts'
import type { ServiceCenterState } from '../state.ts'
import { groupsOf, hasEndedWell, type Placed, stands } from './groups.ts'
import { isInFlight, isUnheard } from './ongoing.ts'
import { widthAfter } from './waves.ts'

/** What an install asks for where nobody says otherwise: each appliance has been watched for as long as the patch asks. */
export const WAVE_SOAK_SECONDS = { usual: 0, atMost: 7 * 24 * 3600 }

/** Those that have stood at this moment. `members` are all of the install. */
export function noteStood(state: ServiceCenterState, install: InstallRecord, members: readonly Placed[]): Change[] {
  const soakMs = install.waveSoakSeconds * 1000
  if (soakMs === 0) return []
  return [...Map.groupBy(members, ({ appliance }) => appliance.dataCenter).values()].flatMap((there) => {
    const standing = groupsOf(there)
      .filter((group) => hasEndedWell(group) && stands(group, install))
      .flatMap((group) => group.filter(({ target }) => target.state === 'installed' && target.stoodAt === null))
    const isOver = standing.map(({ target }) => stoodMs(state, target, soakMs)).every((ms) => ms >= soakMs)
    if (standing.length === 0 || !isOver || !isSteady(state, there)) return []
    return standing.map(({ target }): Change => ({ table: 'targets', row: { ...target, stoodAt: state.clock.wallMs } }))
  })
}

/** Nobody there is at it or unheard, and whoever has the patch is heard and has it still. */
function isSteady(state: ServiceCenterState, there: readonly Placed[]): boolean {
  return there.every(({ target, appliance: { peer } }) => {
    if (isInFlight(target) || isUnheard(target)) return false
    const patch = state.installs.get(target.install)?.patch
    if (target.state !== 'installed' || patch === undefined) return true
    return state.sessions.has(peer) && hasInstalled(state, patch, peer)
  })
}

/** It has told that it has the patch: from now on it stands, by the clock that nobody sets. */
export function beginToStand(state: ServiceCenterState, { install, order }: TargetRecord): void {
  const soakSeconds = state.installs.get(install)?.waveSoakSeconds ?? 0
  if (order === null || soakSeconds === 0) return
  const since = inner(state.standsSinceMs, install)
  since.set(order.id, since.get(order.id) ?? state.clock.monotonicMs)
}

/** What went before a restart of the Service Center is told by the other clock. */
function stoodMs(state: ServiceCenterState, { install, order, changedAt }: TargetRecord, soakMs: number): number {
  const { monotonicMs, wallMs } = state.clock
  const before = Math.min(soakMs, Math.max(0, wallMs - changedAt))
  if (order === null) return before
  const since = inner(state.standsSinceMs, install)
  const sinceMs = since.get(order.id) ?? monotonicMs - before
  since.set(order.id, sinceMs)
  return monotonicMs - sinceMs
}

/** How often waves stand one after the other in so many Data Centers: the first pair, and all but the last of the others. */
export function standsInTurn(dataCenters: number): number {
  let turns = 1
  for (let finished = 1; finished < dataCenters; finished += widthAfter(finished)) turns += 1
  return turns
}
