/**
 * What people decide about an install that has begun: to cancel it for good, to pause it, and to resume what was paused or
 * has halted. Whichever it is, a pair that has begun is finished, what goes together is decided together, and deciding it
 * twice changes nothing more.
 */
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import type { Command, Reply } from '../effects.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { Change, InstallRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { membersOf } from './budgets.ts'
import { companionsOf } from './companions.ts'
import { endUnbegun } from './ending-installs.ts'
import { isUnderWay } from './install-states.ts'
import { PAUSED_AT_MOST_MS } from './install-times.ts'
import { targetsOf } from './ongoing.ts'
import { queuedAgain } from './resuming.ts'
import { alreadyUnderWay } from './starting.ts'

type Cancel = Extract<Command, { kind: 'cancel-install' }>
type Pause = Extract<Command, { kind: 'pause-install' }>
type Resume = Extract<Command, { kind: 'resume-install' }>

/** No pair begins any more. */
export function cancelInstall(state: ServiceCenterState, { actor, install }: Cancel): Decision {
  const found = named(state, install)
  if (isRefusal(found)) return { reply: found, changes: [] }
  const reply: Reply = { kind: 'install-cancelled', install }
  if (found.state === 'cancelled') return { reply, changes: [] }
  if (!isUnderWay(found.state)) return { reply: ended(found), changes: [] }
  const changes = underWay(state, found).flatMap((one): Change[] => [
    { table: 'installs', row: { ...one, state: 'cancelled', reason: `cancelled by ${actor}` } },
    ...endUnbegun(state, targetsOf(state, one.id), 'cancelled with its install'),
    ...noted(state, one, { actor, action: 'cancel', outcome: 'done' }),
  ])
  return { reply, changes }
}

/** No pair begins until somebody resumes it, for as long as it can be resumed. */
export function pauseInstall(state: ServiceCenterState, { actor, install }: Pause): Decision {
  const found = named(state, install)
  if (isRefusal(found)) return { reply: found, changes: [] }
  const reply: Reply = { kind: 'install-paused', install }
  if (found.state === 'paused') return { reply, changes: [] }
  if (!isUnderWay(found.state)) return { reply: ended(found), changes: [] }
  const deadlineAt = Math.max(found.deadlineAt, state.clock.wallMs + PAUSED_AT_MOST_MS)
  const until = new Date(deadlineAt).toISOString()
  const reason = `paused by ${actor}: no pair begins until somebody resumes it, and what has not begun by ${until} ends as cancelled`
  const changes = underWay(state, found).flatMap((one): Change[] => [
    { table: 'installs', row: { ...one, state: 'paused', reason, deadlineAt } },
    ...noted(state, one, { actor, action: 'pause', outcome: `until ${until} at the latest` }),
  ])
  return { reply, changes }
}

/**
 * What was paused goes on. What had halted goes on with whatever is not installed, as it is detected now; but what failed
 * or was put back is tried again only where the actor says so.
 */
export function resumeInstall(state: ServiceCenterState, { actor, install, retryFailed }: Resume): Decision {
  const found = named(state, install)
  if (isRefusal(found)) return { reply: found, changes: [] }
  const reply: Reply = { kind: 'install-resumed', install }
  if (found.state === 'running' || found.state === 'planned') return { reply, changes: [] }
  if (found.state !== 'paused' && found.state !== 'halted') return { reply: ended(found), changes: [] }
  const others = companionsOf(state, found).filter(({ state }) => state === 'paused' || state === 'halted')
  const own = goOn(state, found, { actor, retryFailed })
  const goingOn = others.map((other) => goOn(state, other, { actor, retryFailed }))
  const changes = [own, ...goingOn].flatMap((one) => (isRefusal(one) ? [] : one))
  return isRefusal(own) && changes.length === 0 ? { reply: own, changes: [] } : { reply, changes }
}

/** Its changes, or why nothing of it goes on. */
function goOn(
  state: ServiceCenterState,
  found: InstallRecord,
  { actor, retryFailed }: Pick<Resume, 'actor' | 'retryFailed'>,
): Change[] | Refusal {
  const isAnew = found.state === 'halted' || retryFailed
  const run = isAnew ? found.run + 1 : found.run
  const again = isAnew ? queuedAgain(state, found, { run, retryFailed }) : []
  const refused = found.state === 'halted' ? whyNotAgain(state, found, again.length) : null
  if (refused !== null) return refused
  const members = membersOf(state, targetsOf(state, found.id)).map(({ appliance }) => appliance)
  const deadlineAt = deadlineOf(state, found, members)
  if (isRefusal(deadlineAt)) return deadlineAt
  const outcome = retryFailed ? 'what failed is tried again' : 'done'
  return [
    { table: 'installs', row: { ...found, state: 'running', reason: '', deadlineAt, run } },
    ...again,
    ...noted(state, found, { actor, action: 'resume', outcome }),
  ]
}

/** Nobody resumed it in time. */
export function cancelPaused(state: ServiceCenterState, install: InstallRecord): Change[] {
  const reason = `paused, and not resumed by ${new Date(install.deadlineAt).toISOString()}`
  return [
    { table: 'installs', row: { ...install, state: 'cancelled', reason } },
    ...endUnbegun(state, targetsOf(state, install.id), `not started: its install was ${reason}`),
  ]
}

function whyNotAgain(state: ServiceCenterState, install: InstallRecord, count: number): Refusal | null {
  const patch = livePatch(state, install.patch)
  if (isRefusal(patch)) return patch
  const members = targetsOf(state, install.id).map(({ appliance }) => ({ peer: appliance }))
  const other = alreadyUnderWay(state, patch, members)
  if (other !== null || count > 0) return other
  return refuse(
    'nothing_to_resume',
    `nothing of install ${install.id} is left to begin but what failed or was put back: ${install.reason}`,
  )
}

/** It, and those that go together with it, as far as they have not ended. */
function underWay(state: ServiceCenterState, install: InstallRecord): InstallRecord[] {
  return [install, ...companionsOf(state, install)].filter(({ state }) => isUnderWay(state))
}

function named(state: ServiceCenterState, install: InstallRecord['id']): InstallRecord | Refusal {
  return state.installs.get(install) ?? refuse('not_found', `there is no install ${install}`)
}

function ended({ id, state }: InstallRecord): Refusal {
  return refuse('already_ended', `install ${id} is ${state}`)
}

function noted(
  state: ServiceCenterState,
  { id, organizations }: InstallRecord,
  note: { readonly actor: string; readonly action: string; readonly outcome: string },
): Change[] {
  return notedFor(organizations, { at: state.clock.wallMs, subject: id, ...note })
}
