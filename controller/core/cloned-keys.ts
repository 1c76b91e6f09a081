/**
 * A key belongs to one machine. A data folder that was copied, or a machine restored beside the one that it was saved
 * from, makes two: both greet as the same appliance, and whoever comes later takes the stream from the other. Each process
 * of an agent draws a life when it starts, and no process comes back after its successor; so a life that returns twice
 * after others were heard is still running beside them. Two that are attached to two members of their depot take nothing
 * from each other; but what is left of a process that ended is given up after a silence, so two lives that both stay
 * attached are two machines as well. Such a key is held: it is not reachable, nothing that it signs is believed, and its
 * receipts are void, until a person has decided. From the first sign on, until it is known or has passed, its word does not
 * let another member of its group begin: what one machine has finished, the other may be about to begin.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Life } from '../../protocol/messages.ts'
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import type { Command } from './effects.ts'
import { memberOf, nextMembership, placeNote } from './places.ts'
import type { Decision } from './publishing.ts'
import type { ApplianceRecord, Change } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** A machine that is set back to a snapshot of itself brings one life back, once. */
const RETURNS = 2
const RETURNS_WITHIN_MS = 10 * 60_000
/** Each member of a depot gives a stream up after one of its own. */
const BESIDE_SILENCES = 6
/** Of a pause of this process: what has ended meanwhile is heard of after it only. */
const COUNTED_MS = 1_000
/** Of one key; the oldest is forgotten. */
const MAX_LIVES = 16

/** What the greetings of one key have told. */
export type Lives = {
  newest: Life
  readonly earlier: Set<Life>
  /** By whoever passed it on, or itself: a depot tells the same greeting again when its own stream opens anew. */
  readonly toldBy: Map<PeerId, Life>
  /** Monotonic. */
  returnedAtMs: number[]
  /** For how long two of its lives have been attached. */
  besideMs: number
}

type Greeted = { readonly peer: PeerId; readonly via: PeerId; readonly life: Life }

/** Takes a greeting down; true where it shows that two machines have the key. */
export function isTwice(state: ServiceCenterState, { peer, via, life }: Greeted): boolean {
  const lives = state.lives.get(peer)
  if (lives === undefined) {
    const toldBy = new Map([[via, life]])
    state.lives.set(peer, { newest: life, earlier: new Set(), toldBy, returnedAtMs: [], besideMs: 0 })
    return false
  }
  const isNews = lives.toldBy.get(via) !== life
  lives.toldBy.set(via, life)
  if (!isNews || lives.newest === life) return false
  const now = state.clock.monotonicMs
  const returned = lives.returnedAtMs.filter((at) => now - at < RETURNS_WITHIN_MS)
  if (lives.earlier.delete(life)) returned.push(now)
  lives.earlier.add(lives.newest)
  for (const oldest of [...lives.earlier].slice(0, -MAX_LIVES)) lives.earlier.delete(oldest)
  lives.newest = life
  lives.returnedAtMs = returned
  return returned.length >= RETURNS
}

/** Whether there are signs that two machines have the key, and not enough yet to hold it. */
export function isDoubtful(state: ServiceCenterState, peer: PeerId): boolean {
  const now = state.clock.monotonicMs
  const returned = state.lives.get(peer)?.returnedAtMs ?? []
  return returned.some((at) => now - at < RETURNS_WITHIN_MS) || isBeside(state, peer)
}

/** Whether two lives of it are attached, each to a depot member of its own. */
function isBeside({ attachments }: ServiceCenterState, peer: PeerId): boolean {
  const greetings = [...(attachments.get(peer)?.values() ?? [])]
  return greetings.some(({ life }) => life !== greetings[0]?.life)
}

/** The tenant appliances of which two lives have been attached for too long, with the depot members at which they are. */
export function besideEachOther(state: ServiceCenterState, tookMs: number): { peer: PeerId; vias: PeerId[] }[] {
  return [...state.attachments].flatMap(([peer, vias]) => {
    const lives = state.lives.get(peer)
    if (lives === undefined) return []
    lives.besideMs = isBeside(state, peer) ? lives.besideMs + Math.min(tookMs, COUNTED_MS) : 0
    const silences = [...vias.keys()].map((via) => state.sessions.get(via)?.silenceMs ?? 0)
    const boundMs = BESIDE_SILENCES * Math.max(state.silenceMs, ...silences)
    return lives.besideMs >= boundMs ? [{ peer, vias: [...vias.keys()] }] : []
  })
}

/**
 * What it has proven may lie on the other machine: epoch 0 is no appliance's. Both count their statements from where the
 * folder was copied; what comes in the next epoch is newer than either, whatever its counter.
 */
export function hold(state: ServiceCenterState, appliance: ApplianceRecord): Change[] {
  const { peer, name, organization } = appliance
  const of = <Row>(rows: Map<unknown, Map<PeerId, Row>>): Row[] =>
    [...rows.values()].flatMap((row) => row.get(peer) ?? [])
  const at = state.clock.wallMs
  return [
    { table: 'appliances', row: { ...appliance, lastSeenAt: at, lookedCounter: 0, ledgerLostCounter: 0, heldAt: at } },
    ...of(state.receipts).map((row): Change => ({ table: 'receipts', row: { ...row, epoch: 0, counter: 0 } })),
    ...of(state.detections).map((row): Change => ({ table: 'detections', row: { ...row, counter: 0 } })),
    placeNote(state, 'Service Center', {
      action: 'hold',
      subject: name,
      outcome: 'two machines use its key',
      organization,
    }),
  ]
}

/** A person has looked: one machine is left. It gets a new epoch, in which it has proven nothing yet. */
export function trustAppliance(
  state: ServiceCenterState,
  { actor, appliance: peer }: Extract<Command, { kind: 'trust-appliance' }>,
): Decision {
  const appliance = memberOf(state, peer)
  if (isRefusal(appliance)) return { reply: appliance, changes: [] }
  const { name, organization } = appliance
  if (appliance.heldAt === null) {
    const message = `${name} is not held: no second machine with its key was heard`
    return { reply: refuse('not_held', message), changes: [] }
  }
  const epoch = appliance.epoch + 1
  return {
    reply: { kind: 'appliance-trusted', appliance: peer },
    changes: [
      {
        table: 'appliances',
        row: { ...appliance, epoch, heldAt: null, ...nextMembership(state, { ...appliance, epoch }) },
      },
      placeNote(state, actor, {
        action: 'trust',
        subject: name,
        outcome: `one machine is left; epoch ${epoch}`,
        organization,
      }),
    ],
  }
}
