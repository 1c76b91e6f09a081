/**
 * Which of the patches that are missing here are followed now, where more are missing than one reader may follow: what is
 * ordered, then what some source has offered, and of the others as many as there is room for, in turns. So a new member
 * of an old fleet gets all of them, and patches that nobody has keep no other one from coming.
 */
import { SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { MAX_WANTED_PATCHES } from '../../protocol/limits.ts'
import { isOrdered } from './install/attempt.ts'
import { isPulling, type Replica } from './replica.ts'
import type { AgentState } from './state.ts'

/** Enough for a source to be dialled and to offer what it has. */
const TURN_MS = 30_000
export const WAITS_ITS_TURN = `waits its turn: ${MAX_WANTED_PATCHES} patches are copied at a time`

/** The Service Center and Service Provider appliances store every patch; others what an order asks for. */
export function isWanted(state: AgentState, patch: Sha256): boolean {
  const { membership } = state
  return membership === null || membership.kind === SERVICE_PROVIDER || isOrdered(state, patch)
}

export function followed(state: AgentState): Replica[] {
  const missing = [...state.replicas.values()].filter(isPulling)
  if (missing.length <= MAX_WANTED_PATCHES) return missing
  const offered = new Set([...state.sources.values()].flatMap(({ offers }) => [...offers.keys()]))
  const rank = ({ publication: { sha256 } }: Replica): number =>
    isOrdered(state, sha256) ? 0 : offered.has(sha256) ? 1 : 2
  const first = missing.filter((replica) => rank(replica) < 2).sort((left, right) => rank(left) - rank(right))
  const others = missing.filter((replica) => rank(replica) === 2)
  const room = MAX_WANTED_PATCHES - first.length
  if (room <= 0) return first.slice(0, MAX_WANTED_PATCHES)
  const turn = Math.floor(state.clock.monotonicMs / TURN_MS)
  const start = (turn * room) % others.length
  return [...first, ...others.slice(start), ...others.slice(0, start)].slice(0, MAX_WANTED_PATCHES)
}
