/**
 * Which appliances can be reached now, and by what way: their own control stream, or one that ends at a member of their
 * depot. Whoever comes is told what it does not know; a key with which two machines come is held.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Greeting } from '../../protocol/messages.ts'
import { besideEachOther, hold, isTwice } from './cloned-keys.ts'
import { advanceInstalls, commit } from './committing.ts'
import type { ServiceCenterEffect } from './effects.ts'
import { whyKeyIsHeld } from './held-keys.ts'
import { isLeftBehind, isUnproven } from './known-patches.ts'
import { tellHeard } from './lost-ledgers.ts'
import { nextRosterVersions } from './membership.ts'
import type { ApplianceRecord, Change } from './records.ts'
import { waitsForDoubtful } from './rollout/taking-back.ts'
import type { ServiceCenterState } from './state.ts'
import { synchronize } from './synchronize.ts'

export function greeted(
  state: ServiceCenterState,
  appliance: ApplianceRecord,
  via: ApplianceRecord,
  greeting: Greeting,
): ServiceCenterEffect[] {
  const { addresses, rosterVersion, life } = greeting
  if (isTwice(state, { peer: appliance.peer, via: via.peer, life })) return holdKey(state, appliance, [via.peer])
  // What is not proven there may be an earlier publication of the same file: it is told again. So is what is not known
  // here, once it is: an older database may have forgotten it.
  const proven = greeting.known.filter((patch) => state.patches.has(patch) && !isUnproven(state, patch, appliance))
  // A depot tells again what its tenants said when they came; those have learned of patches since, and spoken of them.
  const learned = [...state.patches.keys()].filter((patch) => isLeftBehind(state, patch, appliance.peer))
  const known = new Set([...proven, ...learned])
  state.sessions.set(appliance.peer, {
    ...{ via: via.peer, rosterVersion, known, sent: new Set(), takenBack: new Set(), silenceMs: greeting.silenceMs },
    membershipAt: appliance.enrolledAt,
    copiesAhead: new Set(),
    ...{ policySent: greeting.policyVersion ?? 0, policyHeld: greeting.policyVersion ?? 0 },
  })
  const changes: Change[] = [{ table: 'appliances', row: { ...appliance, addresses, lastSeenAt: state.clock.wallMs } }]
  const isNewer = rosterVersion > (state.rosterVersions.get(appliance.dataCenter) ?? 0)
  // An older database knows less than it has told: what it knows is told anew, with a number that is above all others.
  const isForgotten = isNewer && rosterVersion <= state.clock.wallMs
  if (isForgotten || addresses.join() !== appliance.addresses.join())
    changes.push(...nextRosterVersions(state, appliance))
  return [
    ...commit(state, changes),
    ...tellHeard(state, appliance, { counters: greeting.counters, via: via.peer }),
    ...synchronize(state, appliance.peer),
    ...waitsForDoubtful(state, appliance.peer).flatMap((target) => synchronize(state, target.appliance)),
    ...advanceInstalls(state),
    { kind: 'changed', topic: 'patches' },
  ]
}

/** Its ledger is an older one: which publications it knows, and whether they are the newest, nobody can say. */
export function tellAnew(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const known = state.sessions.get(peer)?.known
  for (const { sha256, withdrawal } of state.patches.values()) if (withdrawal === null) known?.delete(sha256)
  return synchronize(state, peer)
}

export function closed(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const lost = [...state.sessions]
    .filter(([holder, { via }]) => holder === peer || via === peer)
    .map(([holder]) => holder)
  for (const vias of state.attachments.values()) vias.delete(peer)
  return lost.flatMap((holder) => [...leave(state, holder), ...stillAttached(state, holder)])
}

export function leave(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  state.sessions.delete(peer)
  const appliance = state.appliances.get(peer)
  if (appliance === undefined) return []
  return [
    ...commit(state, [{ table: 'appliances', row: { ...appliance, lastSeenAt: state.clock.wallMs } }]),
    { kind: 'changed', topic: 'patches' },
  ]
}

/** A stream that one depot member takes for alive may have been given up by the appliance, which is at another now. */
export function stillAttached(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const [newest] = [...(state.attachments.get(peer) ?? [])].reverse()
  const appliance = state.appliances.get(peer)
  const via = newest === undefined ? undefined : state.appliances.get(newest[0])
  if (newest === undefined || appliance === undefined || via === undefined) return []
  return greeted(state, appliance, via, newest[1])
}

/** Those that two machines use without taking each other's stream. */
export function holdThoseBeside(state: ServiceCenterState, tookMs: number): ServiceCenterEffect[] {
  return besideEachOther(state, tookMs).flatMap(({ peer, vias }) => {
    const appliance = state.appliances.get(peer)
    return appliance === undefined ? [] : holdKey(state, appliance, vias)
  })
}

/** Two machines have its key: it is gone for everybody, and whoever reached the Service Center through it goes elsewhere. */
function holdKey(state: ServiceCenterState, appliance: ApplianceRecord, vias: PeerId[]): ServiceCenterEffect[] {
  const { peer } = appliance
  // Also a member of the depot at which it was before: it takes what it hears of there for the truth, and would stay for ever.
  const told = new Set([...vias, ...(state.attachments.get(peer)?.keys() ?? [])])
  state.attachments.delete(peer)
  const effects = [...closed(state, peer), ...commit(state, hold(state, appliance))]
  const why = whyKeyIsHeld(state.appliances.get(peer) ?? appliance) ?? ''
  return [
    ...effects,
    { kind: 'log', line: why, fields: { peer, name: appliance.name } },
    ...[...told].map((via) => tellHeld(peer, via, why)),
    ...advanceInstalls(state),
    { kind: 'changed', topic: 'appliances' },
    { kind: 'changed', topic: 'patches' },
  ]
}

export function tellHeld(peer: PeerId, via: PeerId, reason: string): ServiceCenterEffect {
  return { kind: 'send', peer: via, message: { kind: 'held', peer, reason } }
}
