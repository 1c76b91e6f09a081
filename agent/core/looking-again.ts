/**
 * Looking again at what is installed, because an appliance does not change by orders alone: people install and remove
 * by hand, machines are restored, files are lost. Every patch that is known here is looked at when the agent has
 * started, every hour, and when dpkg's database is not what it was; after a run of an installer those of the same name
 * are, since one version's coming is another's going.
 *
 * One patch is looked at at a time, and none while an installer is at work: what is half done is nothing to tell. Only
 * what differs from what was told before is told again (install/looking.ts); that a look has come to its end is told by
 * one statement, from which everybody knows how old the rest is.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { Looked, type Publication } from '../../protocol/trust/statements.ts'
import type { AgentEffect } from './events.ts'
import type { AttemptPhase } from './install/attempt.ts'
import { post } from './letters.ts'
import type { AgentState } from './state.ts'

const LOOK_EVERY_MS = 3600 * 1000
/** dpkg writes its database many times in one run; it is looked at when it has been still for so long. */
const STILL_FOR_MS = 5_000
/** An answer that does not come ends nothing but the wait for it. */
const ANSWER_WITHIN_MS = 120_000

/** While these wait no installer is at work, for hours perhaps. */
const AT_REST: readonly AttemptPhase[] = ['staging', 'leasing', 'restarting', 'soaking']

export type Looking = {
  /** Monotonic: when the next look at everything begins. */
  nextAtMs: number
  /** Whether one is under way, and so is told when the last answer is there. */
  whole: boolean
  /** Patches that wait for their turn. */
  readonly queue: Set<Sha256>
  /** What was asked for and has not been answered, and since when. */
  asked: { readonly patch: Sha256; readonly sinceMs: number } | null
  /** Patches whose next finding may differ by our own doing. */
  readonly ours: Set<Sha256>
}

export function newLooking(): Looking {
  return { nextAtMs: 0, whole: false, queue: new Set(), asked: null, ours: new Set() }
}

/** dpkg's database below the install root is not what it was. */
export function packagesChanged(state: AgentState): AgentEffect[] {
  state.looking.nextAtMs = Math.min(state.looking.nextAtMs, state.clock.monotonicMs + STILL_FOR_MS)
  return []
}

/** An installer has run: what is there of this name is another thing now, and nobody else's doing. */
export function lookAfterRun(state: AgentState, { name }: Publication): AgentEffect[] {
  const { looking } = state
  for (const { publication } of state.replicas.values()) {
    if (publication.name !== name) continue
    looking.queue.add(publication.sha256)
    looking.ours.add(publication.sha256)
  }
  return looking.asked === null && !isAtWork(state) ? askNext(state) : []
}

export function tendLooking(state: AgentState): AgentEffect[] {
  const { looking, clock, membership } = state
  if (membership === null || isAtWork(state)) return []
  if (clock.monotonicMs >= looking.nextAtMs) {
    looking.nextAtMs = clock.monotonicMs + LOOK_EVERY_MS + spreadMs(state.identity.peer)
    looking.whole = true
    for (const patch of state.replicas.keys()) looking.queue.add(patch)
  }
  if (looking.asked !== null && clock.monotonicMs < looking.asked.sinceMs + ANSWER_WITHIN_MS) return []
  return askNext(state)
}

/** An answer came, to whoever asked: after it the next patch is looked at. */
export function looked(state: AgentState, patch: Sha256): AgentEffect[] {
  if (state.looking.asked?.patch !== patch) return []
  state.looking.asked = null
  return isAtWork(state) ? [] : askNext(state)
}

/** None at a patch that is not known any more. */
export function lookAt(state: AgentState, patch: Sha256): AgentEffect[] {
  const replica = state.replicas.get(patch)
  return replica === undefined ? [] : [{ kind: 'detect', publication: replica.publication }]
}

function askNext(state: AgentState): AgentEffect[] {
  const { looking } = state
  looking.asked = null
  for (const patch of looking.queue) {
    looking.queue.delete(patch)
    const look = lookAt(state, patch)
    if (look.length === 0) continue
    looking.asked = { patch, sinceMs: state.clock.monotonicMs }
    return look
  }
  if (!looking.whole) return []
  looking.whole = false
  const lookedAt = state.clock.wallMs
  return post(state, Looked, (common) => ({ ...common, lookedAt }))
}

function isAtWork({ orders: { attempt } }: AgentState): boolean {
  return attempt !== null && !AT_REST.includes(attempt.phase)
}

/** So that a fleet that was started together does not look at the same second; up to a tenth of the time between. */
function spreadMs(peer: PeerId): number {
  let sum = 0
  for (const character of peer) sum = (sum * 31 + character.charCodeAt(0)) % 1009
  return Math.round((sum / 1009) * (LOOK_EVERY_MS / 10))
}
