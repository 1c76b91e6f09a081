/**
 * An order that comes after one to another member of the group. Both are sent at once, so that the pair ends equal without
 * the Service Center; this one waits in line until that member itself has said how its order ended there. At the patch:
 * then it is this one's turn, and it goes through everything that any order does. Otherwise: it ends, and nothing was
 * changed here. No time makes it begin; when the order is not good any more it ends too.
 *
 * What was heard need not survive a crash: the other member keeps it (outcomes.ts), and is asked again.
 */
import type { OrderId, PeerId } from '../../../protocol/identifiers.ts'
import { refuse } from '../../../protocol/refusals.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { type HowEnded, OrderOutcome, OrderQuestion } from '../../../protocol/trust/pair-statements.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import { type Ending, report } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { replicaOf } from './attempt.ts'
import { forerunnerHere } from './continuing.ts'
import { peerCalled } from './leases.ts'
import { judgeTime } from './policies/order-time.ts'

/** Whoever has ended tells at once; this is for what was lost on the way. */
const ASK_EVERY_MS = 15_000
/** Whoever waits says so again after this time, so that nobody takes it for lost. */
const REPORT_EVERY_MS = 10 * 60_000

export type Following = {
  /** How the orders have ended for which some in line wait here. */
  heard: Map<OrderId, HowEnded>
  /** Monotonic; when the others are asked again, and when it is reported again that they are waited for. */
  askAtMs: number
  reportAtMs: number
  /** Members that have asked how an order ends here. */
  readonly waiting: Map<OrderId, PeerId>
}

export function newFollowing(): Following {
  return { heard: new Map(), askAtMs: 0, reportAtMs: 0, waiting: new Map() }
}

/** Why it does not have its turn, or null. */
export function whyAfter(state: AgentState, order: Order): string | null {
  const before = forerunnerHere(state, order)
  if (before !== undefined)
    return `waits until ${replicaOf(state, before).publication.name}, which goes first, has ended on this appliance`
  const { after } = order
  if (after === null || state.following.heard.has(after.order)) return null
  return `waits until ${nameOf(state, after.peer)} has installed it`
}

/** When it has come, and again and again. */
export function askHowItEnded(state: AgentState, { after }: Order): AgentEffect[] {
  if (after === null || state.following.heard.has(after.order)) return []
  state.following.askAtMs = state.clock.monotonicMs + ASK_EVERY_MS
  const question = { from: state.identity.peer, to: after.peer, order: after.order, askedAt: state.clock.wallMs }
  return sendToMember(state, after.peer, seal(OrderQuestion, question, state.identity))
}

export function tendFollowing(state: AgentState): AgentEffect[] {
  const { following, clock } = state
  const waits = state.orders.queue.filter((order) => whyAfter(state, order) !== null)
  if (waits.length === 0) {
    following.reportAtMs = clock.monotonicMs + REPORT_EVERY_MS
    return []
  }
  const asks = clock.monotonicMs >= following.askAtMs
  const reports = clock.monotonicMs >= following.reportAtMs
  if (reports) following.reportAtMs = clock.monotonicMs + REPORT_EVERY_MS
  return waits.flatMap((order) => {
    const reason = whyAfter(state, order) ?? ''
    const late = judgeTime(order, clock.wallMs, state.clockAheadMs)
    if (late !== null) {
      const words = `${late.message}, and until then it ${reason}`
      return leaveLine(state, order, { state: 'refused', reason: words, refusal: late.refused })
    }
    return [
      ...(asks ? askHowItEnded(state, order) : []),
      ...(reports ? report(state, order, { state: 'queued', reason }) : []),
    ]
  })
}

export function outcomeTold(state: AgentState, said: OrderOutcome): AgentEffect[] {
  const { from } = said
  const order = state.orders.queue.find(({ after }) => after?.peer === from && after.order === said.order)
  if (order === undefined) return []
  const ending = endingAfter(nameOf(state, from), said.ended)
  if (ending !== null) return leaveLine(state, order, ending)
  const named = new Set(state.orders.queue.map(({ after }) => after?.order))
  state.following.heard = new Map([...state.following.heard].filter(([id]) => named.has(id)))
  state.following.heard.set(said.order, said.ended)
  return []
}

/** How an order ends whose forerunner has ended so; null where it has its turn now. */
function endingAfter(name: string, ended: HowEnded): Ending | null {
  if (ended === 'installed' || ended === 'not-meant') return null
  if (ended === 'cancelled') {
    return { state: 'cancelled', reason: `${name}, which comes first, was cancelled; nothing was changed here` }
  }
  const equal = 'nothing was changed here, so that both stay equal'
  const { refused: refusal, message: reason } = refuse(
    'peer_not_at_patch',
    `the other member did not end at this patch: ${name} ${ended}; ${equal}`,
  )
  return { state: 'refused', reason, refusal }
}

/** Without having begun. */
export function leaveLine(state: AgentState, order: Order, ending: Ending): AgentEffect[] {
  state.orders.queue = state.orders.queue.filter(({ orderId }) => orderId !== order.orderId)
  return report(state, order, ending)
}

function nameOf(state: AgentState, peer: PeerId): string {
  return peerCalled(state, peer)?.name ?? 'the other member'
}
