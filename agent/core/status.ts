/**
 * What an appliance says of itself to a person who stands before it: whom it is connected to, what it has, what it was
 * ordered and what each of these waits for. The running agent tells it from its state, and the same words are made from a
 * ledger while none runs; nothing is decided here, and nothing changes.
 */
import { z } from 'zod'
import { assert } from '../../protocol/assert.ts'
import { OrderId, type PeerId } from '../../protocol/identifiers.ts'
import { HowEnded } from '../../protocol/trust/pair-statements.ts'
import { peerCalled, promised } from './install/leases.ts'
import { OrderStatus, ordersInLine, orderUnderWay } from './install/order-status.ts'
import { restartSentence } from './machine.ts'
import { PatchStatus, patchStatuses } from './patch-status.ts'
import type { AgentState } from './state.ts'

const Time = z.iso.datetime()

export const ApplianceStatus = z.strictObject({
  name: z.string(),
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  role: z.string(),
  group: z.string(),
  peer: z.string(),
  /** False where no agent runs: then this is what its ledger knows. */
  running: z.boolean(),
  /** Of the agent that runs; null where none does. */
  release: z.string().nullable(),
  /** One sentence: what it does now, and why. */
  does: z.string(),
  uplink: z.strictObject({
    state: z.enum(['connected', 'connecting', 'down']),
    /** By name, whom it is or should be connected to. */
    to: z.string().nullable(),
    since: Time.nullable(),
    reason: z.string(),
  }),
  order: OrderStatus.nullable(),
  inLine: z.array(OrderStatus),
  /** How the newest order that is over has ended; null before the first. */
  lastEnded: z.strictObject({ order: OrderId, ended: HowEnded }).nullable(),
  /** The lease of its group: what it has promised, asked for and still has to give back. */
  lease: z.strictObject({
    /** While that one may be interrupted, this appliance begins nothing that interrupts itself. */
    promisedTo: z.string().nullable(),
    since: Time.nullable(),
    askedForOrder: z.string().nullable(),
    /** Members that have not acknowledged yet that their promise is not needed any more. */
    owedTo: z.array(z.string()),
    /** Why it must not be taken for one that can serve; empty where it can. */
    broken: z.string(),
  }),
  patches: z.array(PatchStatus),
  restartsDue: z.array(z.strictObject({ since: Time, reason: z.string() })),
  /** Signed statements that the Service Center has not acknowledged yet. */
  unheard: z.int().min(0),
})
export type ApplianceStatus = z.infer<typeof ApplianceStatus>

export function applianceStatus(state: AgentState, running: boolean): ApplianceStatus {
  const { membership } = state
  assert(membership !== null, 'only a member has a status')
  const { name, organization, dataCenter, kind, role, group } = membership
  const told = {
    ...{ name, organization, dataCenter, kind, role, group, peer: state.identity.peer, running },
    release: running ? state.release : null,
    uplink: running ? uplinkStatus(state) : NOT_RUNNING,
    order: orderUnderWay(state),
    inLine: ordersInLine(state),
    lastEnded: state.orders.ended.at(-1) ?? null,
    lease: leaseStatus(state),
    patches: patchStatuses(state, running),
    restartsDue: restartsDue(state),
    unheard: state.outbox.size,
  }
  return { ...told, does: whatItDoes(told) }
}

const NOT_RUNNING: ApplianceStatus['uplink'] = {
  ...{ state: 'down', to: null, since: null },
  reason: 'no agent runs on this data folder',
}

function uplinkStatus(state: AgentState): ApplianceStatus['uplink'] {
  const { uplink } = state
  const since = uplink.since === 0 ? null : new Date(uplink.since).toISOString()
  switch (uplink.phase) {
    case 'up':
      return { state: 'connected', to: nameOf(state, uplink.peer), since, reason: '' }
    case 'dialling':
      return { state: 'connecting', to: nameOf(state, uplink.peer), since, reason: uplink.reason }
    case 'down':
      return {
        state: 'down',
        to: uplink.last === null ? null : nameOf(state, uplink.last),
        since,
        reason: uplink.reason,
      }
  }
}

function nameOf({ membership, roster }: AgentState, peer: PeerId): string {
  if (peer === membership?.serviceCenter) return 'the Service Center'
  return roster?.members.find((member) => member.peer === peer)?.name ?? peer
}

function leaseStatus(state: AgentState): ApplianceStatus['lease'] {
  const { asked, owed, broken } = state.leases
  const binding = promised(state)
  return {
    promisedTo: binding?.to.name ?? null,
    since: binding === null ? null : new Date(binding.grant.since).toISOString(),
    askedForOrder: asked?.order ?? null,
    owedTo: owed.map(({ to }) => peerCalled(state, to)?.name ?? to),
    broken: broken?.reason ?? '',
  }
}

function restartsDue(state: AgentState): ApplianceStatus['restartsDue'] {
  const ours = [...state.restarts].map(([patch, { sinceMs }]) => {
    const publication = state.replicas.get(patch)?.publication
    const what = publication === undefined ? patch : `${publication.name} ${publication.version}`
    return { since: new Date(sinceMs).toISOString(), reason: `${what} counts only after a restart of this appliance` }
  })
  const due = state.machine?.restartDue ?? null
  if (due === null) return ours
  return [...ours, { since: new Date(due.sinceMs).toISOString(), reason: restartSentence(state.machine) }]
}

type Told = Omit<ApplianceStatus, 'does'>

/** What a person would ask first. */
function whatItDoes({ running, order, inLine, patches, uplink, lease }: Told): string {
  if (!running && order === null) return 'nothing: no agent runs on this data folder'
  if (order !== null) {
    const what = `${order.title}, ${order.phase}: ${order.reason}`
    return running ? what : `nothing: no agent runs on this data folder; when one starts it goes on with ${what}`
  }
  const wrong = patches.find(({ wrong }) => wrong !== '')
  if (wrong !== undefined) return `mends its copy of ${wrong.title}, which was found not to be right: ${wrong.wrong}`
  const coming = patches.filter(({ state }) => state === 'transferring' || state === 'verifying' || state === 'waiting')
  const [first] = coming
  if (first !== undefined) {
    const others = coming.length === 1 ? '' : `, and ${coming.length - 1} more`
    return `copies ${first.title}${others}: ${first.reason}`
  }
  if (lease.promisedTo !== null) return `serves while ${lease.promisedTo} may be interrupted, as it has promised`
  const [next] = inLine
  if (next !== undefined) return `${next.title}, in line: ${next.reason}`
  return uplink.state === 'connected'
    ? 'nothing: it has all that it should have, and waits for orders'
    : `nothing: it waits until it is connected again, and then for orders`
}
