/**
 * How an install begins, and those that go before it in the same interruption: whom each is for, whether that is what was
 * agreed to, and the lists of their targets, which are frozen here. Who of them begins when is decided by the plan (plan.ts).
 */
import { assert } from '../../../protocol/assert.ts'
import type { InstallId, OrganizationName } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import { byPlace } from '../census.ts'
import type { Command } from '../effects.ts'
import { findingOn } from '../findings.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ApplianceRecord, Change, InstallRecord, PatchRecord } from '../records.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { notConfirmed } from './confirming.ts'
import { isFinal, isUnderWay } from './install-states.ts'
import { newTarget } from './new-target.ts'
import { isUnheard } from './ongoing.ts'
import { patchesFirst } from './path.ts'
import { meantAppliances, meantForNobody } from './previewing.ts'
import { WAVE_SOAK_SECONDS } from './standing.ts'

type Start = Extract<Command, { kind: 'start-install' }>

/** One install for each patch, the last of them for that of the command: it is the one that is answered. */
export function startInstall(state: ServiceCenterState, command: Start): Decision {
  const scope = appliancesInScope(state, command)
  if (isRefusal(scope)) return { reply: scope, changes: [] }
  const steps = stepsOf(state, command, scope)
  if (isRefusal(steps)) return { reply: steps, changes: [] }
  const changed = notConfirmed(steps.last.patch, steps.last.appliances, command.confirmation)
  if (changed !== null) return { reply: changed, changes: [] }
  let deadlineAt = 0
  for (const { patch, appliances } of steps.all) {
    const running = alreadyUnderWay(state, patch, appliances)
    if (running !== null) return { reply: running, changes: [] }
    const deadline = deadlineOf(state, { ...command, patch: patch.sha256 }, appliances)
    if (isRefusal(deadline)) return { reply: deadline, changes: [] }
    deadlineAt = Math.max(deadlineAt, deadline)
  }
  const changes: Change[] = []
  let continues: InstallId | null = null
  for (const step of steps.all) {
    const install = newInstall(state, command, { patch: step.patch, deadlineAt, continues })
    changes.push(...begin(state, command, { ...step, install }))
    continues = install.id
  }
  assert(continues !== null, 'there is a last step')
  return { reply: { kind: 'install-started', install: continues }, changes }
}

type Step = { readonly patch: PatchRecord; readonly appliances: readonly ApplianceRecord[] }

/**
 * Each patch, and for whom it is meant: those that go first for nobody who does not get the last one, since nobody has
 * agreed to that. What all of them have already is not installed before the others.
 */
function stepsOf(
  state: ServiceCenterState,
  { patch, first = [] }: Start,
  scope: readonly ApplianceRecord[],
): { readonly all: readonly Step[]; readonly last: Step } | Refusal {
  const wanted = livePatch(state, patch)
  if (isRefusal(wanted)) return wanted
  const before = patchesFirst(state, wanted, first)
  if (isRefusal(before)) return before
  const last = stepOf(state, wanted, scope)
  if (isRefusal(last)) return last
  const earlier: Step[] = []
  for (const one of before) {
    const step = stepOf(state, one, last.appliances)
    if (isRefusal(step)) return step
    const isThere = step.appliances.every((appliance) => findingOn(state, one, appliance).result === 'installed')
    if (!isThere) earlier.push(step)
  }
  return { all: [...earlier, last], last }
}

function stepOf(state: ServiceCenterState, patch: PatchRecord, scope: readonly ApplianceRecord[]): Step | Refusal {
  const { meant, others } = meantAppliances(state, patch, scope)
  return meant.length === 0 ? meantForNobody(patch, others) : { patch, appliances: meant }
}

