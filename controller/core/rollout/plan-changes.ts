/**
 * Whether a plan still holds when it is started: what has changed since in a way that matters to whoever agreed to it. Who
 * came or went, changed roles, is less ready than it was, or has another install or other maintenance windows over it
 * matters; that somebody is more ready, or has the patch by now, does not.
 */
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { InstallPlan, PlannedMember } from './install-plan.ts'
import { isWhole } from './plan-digest.ts'

/** The rest is a number: a refusal is a sentence. */
const NAMED_CHANGES = 5

/** Null where what would begin now is what was planned. */
export function notAsPlanned(planned: InstallPlan, now: InstallPlan): Refusal | null {
  if (!isWhole(planned))
    return refuse(
      'bad_request',
      'the plan is not as it was made: what it says is not what its digest is of. Make it anew',
    )
  const changes = changesBetween(planned, now)
  if (changes.length === 0) return null
  const named = changes.slice(0, NAMED_CHANGES).join('; ')
  const more = changes.length - NAMED_CHANGES
  return refuse(
    'changed_meanwhile',
    `not started, since it is not as it was planned at ${planned.madeAt}: ${named}${more > 0 ? `; and ${more} more changes` : ''}`,
  )
}

export function changesBetween(planned: InstallPlan, now: InstallPlan): string[] {
  const [before, after] = [membersOf(planned), membersOf(now)]
  return [
    ...[...after.values()].filter(({ peer }) => !before.has(peer)).map((member) => joined(member, before)),
    ...[...before.values()].filter(({ peer }) => !after.has(peer)).flatMap((member) => left(member, after, now)),
    ...[...before.values()].flatMap((member) => worse(member, after.get(member.peer))),
    ...now.beside
      .filter(({ install }) => !planned.beside.some((other) => other.install === install))
      .map(({ install, patch }) => `install ${install} of ${patch} goes on for some of the same pairs`),
    ...now.windows.filter((window) => !planned.windows.includes(window)).map((window) => `there is now ${window}`),
    ...planned.windows.filter((window) => !now.windows.includes(window)).map((window) => `there is no more ${window}`),
  ]
}

type Members = ReadonlyMap<string, PlannedMember>

function membersOf({ waves }: InstallPlan): Members {
  const members = waves.flatMap(({ pairs }) => pairs.flatMap((pair) => pair.members))
  return new Map(members.map((member) => [member.peer, member]))
}

function joined({ appliance }: PlannedMember, before: Members): string {
  const isReplaced = [...before.values()].some((other) => other.appliance === appliance)
  return isReplaced ? `another machine is ${appliance} now` : `${appliance} has joined`
}

function left({ appliance, peer }: PlannedMember, after: Members, { notApplicable }: InstallPlan): string[] {
  if ([...after.values()].some((other) => other.appliance === appliance && other.peer !== peer)) return []
  const notMeant = notApplicable.find((other) => other.appliance === appliance)
  return [
    notMeant === undefined ? `${appliance} has left` : `it is not meant for ${appliance} any more: ${notMeant.reason}`,
  ]
}

function worse(before: PlannedMember, now: PlannedMember | undefined): string[] {
  if (now === undefined) return []
  const { appliance, role, standing, reason } = now
  const changes = role === before.role ? [] : [`${appliance} is ${role} now, and was ${before.role}`]
  if (before.standing === 'installed' && standing !== 'installed')
    changes.push(`${appliance} had it, and has it no more`)
  else if (rank(now) > rank(before))
    changes.push(`${appliance} ${before.standing === 'ready' ? 'was ready, and now' : 'now'}: ${reason}`)
  return changes
}

/** A ready one of which something is to be said would go back to an earlier version. */
function rank({ standing, reason }: PlannedMember): number {
  return { installed: 0, ready: reason === '' ? 1 : 2, waits: 3, refuses: 4 }[standing]
}
