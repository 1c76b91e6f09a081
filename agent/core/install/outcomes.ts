/**
 * How orders have ended here, for the member of the group whose own order comes after (following.ts). Each end is in the
 * ledger with the report that tells it, so nobody hears of an end that this appliance could forget; the newest are kept,
 * whether somebody has asked or not. Whoever asks before the end is told when it comes.
 */
import { unreachable } from '../../../protocol/assert.ts'
import type { OrderId, PeerId } from '../../../protocol/identifiers.ts'
import { MAX_KEPT_OUTCOMES, MAX_WAITING_MEMBERS } from '../../../protocol/limits.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { type HowEnded, OrderOutcome, OrderQuestion } from '../../../protocol/trust/pair-statements.ts'
import { sendToMember } from '../between-members.ts'
import type { AgentEffect } from '../events.ts'
import type { Ending } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import { peerCalled } from './leases.ts'

export type Ended = { readonly order: OrderId; readonly ended: HowEnded }

/** Null for what is no end. */
function howEnded({ state, refusal }: Ending): HowEnded | null {
  switch (state) {
    case 'queued':
    case 'staging':
    case 'preflight':
    case 'installing':
    case 'verifying':
      return null
    case 'refused':
      return refusal === 'not_applicable' ? 'not-meant' : 'refused'
    case 'installed':
    case 'failed':
    case 'reverted':
    case 'cancelled':
      return state
    default:
      return unreachable(state)
  }
}

/** Notes the end; whoever writes the ledger next writes it down. */
export function noteEnd({ orders }: AgentState, order: OrderId, ending: Ending): void {
  const ended = howEnded(ending)
  if (ended === null) return
  orders.ended = [...orders.ended.filter((one) => one.order !== order), { order, ended }].slice(-MAX_KEPT_OUTCOMES)
}

/** Once it is in the ledger. */
export function tellWhoWaits(state: AgentState, order: OrderId): AgentEffect[] {
  const { waiting } = state.following
  const ended = state.orders.ended.find((one) => one.order === order)
  const to = waiting.get(order)
  if (ended === undefined || to === undefined) return []
  waiting.delete(order)
  return [...tell(state, to, ended)]
}

export function orderAsked(state: AgentState, question: OrderQuestion): AgentEffect[] {
  const { from } = question
  if (peerCalled(state, from) === undefined) return []
  const ended = state.orders.ended.find((one) => one.order === question.order)
  if (ended !== undefined) return tell(state, from, ended)
  const { waiting } = state.following
  waiting.set(question.order, from)
  const [oldest] = waiting.keys()
  if (waiting.size > MAX_WAITING_MEMBERS && oldest !== undefined) waiting.delete(oldest)
  return []
}

function tell(state: AgentState, to: PeerId, ended: Ended): AgentEffect[] {
  const said = { from: state.identity.peer, to, ...ended, toldAt: state.clock.wallMs }
  return sendToMember(state, to, seal(OrderOutcome, said, state.identity))
}
