/**
 * How far each appliance was heard: the highest counter of its statements, and the order up to which it has answered all.
 * An appliance whose ledger knows less has lost it, or got an older one back, and is told (agent/core/lost-ledger.ts). A
 * depot repeats greetings that are long past, so it is for the appliance to say that this is so. Then nothing that it has
 * proven before counts until it is proven anew, and nobody waits for the end of an order that it knows nothing of.
 */

import type { OrderId, PeerId } from '../../protocol/identifiers.ts'
import type { Greeting } from '../../protocol/messages.ts'
import { seal } from '../../protocol/trust/envelope.ts'
import { Heard, type LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import type { ServiceCenterEffect } from './effects.ts'
import { placeNote } from './places.ts'
import type { ApplianceRecord, Change, TargetRecord } from './records.ts'
import { orderOf } from './rollout/sealed-orders.ts'
import type { ServiceCenterState } from './state.ts'
import { letterTo } from './synchronize.ts'

export function tellHeard(
  state: ServiceCenterState,
  { peer, epoch, orderSequence, ...appliance }: ApplianceRecord,
  { counters: { gaps, newest }, via }: { counters: Greeting['counters']; via: PeerId },
): ServiceCenterEffect[] {
  const told = [appliance.lookedCounter, appliance.ledgerLostCounter, ...countersOf(state, peer)]
  const isInGap = (counter: number): boolean => gaps.some(({ known, since }) => counter > known && counter < since)
  const heard = Math.max(...told.filter((counter) => counter > newest || isInGap(counter)))
  if (heard < 0) return []
  const unanswered = unsettledOf(state, peer).filter(({ counter }) => counter === 0)
  const sequence = Math.min(orderSequence, ...unanswered.map((target) => (orderOf(state, target)?.sequence ?? 1) - 1))
  const statement = { to: peer, epoch, counter: heard, sequence, toldAt: state.clock.wallMs }
  return [letterTo(state, peer, seal(Heard, statement, state.signing), via)]
}

/**
 * What it tells from then on is newer than all that it has told before. Of an appliance that is trusted again nothing is
 * lost, and what the other machine with its key has told it does not know.
 */
export function ledgerLost(state: ServiceCenterState, appliance: ApplianceRecord, loss: LedgerLoss): Change[] {
  const { known, since, heard, orders, noticedAt: ledgerLostAt, counter: ledgerLostCounter } = loss
  if (ledgerLostCounter <= appliance.ledgerLostCounter) return []
  const { peer, name, organization } = appliance
  if (heard <= known) {
    return [
      { table: 'appliances', row: { ...appliance, ledgerLostCounter } },
      ...forgottenTargets(state, peer, { orders, how: 'was one of two with its key' }),
    ]
  }
  const how = known === 0 ? 'was lost' : 'was put back to an older one'
  const outcome = `its ledger ${how}: what it has is told anew, and every copy is proven again`
  return [
    { table: 'appliances', row: { ...appliance, ledgerLostAt, ledgerLostCounter } },
    placeNote(state, name, { action: 'notice-ledger', subject: name, outcome, organization }),
    ...uncounted(state, peer, { before: since, wrong: `its ledger ${how}, and has no word of this copy` }),
    ...forgottenTargets(state, peer, { orders, how }),
  ]
}

/** Its receipts of before prove nothing now: what it still has it proves with one of a higher counter. */
function uncounted(
  { receipts }: ServiceCenterState,
  peer: PeerId,
  { before, wrong }: { before: number; wrong: string },
): Change[] {
  return [...receipts.values()].flatMap((of): Change[] => {
    const row = of.get(peer)
    if (row === undefined || row.epoch === 0 || row.counter >= before) return []
    return [{ table: 'receipts', row: { ...row, epoch: 0, wrong } }]
  })
}

/** What it had answered and knows nothing of now. What it never answered it is sent again. */
function forgottenTargets(
  state: ServiceCenterState,
  peer: PeerId,
  { orders, how }: { orders: readonly OrderId[]; how: string },
): Change[] {
  return unsettledOf(state, peer).flatMap((target): Change[] => {
    if (target.counter === 0 || target.order === null || orders.includes(target.order.id)) return []
    const reason = `its ledger ${how} after it said ${target.state}: how that ended is not known, and what is there now is what it detects`
    return [
      { table: 'targets', row: { ...target, state: 'unknown', order: null, reason, changedAt: state.clock.wallMs } },
    ]
  })
}

function countersOf(state: ServiceCenterState, peer: PeerId): number[] {
  const told = [...state.receipts.values(), ...state.detections.values(), ...state.targets.values()]
  return told.map((of) => of.get(peer)?.counter ?? 0)
}

function unsettledOf({ unsettledOn }: ServiceCenterState, peer: PeerId): TargetRecord[] {
  return [...(unsettledOn.get(peer)?.values() ?? [])].filter(({ order }) => order !== null)
}
