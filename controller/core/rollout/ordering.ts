/**
 * Orders: each signed for one appliance, with a number above all that it was ever sent, good until the deadline of its install,
 * and to be begun before its maintenance window ends. The members of a group are ordered at once, one after the other by
 * what their orders say: so a pair ends equal without the Service Center. For installs that go together each member is
 * ordered all its patches at once, one going on from the other.
 */
import { type OrderId, SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { Order } from '../../../protocol/trust/statements.ts'
import { authorizationFor } from '../approvals/authorizing.ts'
import { groupKey } from '../census.ts'
import { keptStatement } from '../kept-statements.ts'
import type { Change, InstallRecord, TargetRecord } from '../records.ts'
import { numberAfter } from '../rising-numbers.ts'
import { everEnrolled, type ServiceCenterState } from '../state.ts'
import { beginByOf } from '../windows/targets.ts'
import { laterThan } from './companions.ts'
import { hasBegun } from './ending-installs.ts'
import type { Placed } from './groups.ts'
import { isUnderWay } from './install-states.ts'
import { isInFlight, isWaiting } from './ongoing.ts'
import { orderOf } from './sealed-orders.ts'

export type Forerunner = NonNullable<Order['after']>

/** The order to another member of the group which that of this target comes after, or null. */
export function forerunnerOf(state: ServiceCenterState, target: TargetRecord): Forerunner | null {
  return orderOf(state, target)?.after ?? null
}

/**
 * Orders for those who begin, in their turn, for this install and for those that go on from it; `members` are all of the
 * install. They are in the order in which they are sent: whoever comes later is told first, so that nobody begins for whom
 * nobody waits yet.
 */
export function sealOrders(
  state: ServiceCenterState,
  install: InstallRecord,
  { begin, members, wave }: { readonly begin: readonly Placed[]; readonly members: readonly Placed[]; wave: number },
): Change[] {
  const steps = [install, ...laterThan(state, install).filter((other) => isUnderWay(other.state))]
  const partOf = (step: InstallRecord, { target }: Placed): TargetRecord | undefined =>
    step === install ? target : state.targets.get(step.id)?.get(target.appliance)
  /** By install and group, whoever comes next comes after these. */
  const last = new Map<string, Forerunner>()
  const keyOf = (step: InstallRecord, { appliance }: Placed): string => `${step.id} ${groupKey(appliance)}`
  for (const step of steps)
    for (const member of members) {
      const target = partOf(step, member)
      if (target === undefined || target.order === null || !isInFlight(target)) continue
      last.set(keyOf(step, member), { peer: target.appliance, order: target.order.id })
    }
  const membersOfGroup = Map.groupBy(members, ({ appliance }) => groupKey(appliance))
  const left = new Map<string, number>()
  for (const { appliance } of begin) left.set(groupKey(appliance), (left.get(groupKey(appliance)) ?? 0) + 1)
  const orders = begin.map((placed) => {
    const group = groupKey(placed.appliance)
    const waiting = left.get(group) ?? 1
    left.set(group, waiting - 1)
    const mates = membersOfGroup.get(group) ?? []
    const hasBegunWith = (step: InstallRecord): boolean =>
      mates.some((mate) => {
        const target = partOf(step, mate)
        return target !== undefined && hasBegun(target)
      })
    const isFinished = hasBegunWith(install)
    const parts = steps.flatMap((step) => {
      const target = partOf(step, placed)
      if (target === undefined || !isWaiting(target)) return []
      // A pair that is finished gets no other patch with it, whose own waves may stand elsewhere.
      if (step !== install && isFinished && !hasBegunWith(step)) return []
      return [{ step, target, id: nextId(state.random) as OrderId }]
    })
    let { appliance } = placed
    return parts.flatMap(({ step, target, id }, index): Change[] => {
      appliance = { ...appliance, orderSequence: numberAfter(appliance.orderSequence, state.clock) }
      const after = last.get(keyOf(step, placed)) ?? null
      last.set(keyOf(step, placed), { peer: appliance.peer, order: id })
      const continues = parts[index - 1]?.id ?? null
      const stages = parts.slice(index + 1).map((later) => later.step.patch)
      return sealOrder(state, step, { target, appliance, wave, id, members: waiting, after, continues, stages })
    })
  })
  return orders.reverse().flat()
}

/** `members`: so many of its group begin now, this one and those after it. */
type Ordered = Placed & {
  readonly wave: number
  readonly id: OrderId
  readonly members: number
} & Pick<Order, 'after' | 'continues' | 'stages'>

function sealOrder(
  state: ServiceCenterState,
  install: InstallRecord,
  { target, appliance, wave, id, members, after, continues, stages }: Ordered,
): Change[] {
  const at = state.clock.wallMs
  const envelope = seal(
    Order,
    {
      to: appliance.peer,
      orderId: id,
      sequence: appliance.orderSequence,
      install: install.id,
      attempt: target.run,
      action: 'install',
      patch: install.patch,
      allowOutage: install.allowOutage,
      organization: appliance.organization,
      dataCenter: appliance.dataCenter,
      issuedAt: at,
      ...authorizationFor(state, install.id, appliance),
      ...beginByOf(state, install, appliance, members),
      ...{ after, continues, stages },
    },
    state.signing,
  )
  const via = appliance.kind === SERVICE_PROVIDER ? '' : ' through its depot'
  const first = after === null ? null : everEnrolled(state, after.peer)?.name
  const waits = first == null ? 'waits for the appliance to answer' : `waits until ${first} has installed it`
  return [
    { table: 'appliances', row: appliance },
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
  ]
}
