/**
 * The Service Center as a function from events to effects. `step` changes the state by records and returns what must
 * happen, in order; it reads no clock, waits for nothing and touches no device.
 */
import { unreachable } from '../../protocol/assert.ts'
import { envelopeDigest, seal } from '../../protocol/envelope.ts'
import { type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { ControlMessage, Greeting } from '../../protocol/messages.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { Acknowledgement, type Letter } from '../../protocol/statements.ts'
import { hold, isTwice, trustAppliance } from './cloned-keys.ts'
import type { Command, ServiceCenterEffect, ServiceCenterEvent } from './effects.ts'
import { whyKeyIsHeld } from './held-keys.ts'
import { advance, cancelInstall, startInstall } from './installing.ts'
import { isLeftBehind, isUnproven } from './known-patches.ts'
import { readLetter } from './letters.ts'
import { seedLimits, setLimits } from './limiting.ts'
import { admitted, enroll, nextRosterVersion, nextRosterVersions, tellPartners } from './membership.ts'
import { inner } from './nested-maps.ts'
import { nameHolders, ownCopyTold } from './own-copies.ts'
import { renameAppliance, retireAppliance, revokeToken } from './places.ts'
import { changePublishers } from './publishers.ts'
import { type Decision, publish, withdraw } from './publishing.ts'
import type { ApplianceRecord, Change } from './records.ts'
import { tendSilence } from './silence.ts'
import { type ApplianceAccount, apply, noteProgress, SERVICE_CENTER, type ServiceCenterState } from './state.ts'
import { letterTo, synchronize } from './synchronize.ts'

export function step(state: ServiceCenterState, event: ServiceCenterEvent): ServiceCenterEffect[] {
  switch (event.kind) {
    case 'tick': {
      const tookMs = event.clock.monotonicMs - state.clock.monotonicMs
      state.clock = event.clock
      return [
        ...tendSilence(state, tookMs),
        ...commit(state, tellPartners(state)),
        ...nameHolders(state),
        ...advanceInstalls(state),
      ]
    }
    case 'command':
      return carryOut(state, event)
    case 'token-issued': {
      apply(state, { table: 'tokens', row: event.token })
      const effects =
        event.token.kind === SERVICE_PROVIDER ? [] : commit(state, [nextRosterVersion(state, event.token.dataCenter)])
      return [admitted(state), ...effects, { kind: 'changed', topic: 'appliances' }]
    }
    case 'control-opened':
      state.heardMs.set(event.peer, state.clock.monotonicMs)
      return []
    case 'control-closed':
      state.heardMs.delete(event.peer)
      return closed(state, event.peer)
    case 'control-received':
      return received(state, event.peer, event.message)
    case 'account-told':
      return tellAccount(state, event.peer, event.account)
    case 'own-copy-told':
      return commit(state, ownCopyTold(state, event.patch, event.copy))
    case 'enrollment-requested': {
      const { answer, changes } = enroll(state, event.peer, event.request)
      return [
        ...commit(state, changes),
        admitted(state),
        { kind: 'answer-enrollment', peer: event.peer, appliance: event.request.appliance, answer },
      ]
    }
    default:
      return unreachable(event)
  }
}

type Asked = Extract<ServiceCenterEvent, { kind: 'command' }>

function carryOut(state: ServiceCenterState, { id, command, origin = '' }: Asked): ServiceCenterEffect[] {
  const { reply, changes } = decide(state, command)
  const effects = commit(
    state,
    changes.map((change) => (change.table === 'audit' ? { ...change, row: { ...change.row, origin } } : change)),
  )
  if (!isRefusal(reply)) {
    // Also where it was there before: its file is new, and proven.
    if (reply.kind === 'published') effects.push({ kind: 'seed', patch: reply.patch, isNew: true })
    if (reply.kind === 'limits-set' && reply.place === SERVICE_CENTER) effects.push(seedLimits(state))
    if (reply.kind === 'appliance-retired') effects.push(admitted(state), { kind: 'hang-up', peer: reply.appliance })
    if (reply.kind === 'appliance-trusted') state.lives.delete(reply.appliance)
    if (reply.kind === 'withdrawn') effects.push({ kind: 'unseed', patch: reply.patch })
  }
  return [...effects, { kind: 'reply', id, reply }, ...advanceInstalls(state)]
}

function decide(state: ServiceCenterState, command: Command): Decision {
  switch (command.kind) {
    case 'publish':
      return publish(state, command)
    case 'withdraw':
      return withdraw(state, command)
    case 'start-install':
      return startInstall(state, command)
    case 'cancel-install':
      return cancelInstall(state, command)
    case 'set-limits':
      return setLimits(state, command)
    case 'rename-appliance':
      return renameAppliance(state, command)
    case 'retire-appliance':
      return retireAppliance(state, command)
    case 'trust-appliance':
      return trustAppliance(state, command)
    case 'revoke-token':
      return revokeToken(state, command)
    case 'set-publisher':
    case 'remove-publisher':
      return changePublishers(state, command)
    default:
      return unreachable(command)
  }
}

/** Takes the changes into the state, has them stored, and tells whom they concern. */
function commit(state: ServiceCenterState, changes: Change[]): ServiceCenterEffect[] {
  if (changes.length === 0) return []
  for (const change of changes) apply(state, change)
  const effects: ServiceCenterEffect[] = [{ kind: 'commit', changes }]
  const tables = new Set(changes.map(({ table }) => table))
  const rosters = new Set(changes.flatMap((change) => (change.table === 'rosters' ? [change.row.dataCenter] : [])))
  const concerned = tables.has('patches') || rosters.size > 0 ? state.sessions.keys() : []
  for (const peer of concerned) {
    const dataCenter = state.appliances.get(peer)?.dataCenter
    if (tables.has('patches') || (dataCenter !== undefined && rosters.has(dataCenter)))
      effects.push(...synchronize(state, peer))
  }
  for (const change of changes) {
    if (change.table === 'targets' && change.row.order !== null)
      effects.push(...synchronize(state, change.row.appliance))
  }
  if (tables.has('patches') || tables.has('receipts') || tables.has('ownCopies'))
    effects.push({ kind: 'changed', topic: 'patches' })
  if (tables.has('installs') || tables.has('targets') || tables.has('detections'))
    effects.push({ kind: 'changed', topic: 'installs' })
  if (tables.has('appliances') || tables.has('limits') || tables.has('tokens'))
    effects.push({ kind: 'changed', topic: 'appliances' })
  return effects
}

function advanceInstalls(state: ServiceCenterState): ServiceCenterEffect[] {
  const effects: ServiceCenterEffect[] = []
  for (const id of state.installs.keys()) {
    // Each step ends, orders or explains at least one target for good, so the rounds are bounded by their number.
    for (let rounds = 3 * (state.targets.get(id)?.size ?? 0) + 3; rounds > 0; rounds--) {
      const install = state.installs.get(id)
      const changes = install === undefined ? [] : advance(state, install)
      if (changes.length === 0) break
      effects.push(...commit(state, changes))
    }
  }
  return effects
}

/** What changes all the time, the room on its disk, is no news by itself. */
function tellAccount(state: ServiceCenterState, peer: PeerId, account: ApplianceAccount): ServiceCenterEffect[] {
  const before = state.accounts.get(peer)
  if (!state.appliances.has(peer)) return []
  state.accounts.set(peer, account)
  const isNews = before?.agentVersion !== account.agentVersion || before.storeBytes !== account.storeBytes
  return isNews ? [{ kind: 'changed', topic: 'appliances' }] : []
}

function closed(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const lost = [...state.sessions]
    .filter(([holder, { via }]) => holder === peer || via === peer)
    .map(([holder]) => holder)
  for (const vias of state.attachments.values()) vias.delete(peer)
  return lost.flatMap((holder) => [...leave(state, holder), ...stillAttached(state, holder)])
}

/** A stream that one depot member takes for alive may have been given up by the appliance, which is at another now. */
function stillAttached(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  const [newest] = [...(state.attachments.get(peer) ?? [])].reverse()
  const appliance = state.appliances.get(peer)
  const via = newest === undefined ? undefined : state.appliances.get(newest[0])
  if (newest === undefined || appliance === undefined || via === undefined) return []
  return greeted(state, appliance, via, newest[1])
}

function leave(state: ServiceCenterState, peer: PeerId): ServiceCenterEffect[] {
  state.sessions.delete(peer)
  const appliance = state.appliances.get(peer)
  if (appliance === undefined) return []
  return [
    ...commit(state, [{ table: 'appliances', row: { ...appliance, lastSeenAt: state.clock.wallMs } }]),
    { kind: 'changed', topic: 'patches' },
  ]
}

function received(state: ServiceCenterState, peer: PeerId, message: ControlMessage): ServiceCenterEffect[] {
  const appliance = state.appliances.get(peer)
  if (appliance === undefined) return [{ kind: 'hang-up', peer }]
  state.heardMs.set(peer, state.clock.monotonicMs)
  const held = whyKeyIsHeld(appliance)
  // It gives up the stream by itself and comes later; nothing else of it is answered.
  if (held !== null) return message.kind === 'greeting' ? [tellHeld(peer, peer, held)] : []
  switch (message.kind) {
    case 'greeting':
      // Each greeting costs a commit, so a stream begins with one and has no other.
      if (state.sessions.get(peer)?.via === peer) return [{ kind: 'hang-up', peer }]
      return greeted(state, appliance, appliance, message.greeting)
    case 'attached': {
      const attached = state.appliances.get(message.peer)
      if (attached === undefined || attached.dataCenter !== appliance.dataCenter || attached.kind === SERVICE_PROVIDER)
        return []
      const why = whyKeyIsHeld(attached)
      if (why !== null) return [tellHeld(attached.peer, peer, why)]
      const vias = inner(state.attachments, message.peer)
      vias.delete(peer)
      vias.set(peer, message.greeting)
      return greeted(state, attached, appliance, message.greeting)
    }
    case 'detached':
      state.attachments.get(message.peer)?.delete(peer)
      if (state.sessions.get(message.peer)?.via !== peer) return []
      return [...leave(state, message.peer), ...stillAttached(state, message.peer)]
    case 'ping':
      return [{ kind: 'send', peer, message: { kind: 'pong', wallMs: state.clock.wallMs } }]
    case 'pong':
    case 'held':
    case 'enrollment':
      return []
    case 'progress':
      return noteProgress(state, peer, message.progress) ? [{ kind: 'changed', topic: 'patches' }] : []
    case 'enrolling': {
      const token = state.tokens.get(message.peer)
      if (token !== undefined && token.dataCenter !== appliance.dataCenter) return []
      const { answer, changes } = enroll(state, message.peer, message.request)
      return [
        ...commit(state, changes),
        {
          kind: 'send',
          peer,
          message: { kind: 'enrollment', peer: message.peer, appliance: message.request.appliance, answer },
        },
      ]
    }
    case 'letter':
      return readAndAcknowledge(state, peer, message.letter)
    default:
      return unreachable(message)
  }
}

function greeted(
  state: ServiceCenterState,
  appliance: ApplianceRecord,
  via: ApplianceRecord,
  greeting: Greeting,
): ServiceCenterEffect[] {
  const { addresses, rosterVersion, life } = greeting
  if (isTwice(state, { peer: appliance.peer, via: via.peer, life })) return holdKey(state, appliance, via.peer)
  // What is not proven there may be an earlier publication of the same file: it is told again.
  const proven = greeting.known.filter((patch) => !isUnproven(state, patch, appliance))
  // A depot tells again what its tenants said when they came; those have learned of patches since, and spoken of them.
  const learned = [...state.patches.keys()].filter((patch) => isLeftBehind(state, patch, appliance.peer))
  const known = new Set([...proven, ...learned])
  state.sessions.set(appliance.peer, {
    ...{ via: via.peer, rosterVersion, known, sent: new Set() },
    membershipAt: appliance.enrolledAt,
  })
  const changes: Change[] = [{ table: 'appliances', row: { ...appliance, addresses, lastSeenAt: state.clock.wallMs } }]
  if (addresses.join() !== appliance.addresses.join()) changes.push(...nextRosterVersions(state, appliance))
  return [
    ...commit(state, changes),
    ...synchronize(state, appliance.peer),
    ...advanceInstalls(state),
    { kind: 'changed', topic: 'patches' },
  ]
}

/** Two machines have its key: it is gone for everybody, and whoever reached the Service Center through it goes elsewhere. */
function holdKey(state: ServiceCenterState, appliance: ApplianceRecord, via: PeerId): ServiceCenterEffect[] {
  const { peer } = appliance
  state.attachments.delete(peer)
  const effects = [...closed(state, peer), ...commit(state, hold(state, appliance))]
  const why = whyKeyIsHeld(state.appliances.get(peer) ?? appliance) ?? ''
  return [
    ...effects,
    { kind: 'log', line: why, fields: { peer, name: appliance.name } },
    tellHeld(peer, via, why),
    ...advanceInstalls(state),
    { kind: 'changed', topic: 'appliances' },
    { kind: 'changed', topic: 'patches' },
  ]
}

function tellHeld(peer: PeerId, via: PeerId, reason: string): ServiceCenterEffect {
  return { kind: 'send', peer: via, message: { kind: 'held', peer, reason } }
}

function readAndAcknowledge(state: ServiceCenterState, via: PeerId, letter: Letter): ServiceCenterEffect[] {
  if (letter.envelope.payloadType === Acknowledgement.payloadType) return []
  const changes = readLetter(state, letter)
  // A letter that is refused is refused for good: it is acknowledged too, so that nobody sends it for ever.
  const acknowledgement = seal(
    Acknowledgement,
    { from: state.mesh, letters: [envelopeDigest(letter.envelope)] },
    state.signing,
  )
  const answer = letterTo(state, letter.from, acknowledgement, via)
  if (isRefusal(changes)) return [refusalLog(letter.from, changes), answer]
  const effects = [...commit(state, changes), answer]
  for (const change of changes) {
    if (change.table !== 'detections' || !isLeftBehind(state, change.row.sha256, change.row.peer)) continue
    state.sessions.get(change.row.peer)?.known.add(change.row.sha256)
    effects.push(...synchronize(state, change.row.peer))
  }
  return [...effects, ...advanceInstalls(state)]
}

function refusalLog(peer: PeerId, refusal: Refusal): ServiceCenterEffect {
  return { kind: 'log', line: `refused: ${refusal.message}`, fields: { peer, code: refusal.refused } }
}
