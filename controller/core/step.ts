/**
 * The Service Center as a function from events to effects. `step` changes the state by records and returns what must
 * happen, in order; it reads no clock, waits for nothing and touches no device.
 */
import { unreachable } from '../../protocol/assert.ts'
import { type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { envelopeDigest, seal } from '../../protocol/trust/envelope.ts'
import { LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import { Acknowledgement, type Letter } from '../../protocol/trust/statements.ts'
import type { ApplianceAccount } from './account.ts'
import { approveInstall } from './approvals/approving.ts'
import { setPolicy } from './approvals/policies.ts'
import { bringUp } from './baselines/bringing-up.ts'
import { changeBaselines } from './baselines/setting.ts'
import { trustAppliance } from './cloned-keys.ts'
import { advanceInstalls, commit } from './committing.ts'
import type { Command, ServiceCenterEffect, ServiceCenterEvent } from './effects.ts'
import { changeExposure } from './exposure/setting.ts'
import { whyKeyIsHeld } from './held-keys.ts'
import { isLeftBehind } from './known-patches.ts'
import { readLetter } from './letters.ts'
import { seedLimits, setLimits } from './limiting.ts'
import { admitted, enroll, nextRosterVersion, tellPartners } from './membership.ts'
import { inner } from './nested-maps.ts'
import { noteProgress } from './noting-progress.ts'
import { nameHolders, ownCopyTold } from './own-copies.ts'
import { renameAppliance, retireAppliance, revokeToken } from './places.ts'
import { changePublishers } from './publishers.ts'
import { type Decision, publish, withdraw } from './publishing.ts'
import { letGo } from './retention/letting-go.ts'
import { changeRetention } from './retention/setting.ts'
import { extendInstall } from './rollout/extending.ts'
import { startInstall } from './rollout/starting.ts'
import { cancelInstall, pauseInstall, resumeInstall } from './rollout/steering.ts'
import { closed, greeted, holdThoseBeside, leave, stillAttached, tellAnew, tellHeld } from './sessions.ts'
import { tendSilence } from './silence.ts'
import { apply, SERVICE_CENTER, type ServiceCenterState } from './state.ts'
import { letterTo, synchronize } from './synchronize.ts'
import { askForCopies } from './windows/copying-ahead.ts'
import { changeWindows } from './windows/setting.ts'

export function step(state: ServiceCenterState, event: ServiceCenterEvent): ServiceCenterEffect[] {
  switch (event.kind) {
    case 'tick': {
      const tookMs = event.clock.monotonicMs - state.clock.monotonicMs
      state.clock = event.clock
      return [
        ...tendSilence(state, tookMs),
        ...holdThoseBeside(state, tookMs),
        ...commit(state, tellPartners(state)),
        ...nameHolders(state),
        ...commit(state, bringUp(state, tookMs)),
        ...letGo(state, tookMs),
        ...advanceInstalls(state),
        ...askForCopies(state, tookMs),
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
    case 'extend-install':
      return extendInstall(state, command)
    case 'pause-install':
      return pauseInstall(state, command)
    case 'resume-install':
      return resumeInstall(state, command)
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
    case 'set-policy':
      return setPolicy(state, command)
    case 'approve-install':
      return approveInstall(state, command)
    case 'set-baseline':
    case 'remove-baseline':
      return changeBaselines(state, command)
    case 'set-advisory':
    case 'set-due-days':
      return changeExposure(state, command)
    case 'set-retention':
    case 'pin-patch':
    case 'unpin-patch':
      return changeRetention(state, command)
    case 'set-window':
    case 'remove-window':
      return changeWindows(state, command)
    default:
      return unreachable(command)
  }
}

/** What changes all the time, the room on its disk, is no news by itself. */
function tellAccount(state: ServiceCenterState, peer: PeerId, account: ApplianceAccount): ServiceCenterEffect[] {
  const before = state.accounts.get(peer)
  if (!state.appliances.has(peer)) return []
  state.accounts.set(peer, account)
  const isNews = before?.agentVersion !== account.agentVersion || before.storeBytes !== account.storeBytes
  return isNews ? [{ kind: 'changed', topic: 'appliances' }] : []
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
  const isLoss = letter.envelope.payloadType === LedgerLoss.payloadType
  if (isLoss && changes.length > 0) effects.push(...tellAnew(state, letter.from))
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
