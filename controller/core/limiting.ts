/**
 * What people allow patches to take of the WAN: a record for each Data Center that has one, and one for the Service
 * Center's own uplink. A Data Center learns its limits with its roster, at once and while transfers run.
 */
import { type DataCenterName, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { refuse } from '../../protocol/refusals.ts'
import type { Command, ServiceCenterEffect } from './effects.ts'
import { nextRosterVersion, nextRosterVersions, wanLimitsOf } from './membership.ts'
import type { Decision } from './publishing.ts'
import type { Change } from './records.ts'
import { limitsOf, SERVICE_CENTER, type ServiceCenterState } from './state.ts'

export function setLimits(
  state: ServiceCenterState,
  { actor, limits, instead }: Extract<Command, { kind: 'set-limits' }>,
): Decision {
  const { place } = limits
  const depot = [...state.appliances.values()].find(
    ({ kind, dataCenter }) => kind === SERVICE_PROVIDER && dataCenter === place,
  )
  if (place !== SERVICE_CENTER && depot === undefined)
    return {
      reply: refuse('not_found', `there is no Data Center ${place} with a Service Provider appliance`),
      changes: [],
    }
  const before = limitsOf(state, place)
  if (instead !== undefined && JSON.stringify(instead) !== JSON.stringify(before))
    return {
      reply: refuse('changed_meanwhile', 'somebody else has changed these limits since you looked'),
      changes: [],
    }
  const changes: Change[] = [
    { table: 'limits', row: limits },
    {
      table: 'audit',
      row: { at: state.clock.wallMs, actor, action: 'limit', subject: place || 'Service Center', outcome: 'done' },
    },
  ]
  if (depot !== undefined && before.trades !== limits.trades) changes.push(...nextRosterVersions(state, depot))
  else if (place !== SERVICE_CENTER) changes.push(nextRosterVersion(state, place as DataCenterName))
  return { reply: { kind: 'limits-set', place }, changes }
}

/** What the Service Center's own seed must keep to. */
export function seedLimits(state: ServiceCenterState): ServiceCenterEffect {
  return { kind: 'limit-seed', limits: wanLimitsOf(state, SERVICE_CENTER) }
}
