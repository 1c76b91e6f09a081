/**
 * What people change about the places of the fleet: an appliance gets another name or is retired, a token that nobody
 * shall use any more is revoked. A place whose last member goes is never lost silently: it must be said.
 */
import { type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { seal } from '../../protocol/trust/envelope.ts'
import { Membership } from '../../protocol/trust/statements.ts'
import { groupKey } from './census.ts'
import { depart, withoutUse } from './departing.ts'
import type { Command } from './effects.ts'
import { isOpen, nextRosterVersions } from './membership.ts'
import type { Decision } from './publishing.ts'
import type { ApplianceRecord, AuditRecord, Change } from './records.ts'
import type { ServiceCenterState } from './state.ts'

type Rename = Extract<Command, { kind: 'rename-appliance' }>
type Retire = Extract<Command, { kind: 'retire-appliance' }>
type Revoke = Extract<Command, { kind: 'revoke-token' }>

/** Key, place and history stay; the appliance and everybody who knows it are told with signed statements. */
export function renameAppliance(state: ServiceCenterState, { actor, appliance: peer, name }: Rename): Decision {
  const appliance = memberOf(state, peer)
  if (isRefusal(appliance)) return { reply: appliance, changes: [] }
  const reply = { kind: 'appliance-renamed', appliance: peer } as const
  if (appliance.name === name) return { reply, changes: [] }
  const taken = [...state.appliances.values(), ...[...state.tokens.values()].filter((token) => isOpen(state, token))]
  if (taken.some((other) => other.name === name)) {
    const message = `there is an appliance, or an open token for one, that is called ${name}`
    return { reply: refuse('name_in_use', message), changes: [] }
  }
  const { organization } = appliance
  const changes: Change[] = [
    { table: 'appliances', row: { ...appliance, name, ...nextMembership(state, { ...appliance, name }) } },
    ...nextRosterVersions(state, appliance),
    placeNote(state, actor, { action: 'rename', subject: appliance.name, outcome: `now ${name}`, organization }),
  ]
  return { reply, changes }
}

/** Of two memberships of one key the later one holds, also when the clock was set back between them. */
export function nextMembership(
  state: ServiceCenterState,
  appliance: ApplianceRecord,
): Pick<ApplianceRecord, 'membership' | 'membershipAt'> {
  const { peer, name, organization, dataCenter, kind, role, group, epoch } = appliance
  const membershipAt = Math.max(state.clock.wallMs, appliance.membershipAt + 1)
  const place = { appliance: peer, name, organization, dataCenter, kind, role, group, epoch }
  const statement = { ...place, serviceCenter: state.mesh, enrolledAt: membershipAt }
  return { membership: seal(Membership, statement, state.signing), membershipAt }
}

/** It leaves every count, roster and order at once; asked again it changes nothing. */
export function retireAppliance(state: ServiceCenterState, { actor, appliance: peer, lastMember }: Retire): Decision {
  const reply = { kind: 'appliance-retired', appliance: peer } as const
  if (state.retired.has(peer)) return { reply, changes: [] }
  const appliance = memberOf(state, peer)
  if (isRefusal(appliance)) return { reply: appliance, changes: [] }
  const warning = whatIsLost(state, appliance)
  if (warning !== null && !lastMember) return { reply: refuse('last_member', warning), changes: [] }
  const changes: Change[] = [
    ...depart(state, appliance, `${appliance.name} was retired by ${actor}`),
    ...nextRosterVersions(state, appliance),
    placeNote(state, actor, {
      action: 'retire',
      subject: appliance.name,
      outcome: warning ?? 'done',
      organization: appliance.organization,
    }),
  ]
  return { reply, changes }
}

/** What nobody does any more when this appliance is gone, as a sentence; or null. */
export function whatIsLost(state: ServiceCenterState, appliance: ApplianceRecord): string | null {
  const { name, organization, dataCenter, kind, group } = appliance
  const others = [...state.appliances.values()].filter(({ peer }) => peer !== appliance.peer)
  if (others.some((other) => groupKey(other) === groupKey(appliance))) return null
  const last = `${name} is the last member of the group ${group} of ${organization} in ${dataCenter}`
  if (kind !== SERVICE_PROVIDER) return `${last}, so nothing there serves ${organization} any more`
  const site = others.filter((other) => other.dataCenter === dataCenter)
  if (site.some((other) => other.kind === SERVICE_PROVIDER) || site.length === 0) return last
  return `${last}, and the ${site.length} other appliances of ${dataCenter} connect through it: none of them will be reachable`
}

export function revokeToken(state: ServiceCenterState, { actor, enrollingPeer }: Revoke): Decision {
  const token = state.tokens.get(enrollingPeer)
  if (token === undefined) return { reply: refuse('not_found', 'there is no such token'), changes: [] }
  if (token.usedBy !== null) {
    const message = `the token for ${token.name} has enrolled its appliance: retire that`
    return { reply: refuse('used_token', message), changes: [] }
  }
  const reply = { kind: 'token-revoked', enrollingPeer } as const
  if (!isOpen(state, token)) return { reply, changes: [] }
  const row = withoutUse(token, state.clock.wallMs)
  return {
    reply,
    changes: [
      { table: 'tokens', row },
      placeNote(state, actor, {
        action: 'revoke-token',
        subject: token.name,
        outcome: 'done',
        organization: token.organization,
      }),
    ],
  }
}

export function memberOf(state: ServiceCenterState, peer: PeerId): ApplianceRecord | Refusal {
  return state.appliances.get(peer) ?? refuse('not_found', `there is no appliance ${peer}`)
}

/** An entry of the trail about one place. */
export function placeNote(
  state: ServiceCenterState,
  actor: string,
  entry: Pick<AuditRecord, 'action' | 'subject' | 'outcome' | 'organization'>,
): Change {
  return { table: 'audit', row: { at: state.clock.wallMs, actor, ...entry } }
}
