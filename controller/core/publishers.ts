/**
 * The publishers whose signatures uploads need. As long as nobody is listed, uploads need none; a list that changes
 * concerns what is uploaded from then on, and what is published stays.
 */

import { MAX_PUBLISHERS } from '../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { liveKeys, type Publisher, shortKeyId } from '../../protocol/trust/publishers.ts'
import type { Command } from './effects.ts'
import type { Decision } from './publishing.ts'
import type { Change } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** How long before their end keys are warned of. */
const WARNED_MS = 60 * 24 * 3600 * 1000

/** Whether enough keys are good now to sign anything; `expiring` within 60 days. */
export const PUBLISHER_CONDITIONS = ['good', 'expiring', 'expired', 'too few keys'] as const

export type PublisherView = Publisher & { condition: (typeof PUBLISHER_CONDITIONS)[number] }

/** By name. */
export function publisherViews(state: ServiceCenterState): PublisherView[] {
  return [...state.publishers.values()]
    .map((publisher) => publisherView(state, publisher))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

export function publisherView(state: ServiceCenterState, publisher: Publisher): PublisherView {
  return { ...publisher, condition: conditionOf(publisher, state.clock.wallMs) }
}

function conditionOf(publisher: Publisher, nowMs: number): PublisherView['condition'] {
  const leftMs = Date.parse(publisher.expiresAt) - nowMs
  if (leftMs <= 0) return 'expired'
  if (liveKeys(publisher).length < publisher.threshold) return 'too few keys'
  return leftMs <= WARNED_MS ? 'expiring' : 'good'
}

type SetPublisher = Extract<Command, { kind: 'set-publisher' }>
type RemovePublisher = Extract<Command, { kind: 'remove-publisher' }>

/** The one that is listed under this name. */
export function namedPublisher(state: ServiceCenterState, wanted: string): Publisher | Refusal {
  const found = [...state.publishers.values()].find(({ name }) => name === wanted)
  return found ?? refuse('not_found', `there is no publisher ${wanted.slice(0, 100)}`)
}

export function changePublishers(state: ServiceCenterState, command: SetPublisher | RemovePublisher): Decision {
  return command.kind === 'set-publisher' ? setPublisher(state, command) : removePublisher(state, command)
}

function setPublisher(state: ServiceCenterState, { actor, publisher, instead }: SetPublisher): Decision {
  const { name, threshold, keys, patches, expiresAt } = publisher
  if (!state.publishers.has(name) && state.publishers.size >= MAX_PUBLISHERS)
    return { reply: refuse('too_many', `there are ${MAX_PUBLISHERS} publishers already`), changes: [] }
  const before = state.publishers.get(name) ?? null
  if (instead !== undefined && JSON.stringify(instead) !== JSON.stringify(before)) {
    const why = instead === null ? `${name} is listed already` : `somebody else has changed ${name} since you looked`
    return { reply: refuse('changed_meanwhile', why), changes: [] }
  }
  const listed = keys.map(({ keyid, revoked }) => `${shortKeyId(keyid)}${revoked ? ' revoked' : ''}`)
  const outcome = `${threshold} of ${listed.join(', ')}; ${patches.join(', ')}; until ${expiresAt}`
  return {
    reply: { kind: 'publisher-set', name },
    changes: [
      { table: 'publishers', row: { name, publisher } },
      noted(state, { actor, name, action: 'set-publisher', outcome }),
    ],
  }
}

function removePublisher(state: ServiceCenterState, { actor, name }: RemovePublisher): Decision {
  const found = namedPublisher(state, name)
  if (isRefusal(found)) return { reply: found, changes: [] }
  const outcome = state.publishers.size === 1 ? 'done; uploads need no signature any more' : 'done'
  return {
    reply: { kind: 'publisher-removed', name },
    changes: [
      { table: 'publishers', row: { name, publisher: null } },
      noted(state, { actor, name, action: 'remove-publisher', outcome }),
    ],
  }
}

type Note = { actor: string; name: string; action: string; outcome: string }

function noted(state: ServiceCenterState, { actor, name, action, outcome }: Note): Change {
  return { table: 'audit', row: { at: state.clock.wallMs, actor, action, subject: name, outcome } }
}
