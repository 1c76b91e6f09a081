/**
 * A ledger that was lost and begun anew, or put back to an older one. Its counter is one that the Service Center has long
 * heard, and what is told with such a counter is taken for something old; so each process counts on from the time at which
 * it began and some more, above all that was told before. The Service Center, which sees by the greeting that it has heard
 * more than the ledger knows, says how much. Then the appliance says what has happened, tells anew all that it has, and proves its
 * copies again; and what it has answered it takes no second time for an order. A clock that was set back as well is no
 * way out: from what was heard it counts on, above any letter of before that may still be on its way.
 */
import { sha256Hex } from '../../protocol/hashing.ts'
import { MAX_COUNTER_GAPS } from '../../protocol/limits.ts'
import type { Life } from '../../protocol/messages.ts'
import { Heard, LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import { provenAgain } from './disproving.ts'
import type { AgentEffect } from './events.ts'
import { ordersEntry } from './ledger.ts'
import { post } from './letters.ts'
import { proveSoon } from './proving.ts'
import { tellDetection } from './reporting.ts'
import type { AgentState } from './state.ts'

/** Statements that nobody has heard of are fewer than this. */
const UNHEARD_AT_MOST = 1_000_000

/**
 * What the ledger knew has been read, and nothing was told by this process yet. No two processes that begin with the same
 * ledger count on from the same place, whatever their clocks say: else what one has told passes for the other's.
 */
export function beginCounting(state: AgentState, wallMs: number): void {
  const known = state.counter
  state.counter = Math.max(known, Math.floor(wallMs)) + ofItsOwn(state.life)
  state.gaps = [...state.gaps, { known, since: state.counter }].slice(-MAX_COUNTER_GAPS)
}

/** Up to a million: another number for each process. */
function ofItsOwn(life: Life): number {
  return 1 + Number.parseInt(sha256Hex(Buffer.from(life, 'hex')).slice(0, 5), 16)
}

export function ledgerCompared(state: AgentState, { epoch, counter: heard, sequence }: Heard): AgentEffect[] {
  const gap = state.gaps.find((one) => heard > one.known && heard < one.since)
  if (epoch !== state.membership?.epoch) return []
  if (gap === undefined && heard <= state.counter) return []
  const known = gap?.known ?? state.gaps.at(-1)?.known ?? state.counter
  if (gap === undefined) state.counter = heard + UNHEARD_AT_MOST
  const since = gap?.since ?? state.counter
  state.gaps = [...state.gaps.filter((one) => one !== gap), { known: heard, since }].slice(-MAX_COUNTER_GAPS)
  state.orders.sequence = Math.max(state.orders.sequence, sequence)
  // What is under way may have been begun by what the ledger has no word of: what is found there is verified.
  const { attempt } = state.orders
  if (attempt !== null) attempt.tries = Math.max(1, attempt.tries)
  const what = known === 0 ? 'was lost' : 'is older than what this appliance has told'
  return [
    log(`the ledger ${what}: what is here is told anew, and every copy is proven again`, { known, heard }),
    ...tellWhatIsLeft(state, { known, since, heard }),
    ...tellCopies(state),
    ...[...state.found].flatMap(([patch, found]) => tellDetection(state, patch, found, [])),
  ]
}

/**
 * In a new epoch nothing counts that was told before, by this machine or by another with its key: an order of which it
 * does not say here that it is under way has ended without a word, or on that other machine.
 */
export function tellOrders(state: AgentState): AgentEffect[] {
  const { counter } = state
  return tellWhatIsLeft(state, { known: counter, since: counter, heard: counter })
}

function tellWhatIsLeft(state: AgentState, counters: Pick<LedgerLoss, 'known' | 'since' | 'heard'>): AgentEffect[] {
  const { queue, attempt } = state.orders
  const orders = [...queue, ...(attempt === null ? [] : [attempt.order])].map(({ orderId }) => orderId)
  const noticedAt = state.clock.wallMs
  return post(state, LedgerLoss, (common) => ({ ...common, ...counters, orders, noticedAt }), [ordersEntry(state)])
}

function tellCopies(state: AgentState): AgentEffect[] {
  return [...state.proven].flatMap(([patch, provenAt]): AgentEffect[] => {
    const replica = state.replicas.get(patch)
    if (replica?.phase.name !== 'held') return []
    proveSoon(state, patch)
    return provenAgain(state, replica, provenAt)
  })
}

function log(line: string, fields: Record<string, string | number>): AgentEffect {
  return { kind: 'log', line, fields }
}
