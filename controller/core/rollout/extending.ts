/**
 * Appliances that joined the fleet after an install had begun. Its list was agreed to without them, so nothing adds them
 * by itself; whoever may start an install adds them to the one that goes on, where they wait their turn as all others do.
 */
import type { PeerId } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import { appliancesByPlace } from '../census.ts'
import type { Command, Reply } from '../effects.ts'
import { findingOn } from '../findings.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ApplianceRecord, Change, InstallRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { companionsOf } from './companions.ts'
import { isUnderWay } from './install-states.ts'
import { newTarget } from './new-target.ts'
import { alreadyUnderWay } from './starting.ts'

type Extend = Extract<Command, { kind: 'extend-install' }>

/** Named in the trail; of more the number says more. */
const NAMED_APPLIANCES = 20

/** Of those that the install is for, who joined after it had begun and is no part of it; nobody once it has ended. */
export function joinedLater(state: ServiceCenterState, install: InstallRecord): ApplianceRecord[] {
  const patch = state.patches.get(install.patch)
  const targets = state.targets.get(install.id)
  if (!isUnderWay(install.state) || patch === undefined) return []
  return appliancesByPlace(state).filter(
    (appliance) =>
      appliance.enrolledAt >= install.startedAt &&
      install.organizations.includes(appliance.organization) &&
      (install.dataCenter === 'All' || install.dataCenter === appliance.dataCenter) &&
      targets?.has(appliance.peer) !== true &&
      findingOn(state, patch, appliance).result !== 'notApplicable',
  )
}

/** Adds those whom the actor was shown, or all that have joined; whoever is part of it already stays as it is. */
export function extendInstall(state: ServiceCenterState, { actor, install: id, appliances }: Extend): Decision {
  const install = state.installs.get(id)
  if (install === undefined) return refused(refuse('not_found', `there is no install ${id}`))
  if (!isUnderWay(install.state)) return refused(refuse('already_ended', `install ${id} is ${install.state}`))
  const patch = livePatch(state, install.patch)
  if (isRefusal(patch)) return refused(patch)
  const joined = joinedLater(state, install)
  const added = joined.filter(({ peer }) => appliances === undefined || appliances.includes(peer))
  const gone = (appliances ?? []).filter((peer) => !state.appliances.has(peer))
  if (gone.length > 0)
    return refused(refuse('changed_meanwhile', 'an appliance that was to be added to the install has left the fleet'))
  const reply: Reply = { kind: 'install-extended', install: id }
  if (added.length === 0 && appliances !== undefined) return { reply, changes: [] }
  if (added.length === 0)
    return refused(refuse('nothing_to_install', `no appliance has joined install ${id} that is not part of it`))
  const running = alreadyUnderWay(state, patch, added)
  if (running !== null) return refused(running)
  const deadlineAt = deadlineOf(state, install, added)
  if (isRefusal(deadlineAt)) return refused(deadlineAt)
  const names = added.map(({ name }): string => name)
  const more = names.length - NAMED_APPLIANCES
  const outcome = `with ${names.slice(0, NAMED_APPLIANCES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const changes: Change[] = [
    { table: 'installs', row: { ...install, deadlineAt: Math.max(install.deadlineAt, deadlineAt) } },
    ...added.map(({ peer }): Change => ({ table: 'targets', row: newTarget(state, install, peer) })),
    ...companionsOf(state, install)
      .filter((other) => isUnderWay(other.state))
      .flatMap((other) => added.flatMap(({ peer }) => alsoIn(state, other, peer))),
    ...notedFor(install.organizations, { at: state.clock.wallMs, actor, action: 'extend', subject: id, outcome }),
  ]
  return { reply, changes }
}

/** What goes together with it is for whoever joins, too. */
function alsoIn(state: ServiceCenterState, install: InstallRecord, peer: PeerId): Change[] {
  const isThere = state.targets.get(install.id)?.has(peer) === true
  return isThere ? [] : [{ table: 'targets', row: newTarget(state, install, peer) }]
}

function refused(refusal: Refusal): Decision {
  return { reply: refusal, changes: [] }
}
