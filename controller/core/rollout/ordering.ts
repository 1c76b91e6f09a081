/**
 * One order: signed for one appliance, with a number above all that it was ever sent, good until the deadline of its install,
 * and to be begun before its maintenance window ends.
 */
import { seal } from '../../../protocol/envelope.ts'
import { type OrderId, SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import { nextId } from '../../../protocol/random.ts'
import { Order } from '../../../protocol/statements.ts'
import { keptStatement } from '../kept-statements.ts'
import type { Change, InstallRecord } from '../records.ts'
import { numberAfter } from '../rising-numbers.ts'
import type { ServiceCenterState } from '../state.ts'
import { beginByOf } from '../windows/targets.ts'
import type { Placed } from './groups.ts'

export function sealOrder(
  state: ServiceCenterState,
  install: InstallRecord,
  { target, appliance, wave }: Placed & { readonly wave: number },
): Change[] {
  const id = nextId(state.random) as OrderId
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
      ...beginByOf(state, install, appliance),
    },
    state.signing,
  )
  const via = appliance.kind === SERVICE_PROVIDER ? '' : ' through its depot'
  return [
    { table: 'appliances', row: { ...appliance, orderSequence: sequence } },
    {
      table: 'targets',
      row: {
        ...target,
        reason: `ordered${via}, waits for the appliance to answer`,
        order: { id, envelope },
        changedAt: at,
        wave,
      },
    },
    keptStatement(state, { peer: appliance.peer, patch: install.patch, install: install.id, envelope }),
  ]
}
