/**
 * An order as a person at the appliance reads of it: how far it is, why, until when at the latest, and whether it may
 * still be stopped there. Each phase has its end in words and, where a moment is known, as a time.
 */
import { z } from 'zod'
import { unreachable } from '../../../protocol/assert.ts'
import { InstallId, OrderId } from '../../../protocol/identifiers.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { CheckResult, Hook } from '../events.ts'
import type { AgentState } from '../state.ts'
import { ATTEMPT_PHASES, type Attempt, replicaOf } from './attempt.ts'
import { checksTakeMs } from './checking.ts'
import { whyInLine } from './in-line.ts'
import { isStoppable } from './stopping.ts'

const Time = z.iso.datetime()

const CheckStatus = z.strictObject({ good: z.boolean(), reason: z.string() })
type CheckStatus = z.infer<typeof CheckStatus>

export const OrderStatus = z.strictObject({
  id: OrderId,
  install: InstallId,
  title: z.string(),
  phase: z.enum(['in line', ...ATTEMPT_PHASES]),
  reason: z.string(),
  since: Time.nullable(),
  /** When it goes on or ends at the latest. */
  until: Time,
  stoppable: z.boolean(),
  /** What the operator's checks said before anything was changed, and the last time since; null where they were not asked. */
  checks: z.array(
    z.strictObject({
      name: z.string(),
      before: CheckStatus.nullable(),
      after: CheckStatus.nullable(),
      output: z.string(),
    }),
  ),
})
export type OrderStatus = z.infer<typeof OrderStatus>

export function orderUnderWay(state: AgentState): OrderStatus | null {
  const { attempt } = state.orders
  if (attempt === null) return null
  const { reason, at } = attempt.told
  return {
    ...orderOf(state, attempt.order),
    ...{ phase: attempt.phase, reason, since: at === 0 ? null : new Date(at).toISOString() },
    until: new Date(endsAt(state, attempt)).toISOString(),
    stoppable: isStoppable(attempt),
    checks: checksOf(attempt),
  }
}

export function ordersInLine(state: AgentState): OrderStatus[] {
  return state.orders.queue.map((order) => ({
    ...orderOf(state, order),
    ...{ phase: 'in line', reason: whyInLine(state, order), since: null, stoppable: true, checks: [] },
    until: new Date(order.beginBy ?? order.expiresAt).toISOString(),
  }))
}

function orderOf(state: AgentState, order: Order): Pick<OrderStatus, 'id' | 'install' | 'title'> {
  const { name, version } = replicaOf(state, order).publication
  return { id: order.orderId, install: order.install, title: `${name} ${version}` }
}

/** By the wall clock: a step of the installer is ended by the time that its manifest allows. */
function endsAt(state: AgentState, attempt: Attempt): number {
  const { order, phase, soakEndsAt, retryAtMs, told } = attempt
  const { wallMs, monotonicMs } = state.clock
  if (retryAtMs !== null) return wallMs + Math.max(0, retryAtMs - monotonicMs)
  switch (phase) {
    case 'staging':
    case 'preflight':
    case 'leasing':
      return order.beginBy ?? order.expiresAt
    case 'restarting':
      return order.expiresAt
    case 'on-trial':
      return (told.at || order.issuedAt) + state.settings.seenWithinMs
    case 'soaking':
      return soakEndsAt ?? order.expiresAt
    case 'verifying':
      return programEndsAt(state, attempt) + checksTakeMs(state)
    case 'handing-over':
      return hookEndsAt(state, attempt, 'release')
    case 'taking-back':
      return hookEndsAt(state, attempt, 'takeBack')
    case 'installing':
    case 'reverting':
      return programEndsAt(state, attempt)
    default:
      return unreachable(phase)
  }
}

function programEndsAt(state: AgentState, { order, told }: Attempt): number {
  return (told.at || order.issuedAt) + replicaOf(state, order).publication.manifest.install.timeoutSeconds * 1000
}

function hookEndsAt({ settings }: AgentState, { order, told }: Attempt, hook: Hook): number {
  return (told.at || order.issuedAt) + (settings.hookSeconds[hook] ?? 0) * 1000
}

function checksOf({ checks: { before, after } }: Attempt): OrderStatus['checks'] {
  const names = [...new Set([...(before ?? []), ...(after ?? [])].map(({ name }) => name))]
  return names.map((name) => {
    const was = before?.find((one) => one.name === name)
    const is = after?.find((one) => one.name === name)
    return { name, before: howItIs(was), after: howItIs(is), output: (is ?? was)?.output ?? '' }
  })
}

function howItIs(result: CheckResult | undefined): CheckStatus | null {
  return result === undefined ? null : { good: result.ok, reason: result.reason }
}
