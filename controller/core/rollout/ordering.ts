/**
 * Orders: each signed for one appliance, with a number above all that it was ever sent, good until the deadline of its install,
 * and to be begun before its maintenance window ends. The members of a group are ordered at once, one after the other by
 * what their orders say: so a pair ends equal without the Service Center.
 */
import { type Envelope, open, seal } from '../../../protocol/envelope.ts'
import { type OrderId, SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { Order } from '../../../protocol/statements.ts'
import { groupKey } from '../census.ts'
import { keptStatement } from '../kept-statements.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { numberAfter } from '../rising-numbers.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { beginByOf } from '../windows/targets.ts'
import type { Placed } from './groups.ts'
import { isInFlight } from './ongoing.ts'

export type Forerunner = NonNullable<Order['after']>

/** What orders come after; each was opened once. */
const forerunners = new WeakMap<Envelope, Order['after']>()

/** The order to another member of the group which that of this target comes after, or null. */
export function forerunnerOf({ signing }: ServiceCenterState, { order }: TargetRecord): Forerunner | null {
  if (order === null) return null
  const known = forerunners.get(order.envelope)
  if (known !== undefined) return known
  const opened = open(Order, order.envelope, [signing.peer])
  const after = isRefusal(opened) ? null : opened.after
  forerunners.set(order.envelope, after)
  return after
}

/**
 * Orders for those who begin, in their turn; `members` are all of the install. They are in the order in which they are
 * sent: whoever comes later is told first, so that nobody begins for whom nobody waits yet.
 */
export function sealOrders(
  state: ServiceCenterState,
  install: InstallRecord,
  { begin, members, wave }: { readonly begin: readonly Placed[]; readonly members: readonly Placed[]; wave: number },
): Change[] {
  const last = new Map<string, Forerunner>()
  for (const { target, appliance } of members) {
    if (target.order === null || !isInFlight(target)) continue
    last.set(groupKey(appliance), { peer: appliance.peer, order: target.order.id })
  }
  const left = new Map<string, number>()
  for (const { appliance } of begin) left.set(groupKey(appliance), (left.get(groupKey(appliance)) ?? 0) + 1)
  const orders = begin.map((placed) => {
    const group = groupKey(placed.appliance)
    const members = left.get(group) ?? 1
    const id = nextId(state.random) as OrderId
    const changes = sealOrder(state, install, { ...placed, wave, id, members, after: last.get(group) ?? null })
    left.set(group, members - 1)
    last.set(group, { peer: placed.appliance.peer, order: id })
    return changes
  })
  return orders.reverse().flat()
}

/** `members`: so many of its group begin now, this one and those after it. */
type Ordered = Placed & {
  readonly wave: number
  readonly id: OrderId
  readonly members: number
  readonly after: Forerunner | null
}

function sealOrder(
  state: ServiceCenterState,
  install: InstallRecord,
  { target, appliance, wave, id, members, after }: Ordered,
): Change[] {
  const sequence = numberAfter(appliance.orderSequence, state.clock)
  const at = state.clock.wallMs
  const envelope = seal(
    Order,
    {
      to: appliance.peer,
      orderId: id,
      sequence,
      install: install.id,
      attempt: target.run,
      action: 'install',
      patch: install.patch,
      allowOutage: install.allowOutage,
      organization: appliance.organization,
      dataCenter: appliance.dataCenter,
      issuedAt: at,
      expiresAt: install.deadlineAt,
      ...beginByOf(state, install, appliance, members),
      after,
    },
    state.signing,
  )
  const via = appliance.kind === SERVICE_PROVIDER ? '' : ' through its depot'
  const first = after === null ? null : everEnrolled(state, after.peer)?.name
  const waits = first == null ? 'waits for the appliance to answer' : `waits until ${first} has installed it`
  return [
    { table: 'appliances', row: { ...appliance, orderSequence: sequence } },
    {
      table: 'targets',
      row: {
        ...target,
        reason: `ordered${via}, ${waits}`,
        order: { id, envelope },
        changedAt: at,
        orderedAt: at,
        wave,
      },
    },
    keptStatement(state, { peer: appliance.peer, patch: install.patch, install: install.id, envelope }),
    keptStatement(state, { peer: appliance.peer, patch: install.patch, install: install.id, envelope }),
  ]
}
