/**
 * Several patches in one interruption: orders to this appliance that go on from one another, each with its own attempt,
 * report and way back. All their patches are copied before the first of them begins; what the other members have promised
 * for one is carried on to the next, so nobody of the group begins in between; and after one that did not end at its patch
 * the next ends too, before anything is changed for it.
 */
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { refuse } from '../../../protocol/refusals.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { AgentEffect } from '../events.ts'
import { leasesEntry } from '../ledger.ts'
import type { Ending } from '../reporting.ts'
import type { AgentState } from '../state.ts'

/** Whose end it waits for on this appliance; undefined where that has ended, or never came. */
export function forerunnerHere({ orders }: AgentState, { continues }: Order): Order | undefined {
  if (continues === null) return undefined
  const { attempt, queue } = orders
  return attempt?.order.orderId === continues ? attempt.order : queue.find(({ orderId }) => orderId === continues)
}

/** How it ends when the one before it did not end at its patch; null where it may begin. */
export function endingBehind({ orders }: AgentState, { continues }: Order): Ending | null {
  const before = orders.ended.find(({ order }) => order === continues)
  if (before === undefined || before.ended === 'installed' || before.ended === 'not-meant') return null
  const why = `the patch that goes first on this appliance ended as ${before.ended}; nothing was changed for this one`
  if (before.ended === 'cancelled') return { state: 'cancelled', reason: why }
  const { refused: refusal, message: reason } = refuse('needs_prerequisite', why)
  return { state: 'refused', reason, refusal }
}

/** The lease of an order that has ended goes on to `next`; null where there is none. */
export function carryLease(state: AgentState, order: Order, next: Order): AgentEffect[] | null {
  const { asked } = state.leases
  if (asked?.order !== order.orderId || endingBehind(state, next) !== null) return null
  state.leases.asked = { order: next.orderId, number: asked.number }
  return [{ kind: 'record', entries: [leasesEntry(state)] }]
}

/** The number of the lease that came with it from the order before. */
export function carriedLease({ leases }: AgentState, { orderId }: Order): number | null {
  return leases.asked?.order === orderId ? leases.asked.number : null
}

/** The patches that are not proven here yet, of all that have to be before it begins. */
export function lackingCopies({ replicas }: AgentState, { patch, stages }: Order): Sha256[] {
  return [patch, ...stages].filter((wanted) => replicas.get(wanted)?.phase.name !== 'held')
}
