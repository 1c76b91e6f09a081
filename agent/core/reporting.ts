/**
 * What an appliance tells of its orders and of what it has: signed statements, each recorded with the state that it
 * follows from, so that what is told and why can never part.
 */

import type { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../protocol/limits.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { Detection, type Order, Report, type ReportState } from '../../protocol/trust/statements.ts'
import type { AgentEffect, Found, LedgerEntry } from './events.ts'
import { noteEnd, tellWhoWaits } from './install/outcomes.ts'
import { ordersEntry } from './ledger.ts'
import { post } from './letters.ts'
import type { AgentState } from './state.ts'

/** How far an order has come, or how it ended. */
export type Ending = {
  state: ReportState
  reason: string
  refusal?: RefusalCode
  output?: string
  installedVersion?: string | null
}

export function report(
  state: AgentState,
  order: Order,
  { state: reached, reason, refusal, output, installedVersion }: Ending,
): AgentEffect[] {
  const reportedAt = state.clock.wallMs
  const { attempt } = state.orders
  if (attempt?.order.orderId === order.orderId) attempt.told = { reason, at: reportedAt }
  noteEnd(state, order.orderId, { state: reached, reason, ...(refusal === undefined ? {} : { refusal }) })
  const told = post(
    state,
    Report,
    (common) => ({
      ...common,
      install: order.install,
      orderId: order.orderId,
      patch: order.patch,
      state: reached,
      reason: reason.slice(0, MAX_SENTENCE_CHARACTERS),
      refusal: refusal ?? null,
      output: output ?? '',
      installedVersion: installedVersion ?? null,
      reportedAt,
    }),
    [ordersEntry(state)],
  )
  return [...told, ...tellWhoWaits(state, order.orderId)]
}

/** `also` is recorded with it, all or nothing. */
export function tellDetection(state: AgentState, patch: Sha256, found: Found, also: LedgerEntry[]): AgentEffect[] {
  const detectedAt = state.clock.wallMs
  return post(
    state,
    Detection,
    (common) => ({
      ...common,
      patch,
      result: found.result,
      installedVersion: found.installedVersion,
      reason: found.reason.slice(0, MAX_SENTENCE_CHARACTERS),
      detectedAt,
    }),
    also,
  )
}
