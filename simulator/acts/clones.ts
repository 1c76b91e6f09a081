/**
 * A second machine with the key of an appliance: a copy of its disk as it is, that runs beside it. Somebody ends it and
 * says that one machine is left, a while after the Service Center has named the key; or ends it when the place is given to
 * another key.
 */
import { isRefusal } from '../../protocol/refusals.ts'
import { askFor } from '../asking.ts'
import type { Clone } from '../checkers/clones.ts'
import type { FaultKind } from '../faults.ts'
import { copiedMachine } from '../world/copied-machine.ts'
import { type Act, type Hands, NOTHING_TO_HEAL } from './hands.ts'

const TICK_MS = 500
/** A person reads what is said of the key, and walks to the machine. */
const WALK_AT_LEAST_MS = 5_000
const WALK_MORE_MS = 40_000

export const cloneActs = {
  clone: (fault, hands) => {
    const { evidence, world } = hands
    const original = hands.running(fault)
    if (original === null || !evidence.isMember(original) || evidence.clones.has(original.peer)) return null
    const clone: Clone = { copy: copiedMachine(world, original), original, overMs: null }
    evidence.clones.set(original.peer, clone)
    clone.copy.start()
    watchOver(clone, hands, WALK_AT_LEAST_MS + (fault.dice % WALK_MORE_MS))
    return NOTHING_TO_HEAL
  },
} satisfies Partial<Record<FaultKind, Act>>

function watchOver(clone: Clone, { evidence, world }: Hands, walkMs: number): void {
  const { copy, original } = clone
  const { peer } = original
  let heldSinceMs: number | null = null
  let isEnded = false
  let isAsked = false
  const look = (): void => {
    world.at(world.nowMs + TICK_MS, look)
    const record = evidence.members.get(peer)
    if (record === undefined) clone.overMs ??= world.nowMs
    if (record?.heldAt == null) heldSinceMs = null
    else heldSinceMs ??= world.nowMs
    isEnded ||= clone.overMs !== null || (heldSinceMs !== null && world.nowMs - heldSinceMs >= walkMs)
    // A machine that was rebooting when it was switched off does not come back either.
    if (isEnded && copy.isRunning) copy.stop()
    else copy.tick()
    if (!isEnded || clone.overMs !== null || isAsked) return
    isAsked = true
    askFor(evidence, { kind: 'trust-appliance', actor: 'admin', appliance: peer }, (reply) => {
      isAsked = !isRefusal(reply)
    })
  }
  look()
}
