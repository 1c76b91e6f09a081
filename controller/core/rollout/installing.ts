/**
 * Installs: freezing the list of targets, sending orders as the rollout plan allows, following reports, halting and
 * cancelling. The Service Center orders and counts; whether anything is installed is decided on the appliance.
 */
import { seal } from '../../../protocol/envelope.ts'
import { type InstallId, type OrderId, SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { nextId } from '../../../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { Order, type Report } from '../../../protocol/statements.ts'
import { notedFor } from '../audit-notes.ts'
import { byPlace } from '../census.ts'
import type { Command, Reply } from '../effects.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ApplianceRecord, Change, InstallRecord, TargetRecord } from '../records.ts'
import { unreachableSince } from '../replications.ts'
import { numberAfter } from '../rising-numbers.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { notConfirmed } from './confirming.ts'
import { endBehindPeers, endLeftBehind, endUnbegun, endWaiting, outcomeOf } from './ending-installs.ts'
import { isFailure, isFinal, isUnderWay } from './install-states.ts'
import { INSTALL_DEADLINE_MS, mayAwaitRestart, PICKUP_MS, silenceAllowedMs } from './install-times.ts'
import { type Elsewhere, isInFlight, isUnheard, planRollout } from './plan.ts'
import { meantAppliances, meantForNobody } from './previewing.ts'
import { factsOf } from './target-facts.ts'

type Start = Extract<Command, { kind: 'start-install' }>
type Cancel = Extract<Command, { kind: 'cancel-install' }>

export function startInstall(state: ServiceCenterState, command: Start): Decision {
  const patch = livePatch(state, command.patch)
  if (isRefusal(patch)) return { reply: patch, changes: [] }
  const scope = appliancesInScope(state, command)
  if (isRefusal(scope)) return { reply: scope, changes: [] }
  const { meant: appliances, others } = meantAppliances(state, patch, scope)
  if (appliances.length === 0) return { reply: meantForNobody(patch, others), changes: [] }
  const changed = notConfirmed(patch, appliances, command.confirmation)
  if (changed !== null) return { reply: changed, changes: [] }
  const running = [...state.installs.values()].find(
    (install) =>
      install.patch === command.patch &&
      install.state === 'running' &&
      appliances.some(({ peer }) => state.targets.get(install.id)?.has(peer)),
  )
  if (running !== undefined) {
    return {
      reply: refuse(
        'install_running',
        `install ${running.id} of ${title(patch)} is running on some of these appliances`,
      ),
      changes: [],
    }
  }
  const at = state.clock.wallMs
  const id = nextId(state.random) as InstallId
  const install: InstallRecord = {
    id,
    patch: command.patch,
    organizations: [...new Set(command.organizations)],
    dataCenter: command.dataCenter,
    allowOutage: command.allowOutage,
    state: 'running',
    reason: '',
    startedAt: at,
    startedBy: command.actor,
    deadlineAt: at + INSTALL_DEADLINE_MS,
  }
  const targets = appliances.map(
    ({ peer }): Change => ({
      table: 'targets',
      row: {
        install: id,
        appliance: peer,
        state: 'queued',
        reason: 'waits its turn',
        refusal: null,
        output: '',
        installedVersion: state.detections.get(command.patch)?.get(peer)?.installedVersion ?? null,
        order: null,
        counter: 0,
        changedAt: at,
      },
    }),
  )
  const place = command.dataCenter === 'All' ? 'all Data Centers' : command.dataCenter
  const outcome = `in ${place}${command.allowOutage ? ', outage allowed' : ''}`
  const { actor, organizations } = command
  const audit = notedFor(organizations, { at, actor, action: 'install', subject: title(patch), outcome })
  return {
    reply: { kind: 'install-started', install: id },
    changes: [{ table: 'installs', row: install }, ...targets, ...audit],
  }
}

/** The appliances of the chosen organizations in the chosen Data Center, or what is wrong with the choice. */
export function appliancesInScope(
  state: ServiceCenterState,
  scope: Pick<Start, 'organizations' | 'dataCenter'>,
): ApplianceRecord[] | Refusal {
  const all = [...state.appliances.values()]
  if (scope.organizations.length === 0) return refuse('nothing_chosen', 'no organization was chosen')
  const unknown = scope.organizations.find((name) => !all.some(({ organization }) => organization === name))
  if (unknown !== undefined)
    return refuse('unknown_organization', `there is no organization ${unknown} with appliances`)
  if (scope.dataCenter !== 'All' && !all.some(({ dataCenter }) => dataCenter === scope.dataCenter)) {
    return refuse('unknown_data_center', `there is no Data Center ${scope.dataCenter} with appliances`)
  }
  const inScope = all.filter(
    ({ organization, dataCenter }) =>
      scope.organizations.includes(organization) && (scope.dataCenter === 'All' || scope.dataCenter === dataCenter),
  )
  if (inScope.length > 0) return inScope.sort(byPlace)
  return refuse(
    'nothing_to_install',
    `there is no appliance of ${scope.organizations.join(', ')} in ${scope.dataCenter}`,
  )
}

/** No pair begins any more; those that have begun are finished. Cancelling twice is harmless. */
export function cancelInstall(state: ServiceCenterState, { actor, install }: Cancel): Decision {
  const found = state.installs.get(install)
  if (found === undefined) return { reply: refuse('not_found', `there is no install ${install}`), changes: [] }
  const reply: Reply = { kind: 'install-cancelled', install }
  if (found.state === 'cancelled') return { reply, changes: [] }
  if (found.state !== 'running') {
    return { reply: refuse('already_ended', `install ${install} is ${found.state}`), changes: [] }
  }
  const at = state.clock.wallMs
  return {
    reply,
    changes: [
      { table: 'installs', row: { ...found, state: 'cancelled', reason: `cancelled by ${actor}` } },
      ...endUnbegun(state, targetsOf(state, install), 'cancelled with its install'),
      ...notedFor(found.organizations, { at, actor, action: 'cancel', subject: install, outcome: 'done' }),
    ],
  }
}

/** What a report changes: its target, never anything else. */
export function followReport(state: ServiceCenterState, report: Report): Change[] {
  const target = state.targets.get(report.install)?.get(report.from)
  if (target === undefined || target.order?.id !== report.orderId || report.counter <= target.counter) return []
  const { counter, reason, refusal, output, installedVersion } = report
  const row: TargetRecord = {
    ...target,
    state: report.state,
    counter,
    reason,
    refusal,
    output,
    installedVersion,
    changedAt: state.clock.wallMs,
  }
  if (isFinal(row.state)) state.silentSinceMs.delete(report.orderId)
  else state.silentSinceMs.set(report.orderId, state.clock.monotonicMs)
  return [{ table: 'targets', row }, ...(target.state === 'unknown' ? runsAgain(state, row) : [])]
}

/** An appliance of which nothing was heard has gone on after all: its install, which had ended without it, has not. */
function runsAgain(state: ServiceCenterState, target: TargetRecord): Change[] {
  const install = state.installs.get(target.install)
  if (install === undefined || (install.state !== 'done' && install.state !== 'halted')) return []
  const others = targetsOf(state, install.id).filter(({ appliance }) => appliance !== target.appliance)
  // What a failure has halted stays halted, and waits for nobody.
  if (others.some((other) => isFailure(other.state)) || others.some((other) => !isFinal(other.state))) return []
  return [{ table: 'installs', row: { ...install, state: 'running', reason: '' } }]
}

/**
 * The next step of one install, as changes: orders for those who may start, reasons for those who wait, an end when every
 * target has ended. What was halted or cancelled goes on only with the pairs that have begun. Applied again at once it changes nothing.
 */
export function advance(state: ServiceCenterState, install: InstallRecord): Change[] {
  const patch = state.patches.get(install.patch)
  if (patch === undefined) return []
  const targets = targetsOf(state, install.id)
  const haveEnded = targets.every(({ state }) => isFinal(state))
  if (haveEnded && !isUnderWay(install.state)) return []
  const late = targets.flatMap((target) => whenLate(state, install, target, patch.publication.manifest))
  if (late.length > 0) return late
  const failed = targets.find(({ state }) => isFailure(state))
  if (install.state === 'running' && failed !== undefined) {
    const name = everEnrolled(state, failed.appliance)?.name ?? failed.appliance
    const reason = `${name} ${failed.state}: ${failed.reason}`
    return [
      { table: 'installs', row: { ...install, state: 'halted', reason } },
      ...endUnbegun(state, targets, `not started: ${name} ${failed.state}`),
    ]
  }
  const leftBehind = isUnderWay(install.state) ? [] : endLeftBehind(state, install, targets)
  if (leftBehind.length > 0) return leftBehind
  const behind = endBehindPeers(state, targets)
  if (behind.length > 0) return behind
  if (haveEnded) return [{ table: 'installs', row: { ...install, ...outcomeOf(state, targets) } }]
  if (state.clock.wallMs > install.deadlineAt)
    return endWaiting(state, targets, 'the deadline of the install has passed')
  return order(state, install, targets)
}

function order(state: ServiceCenterState, install: InstallRecord, targets: TargetRecord[]): Change[] {
  if (targets.every((target) => target.order !== null || isFinal(target.state))) return []
  const facts = factsOf(state, install, targets)
  const manifest = state.patches.get(install.patch)?.publication.manifest
  if (manifest === undefined) return []
  const plan = planRollout(install, manifest, facts, elsewhere(state, install))
  return facts.flatMap(({ target, appliance }): Change[] => {
    if (plan.start.includes(appliance.peer)) return sealOrder(state, install, target, appliance)
    const reason = plan.waiting.get(appliance.peer)
    return reason === undefined || reason === target.reason ? [] : [{ table: 'targets', row: { ...target, reason } }]
  })
}

/** A pair is a pair whichever install disrupts it, also one that has ended without hearing of all that it ordered. */
function elsewhere(state: ServiceCenterState, install: InstallRecord): Elsewhere {
  const others = [...state.unsettled.values()].filter((target) => target.install !== install.id)
  const appliances = (targets: TargetRecord[]) =>
    targets.flatMap(({ appliance }) => state.appliances.get(appliance) ?? [])
  return { inFlight: appliances(others.filter(isInFlight)), unheard: appliances(others.filter(isUnheard)) }
}

function sealOrder(
  state: ServiceCenterState,
  install: InstallRecord,
  target: TargetRecord,
  appliance: ApplianceRecord,
): Change[] {
  const id = nextId(state.random) as OrderId
  const sequence = numberAfter(appliance.orderSequence, state.clock)
  const at = state.clock.wallMs
  const envelope = seal(
    Order,
    {
      to: appliance.peer,
      orderId: id,
      sequence,
      install: install.id,
      attempt: 1,
      action: 'install',
      patch: install.patch,
      organization: appliance.organization,
      dataCenter: appliance.dataCenter,
      issuedAt: at,
      expiresAt: install.deadlineAt,
    },
    state.signing,
  )
  const via = appliance.kind === SERVICE_PROVIDER ? '' : ' through its depot'
  return [
    { table: 'appliances', row: { ...appliance, orderSequence: sequence } },
    {
      table: 'targets',
      row: {
        ...target,
        reason: `ordered${via}, waits for the appliance to answer`,
        order: { id, envelope },
        changedAt: at,
      },
    },
  ]
}

function whenLate(
  state: ServiceCenterState,
  { deadlineAt }: InstallRecord,
  target: TargetRecord,
  manifest: Manifest,
): Change[] {
  const appliance = state.appliances.get(target.appliance)
  if (target.order === null || isFinal(target.state) || appliance === undefined) return []
  // Measured from when this process heard of it, by the clock that nobody sets: a wall clock that jumps silences nobody.
  const now = state.clock.monotonicMs
  const waits = target.state === 'verifying' && state.sessions.has(target.appliance)
  const isHeard = waits && mayAwaitRestart(manifest, deadlineAt, state.clock.wallMs)
  const sinceMs = isHeard ? now : (state.silentSinceMs.get(target.order.id) ?? now)
  state.silentSinceMs.set(target.order.id, sinceMs)
  const silentMs = now - sinceMs
  if (silentMs > silenceAllowedMs(manifest)) {
    const reason = `nothing heard for ${Math.round(silentMs / 60_000)} minutes while ${target.state}`
    return [{ table: 'targets', row: { ...target, state: 'unknown', reason } }]
  }
  if (target.counter === 0 && silentMs > PICKUP_MS && !state.sessions.has(target.appliance)) {
    const reason = `ordered, but ${appliance.name} is ${unreachableSince(appliance)}`
    if (reason !== target.reason) return [{ table: 'targets', row: { ...target, reason } }]
  }
  return []
}

function targetsOf(state: ServiceCenterState, install: InstallId): TargetRecord[] {
  return [...(state.targets.get(install)?.values() ?? [])]
}
