/**
 * What is said where a ledger may have been lost: how far the Service Center has heard an appliance, and what an appliance
 * says whose ledger knows less than that.
 */
import { z } from 'zod'
import { OrderId, PeerId } from '../identifiers.ts'
import { MAX_QUEUED_ORDERS } from '../limits.ts'
import { statement, WallTime } from './statements.ts'

const counter = z.int().min(0)

/** How far the Service Center has heard this appliance: its highest counter, and up to where it has answered each order. */
export const Heard = statement(
  'heard',
  z.strictObject({ to: PeerId, epoch: counter, counter, sequence: counter, toldAt: WallTime }),
)
export type Heard = z.infer<(typeof Heard)['schema']>

/**
 * The Service Center had heard more (`heard`) than the ledger of this appliance knew (`known`): it is an older one, or
 * new. What has a counter below `since` was told by a process of before; of an order not named here it says no more. An
 * appliance that is trusted again, in a new epoch, says so too; then all three are its newest counter.
 */
export const LedgerLoss = statement(
  'ledger-loss',
  z.strictObject({
    from: PeerId,
    epoch: counter,
    counter,
    known: counter,
    since: counter,
    heard: counter,
    /** Orders that it still knows: it goes on with them. */
    orders: z.array(OrderId).max(MAX_QUEUED_ORDERS + 1),
    noticedAt: WallTime,
  }),
)
export type LedgerLoss = z.infer<(typeof LedgerLoss)['schema']>
