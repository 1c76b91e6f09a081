/**
 * Orders in line: an appliance carries out one at a time, in the order in which they came.
 */
import type { AgentState } from '../state.ts'

/** What every order in line waits for. */
export function whyInLine({ orders: { attempt }, replicas }: AgentState): string {
  const busy = attempt === null ? undefined : replicas.get(attempt.order.patch)?.publication
  return `waits until the install of ${busy?.name ?? 'another patch'} has ended on this appliance`
}
