/**
 * Who belongs to the fleet: issuing tokens, enrolling the appliance that proves one, and the rosters that tell each
 * appliance whom it may talk to. A token enrolls one key; the same key may ask again, since its first answer may have
 * been lost on the way.
 */
import { type DataCenterName, type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { MAX_DATA_CENTER_APPLIANCES } from '../../protocol/limits.ts'
import type { EnrollmentAnswer, EnrollmentRequest } from '../../protocol/messages.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { provesEnrollment } from '../../protocol/token.ts'
import { seal } from '../../protocol/trust/envelope.ts'
import { Membership, Roster, type RosterMember } from '../../protocol/trust/statements.ts'
import type { WanLimits } from '../../protocol/wan-limits.ts'
import { groupKey } from './census.ts'
import { depart, inherit } from './departing.ts'
import type { ServiceCenterEffect } from './effects.ts'
import { affectedBy } from './neighbourhood.ts'
import type { ApplianceRecord, Change, LimitsRecord, Slot, TokenRecord } from './records.ts'
import { depotOf, serviceProviderAppliances } from './replications.ts'
import { numberAfter } from './rising-numbers.ts'
import { membersOfSite, tradingDataCenters, tradingPartners } from './sites.ts'
import { apply, limitsOf, type ServiceCenterState } from './state.ts'

/** A used or expired token is remembered this long, so that its bearer is told so and not just hung up on. */
const TOKEN_REMEMBERED_MS = 7 * 24 * 3600 * 1000

/** Whether a token may be issued whose bearer takes the place of this appliance. */
export function judgeReplacement(state: ServiceCenterState, peer: PeerId): Refusal | null {
  return state.appliances.has(peer) ? null : refuse('not_found', `there is no appliance ${peer} to replace`)
}

/** Whether a token for this slot may be issued. */
export function judgeSlot(state: ServiceCenterState, slot: Slot): Refusal | null {
  const open = [...state.tokens.values()].filter((token) => isOpen(state, token))
  const taken: Slot[] = [...state.appliances.values(), ...open]
  if (taken.some(({ name }) => name === slot.name)) {
    return refuse('name_in_use', `there is an appliance, or an open token for one, that is called ${slot.name}`)
  }
  const inDataCenter = taken.filter(({ dataCenter }) => dataCenter === slot.dataCenter).length
  if (inDataCenter >= MAX_DATA_CENTER_APPLIANCES) {
    const message = `${slot.dataCenter} has ${inDataCenter} appliances and open tokens, as many as one roster has room for`
    return refuse('too_many_appliances', message)
  }
  const primary = taken.find(
    (other) =>
      other.role === 'primary' &&
      other.organization === slot.organization &&
      other.dataCenter === slot.dataCenter &&
      other.kind === slot.kind &&
      other.group === slot.group,
  )
  if (slot.role === 'primary' && primary !== undefined) {
    return refuse('role_taken', `${primary.name} is the primary of ${slot.organization} in ${slot.dataCenter}`)
  }
  const provider = serviceProviderAppliances(state)[0]
  if (slot.kind === SERVICE_PROVIDER && provider !== undefined && provider.organization !== slot.organization) {
    return refuse(
      'bad_request',
      `Service Provider appliances belong to ${provider.organization}, and ${slot.organization} is another organization`,
    )
  }
  if (slot.kind !== SERVICE_PROVIDER && depotOf(state, slot.dataCenter).length === 0) {
    return refuse(
      'no_depot',
      `${slot.dataCenter} has no Service Provider appliance yet through which ${slot.name} could connect`,
    )
  }
  return null
}

/** Neither used nor expired nor revoked. */
export function isOpen(state: ServiceCenterState, token: TokenRecord): boolean {
  return token.usedBy === null && token.expiresAt > state.clock.wallMs
}

export function enroll(
  state: ServiceCenterState,
  enrollingPeer: PeerId,
  request: EnrollmentRequest,
): { answer: EnrollmentAnswer; changes: Change[] } {
  const judged = judgeEnrollment(state, enrollingPeer, request)
  if ('refused' in judged) {
    return { answer: { kind: 'refused', code: judged.refused, message: judged.message }, changes: [] }
  }
  const known = state.appliances.get(request.appliance)
  if (known !== undefined) {
    return { answer: { kind: 'enrolled', membership: known.membership, roster: sealRoster(state, known) }, changes: [] }
  }
  const former = judged.replaces === null ? undefined : state.appliances.get(judged.replaces)
  const { name, organization, dataCenter, kind, role, group } = former ?? judged
  const slot: Slot = { name, organization, dataCenter, kind, role, group }
  const enrolledAt = state.clock.wallMs
  const epoch = nextEpoch(state, slot)
  const membership = seal(
    Membership,
    { ...slot, appliance: request.appliance, epoch, serviceCenter: state.mesh, enrolledAt },
    state.signing,
  )
  const appliance: ApplianceRecord = {
    ...slot,
    peer: request.appliance,
    epoch,
    enrolledAt,
    membership,
    membershipAt: enrolledAt,
    addresses: [],
    orderSequence: 0,
    lastSeenAt: enrolledAt,
    lookedAt: 0,
    lookedCounter: 0,
    heldAt: null,
    ledgerLostAt: 0,
    ledgerLostCounter: 0,
    retiredAt: null,
  }
  const changes: Change[] = [
    ...(former === undefined ? [] : replace(state, former, appliance)),
    { table: 'tokens', row: { ...judged, usedBy: request.appliance } },
    { table: 'appliances', row: appliance },
    {
      table: 'audit',
      row: {
        ...{ at: enrolledAt, actor: request.appliance, action: 'enroll', subject: name, outcome: 'done' },
        organization: slot.organization,
      },
    },
  ]
  for (const change of changes) apply(state, change)
  const rosters = nextRosterVersions(state, appliance)
  for (const change of rosters) apply(state, change)
  changes.push(...rosters)
  return { answer: { kind: 'enrolled', membership, roster: sealRoster(state, appliance) }, changes }
}

function judgeEnrollment(
  state: ServiceCenterState,
  enrollingPeer: PeerId,
  request: EnrollmentRequest,
): TokenRecord | Refusal {
  const token = state.tokens.get(enrollingPeer)
  if (token === undefined) return refuse('unknown_token', 'the Service Center knows no such token')
  if (!provesEnrollment(request.proof, token.proofKey, state.mesh, request.appliance)) {
    return refuse('unknown_token', 'the proof was not made with the secret of this token')
  }
  if (state.retired.has(request.appliance)) {
    return refuse(
      'not_a_member',
      'this appliance was retired; with an empty data folder it gets a new key and may come back',
    )
  }
  if (token.usedBy === request.appliance) return token
  if (token.usedBy !== null) {
    return refuse('used_token', `the token for ${token.name} has already enrolled another appliance`)
  }
  if (token.expiresAt <= state.clock.wallMs) {
    return refuse('expired', `the token for ${token.name} expired at ${new Date(token.expiresAt).toISOString()}`)
  }
  if (state.appliances.has(request.appliance)) {
    return refuse('used_token', 'this appliance is enrolled already, with another token')
  }
  const holder = [...state.appliances.values()].find(({ name }) => name === token.name)
  if (holder !== undefined && holder.peer !== token.replaces)
    return refuse('used_token', `another appliance is called ${token.name} by now`)
  return token
}

/** The same place, a new key: nothing that the former one proved, found or installed is said of the new one. */
function replace(state: ServiceCenterState, former: ApplianceRecord, heir: ApplianceRecord): Change[] {
  return [
    ...inherit(state, former, heir.peer),
    ...depart(state, former, `${former.name} was replaced by a new appliance`),
  ]
}

/** It rises with each key that has had this name. */
function nextEpoch(state: ServiceCenterState, { name }: Slot): number {
  const before = [...state.appliances.values(), ...state.retired.values()].filter((other) => other.name === name)
  return 1 + Math.max(0, ...before.map(({ epoch }) => epoch))
}

/** Everyone who may connect to the Service Center itself: tenant appliances reach it through their depot only. */
export function admitted(state: ServiceCenterState): ServiceCenterEffect {
  const members = new Set(serviceProviderAppliances(state).map(({ peer }) => peer))
  const tokens = remembered(state).filter(({ kind }) => kind === SERVICE_PROVIDER)
  return { kind: 'admit', members, enrolling: new Set(tokens.map(({ enrollingPeer }) => enrollingPeer)) }
}

function remembered(state: ServiceCenterState): TokenRecord[] {
  return [...state.tokens.values()].filter(({ expiresAt }) => expiresAt + TOKEN_REMEMBERED_MS > state.clock.wallMs)
}

/** The allow-list of one appliance, signed for it. */
export function sealRoster(state: ServiceCenterState, appliance: ApplianceRecord): ReturnType<typeof seal> {
  const isDepot = appliance.kind === SERVICE_PROVIDER
  const known = isDepot
    ? [...membersOfSite(state, appliance.dataCenter), ...tradingPartners(state, appliance.dataCenter)]
    : depotOf(state, appliance.dataCenter)
  return seal(
    Roster,
    {
      to: appliance.peer,
      version: state.rosterVersions.get(appliance.dataCenter) ?? 0,
      members: known.filter(({ peer }) => peer !== appliance.peer).map(asMember),
      group: membersOfSite(state, appliance.dataCenter)
        .filter((other) => other.peer !== appliance.peer && groupKey(other) === groupKey(appliance))
        .map(({ peer, name }) => ({ peer, name })),
      enrolling: isDepot
        ? remembered(state)
            .filter(({ kind, dataCenter }) => kind !== SERVICE_PROVIDER && dataCenter === appliance.dataCenter)
            .map(({ enrollingPeer }) => enrollingPeer)
        : [],
      limits: wanLimitsOf(state, appliance.dataCenter),
    },
    state.signing,
  )
}

/** Something that the rosters of this Data Center say has changed. */
export function nextRosterVersion(state: ServiceCenterState, dataCenter: DataCenterName): Change {
  const version = numberAfter(state.rosterVersions.get(dataCenter) ?? 0, state.clock)
  return { table: 'rosters', row: { dataCenter, version } }
}

/** Something that rosters say of this appliance has changed; what a depot is like, its trading partners are told too. */
export function nextRosterVersions(state: ServiceCenterState, { dataCenter, kind }: ApplianceRecord): Change[] {
  if (kind === SERVICE_PROVIDER) partnersChange(state, dataCenter)
  return [nextRosterVersion(state, dataCenter)]
}

/** Those who may trade with it, and those who might have traded with each other without it. */
export function partnersChange(state: ServiceCenterState, dataCenter: DataCenterName): void {
  const traders = new Set([...tradingDataCenters(state), dataCenter])
  for (const other of affectedBy(dataCenter, traders)) state.partnersChanged.add(other)
}

/** Once a tick; after a restart everybody is told once, since nobody knows who was not. */
export function tellPartners(state: ServiceCenterState): Change[] {
  const changes = [...state.partnersChanged].map((dataCenter) => nextRosterVersion(state, dataCenter))
  state.partnersChanged.clear()
  return changes
}

export function allPartnersChange(state: ServiceCenterState): void {
  for (const dataCenter of tradingDataCenters(state)) state.partnersChanged.add(dataCenter)
}

export function wanLimitsOf(state: ServiceCenterState, place: LimitsRecord['place']): WanLimits {
  const { downBitsPerSecond, upBitsPerSecond, quietHours } = limitsOf(state, place)
  return { downBitsPerSecond, upBitsPerSecond, quietHours }
}

function asMember(appliance: ApplianceRecord): RosterMember {
  const { peer, name, organization, dataCenter, kind, role, group, addresses } = appliance
  return { peer, name, organization, dataCenter, kind, role, group, addresses }
}