function newInstall(
  state: ServiceCenterState,
  { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, actor }: Start,
  { patch, deadlineAt, continues }: Pick<InstallRecord, 'deadlineAt' | 'continues'> & { readonly patch: PatchRecord },
): InstallRecord {
  return {
    id: nextId(state.random) as InstallId,
    patch: patch.sha256,
    organizations: [...new Set(organizations)],
    dataCenter,
    allowOutage,
    outsideWindows: outsideWindows === true,
    state: 'planned',
    reason: '',
    startedAt: state.clock.wallMs,
    startedBy: actor,
    deadlineAt,
    continues,
    waveSoakSeconds: waveSoakSeconds ?? WAVE_SOAK_SECONDS.usual,
    run: 1,
  }
}

function begin(
  state: ServiceCenterState,
  { actor, organizations, dataCenter, plan }: Start,
  { install, patch, appliances }: Step & { readonly install: InstallRecord },
): Change[] {
  const place = dataCenter === 'All' ? 'all Data Centers' : dataCenter
  const planned = plan === undefined ? '' : `, as planned (${plan.slice(0, 12)}…)`
  const goesOn = install.continues === null ? '' : `, going on from install ${install.continues}`
  const outcome = `in ${place}${allowances(install)}${planned}${goesOn}`
  return [
    { table: 'installs', row: install },
    ...appliances.map(({ peer }): Change => ({ table: 'targets', row: newTarget(state, install, peer) })),
    ...notedFor(organizations, { at: state.clock.wallMs, actor, action: 'install', subject: title(patch), outcome }),
  ]
}

/** What somebody has allowed or asked for beyond the usual, for the trail. */
function allowances({ allowOutage, outsideWindows, waveSoakSeconds }: InstallRecord): string {
  const stands = waveSoakSeconds === 0 ? '' : `, each wave standing for ${waveSoakSeconds} seconds`
  return `${allowOutage ? ', outage allowed' : ''}${outsideWindows ? ', outside of maintenance windows' : ''}${stands}`
}

/**
 * An install of the patch that has not ended on any of these, as a refusal. Whose own part in it has ended may be in another
 * one, however long the first one waits elsewhere; but not whoever was ordered and may be at it unheard.
 */
export function alreadyUnderWay(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly Pick<ApplianceRecord, 'peer'>[],
): Refusal | null {
  for (const id of state.open) {
    const install = state.installs.get(id)
    if (install?.patch !== patch.sha256 || !isUnderWay(install.state)) continue
    const busy = appliances.filter(({ peer }) => {
      const target = state.targets.get(id)?.get(peer)
      return target !== undefined && (!isFinal(target.state) || isUnheard(target))
    })
    const [first] = busy
    if (first === undefined) continue
    const name = everEnrolled(state, first.peer)?.name ?? first.peer
    const where = busy.length === 1 ? name : `${name} and ${busy.length - 1} more of these appliances`
    return refuse('install_running', `install ${id} of ${title(patch)} is ${install.state} on ${where}`)
  }
  return null
}

/** The appliances of the chosen organizations in the chosen Data Center, or what is wrong with the choice. */
export function appliancesInScope(
  state: ServiceCenterState,
  scope: { readonly organizations: readonly OrganizationName[]; readonly dataCenter: Start['dataCenter'] },
): ApplianceRecord[] | Refusal {
  const all = [...state.appliances.values()]
  if (scope.organizations.length === 0) return refuse('nothing_chosen', 'no organization was chosen')
  const [there, chosen] = [new Set(all.map(({ organization }) => organization)), new Set(scope.organizations)]
  const unknown = scope.organizations.find((name) => !there.has(name))
  if (unknown !== undefined)
    return refuse('unknown_organization', `there is no organization ${unknown} with appliances`)
  if (scope.dataCenter !== 'All' && !all.some(({ dataCenter }) => dataCenter === scope.dataCenter)) {
    return refuse('unknown_data_center', `there is no Data Center ${scope.dataCenter} with appliances`)
  }
  const inScope = all.filter(
    ({ organization, dataCenter }) =>
      chosen.has(organization) && (scope.dataCenter === 'All' || scope.dataCenter === dataCenter),
  )
  if (inScope.length > 0) return inScope.sort(byPlace)
  return refuse(
    'nothing_to_install',
    `there is no appliance of ${scope.organizations.join(', ')} in ${scope.dataCenter}`,
  )
}
