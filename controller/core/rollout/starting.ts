/**
 * How an install begins: whom it is for, whether that is what was agreed to, and the list of its targets, which is frozen
 * here. Who of them begins when is decided by the plan (plan.ts).
 */
import type { InstallId, OrganizationName } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import { byPlace } from '../census.ts'
import type { Command } from '../effects.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ApplianceRecord, Change, InstallRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { notConfirmed } from './confirming.ts'
import { isUnderWay } from './install-states.ts'
import { newTarget } from './new-target.ts'
import { meantAppliances, meantForNobody } from './previewing.ts'
import { WAVE_SOAK_SECONDS } from './standing.ts'

type Start = Extract<Command, { kind: 'start-install' }>

export function startInstall(state: ServiceCenterState, command: Start): Decision {
  const patch = livePatch(state, command.patch)
  if (isRefusal(patch)) return { reply: patch, changes: [] }
  const scope = appliancesInScope(state, command)
  if (isRefusal(scope)) return { reply: scope, changes: [] }
  const { meant: appliances, others } = meantAppliances(state, patch, scope)
  if (appliances.length === 0) return { reply: meantForNobody(patch, others), changes: [] }
  const changed = notConfirmed(patch, appliances, command.confirmation)
  if (changed !== null) return { reply: changed, changes: [] }
  const running = alreadyUnderWay(state, patch, appliances)
  if (running !== null) return { reply: running, changes: [] }
  const at = state.clock.wallMs
  const deadlineAt = deadlineOf(state, command, appliances)
  if (isRefusal(deadlineAt)) return { reply: deadlineAt, changes: [] }
  const id = nextId(state.random) as InstallId
  const install: InstallRecord = {
    id,
    patch: command.patch,
    organizations: [...new Set(command.organizations)],
    dataCenter: command.dataCenter,
    allowOutage: command.allowOutage,
    outsideWindows: command.outsideWindows === true,
    state: 'planned',
    reason: '',
    startedAt: at,
    startedBy: command.actor,
    deadlineAt,
    waveSoakSeconds: command.waveSoakSeconds ?? WAVE_SOAK_SECONDS.usual,
    run: 1,
  }
  const targets = appliances.map(({ peer }): Change => ({ table: 'targets', row: newTarget(state, install, peer) }))
  const place = command.dataCenter === 'All' ? 'all Data Centers' : command.dataCenter
  const { actor, organizations, plan } = command
  const planned = plan === undefined ? '' : `, as planned (${plan.slice(0, 12)}…)`
  const outcome = `in ${place}${allowances(install)}${planned}`
  const audit = notedFor(organizations, { at, actor, action: 'install', subject: title(patch), outcome })
  return {
    reply: { kind: 'install-started', install: id },
    changes: [{ table: 'installs', row: install }, ...targets, ...audit],
  }
}

/** What somebody has allowed or asked for beyond the usual, for the trail. */
function allowances({ allowOutage, outsideWindows, waveSoakSeconds }: InstallRecord): string {
  const stands = waveSoakSeconds === 0 ? '' : `, each wave standing for ${waveSoakSeconds} seconds`
  return `${allowOutage ? ', outage allowed' : ''}${outsideWindows ? ', outside of maintenance windows' : ''}${stands}`
}

/** An install of the patch on any of these that has not ended, as a refusal. */
export function alreadyUnderWay(
  state: ServiceCenterState,
  patch: PatchRecord,
  appliances: readonly Pick<ApplianceRecord, 'peer'>[],
): Refusal | null {
  const running = [...state.open].find((id) => {
    const install = state.installs.get(id)
    if (install?.patch !== patch.sha256 || !isUnderWay(install.state)) return false
    return appliances.some(({ peer }) => state.targets.get(id)?.has(peer))
  })
  if (running === undefined) return null
  const how = state.installs.get(running)?.state
  return refuse('install_running', `install ${running} of ${title(patch)} is ${how} on some of these appliances`)
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
