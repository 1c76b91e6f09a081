/**
 * Signed statements on their way. Own ones stay in the outbox, and those of others in the mailbox, until an
 * acknowledgement signed by the addressee comes back; at every new connection what is left is sent again. A depot never
 * opens what it forwards, except acknowledgements, to know what it may forget.
 */

import { assert } from '../../protocol/assert.ts'
import { type PeerId, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { MAX_OWN_LETTERS, MAX_STORED_LETTERS } from '../../protocol/limits.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { envelopeDigest, type StatementType, seal } from '../../protocol/trust/envelope.ts'
import { Acknowledgement, type Letter, Receipt } from '../../protocol/trust/statements.ts'
import type { AgentEffect, LedgerEntry } from './events.ts'
import { counterEntry, keptEntry, sentEntry } from './ledger.ts'
import type { AgentState } from './state.ts'
import { acknowledgedBy } from './trust.ts'

/** Signs a statement of this appliance and sends it to the Service Center; `also` is recorded with it, all or nothing. */
export function post<Statement>(
  state: AgentState,
  type: StatementType<Statement>,
  make: (common: { from: PeerId; epoch: number; counter: number }) => Statement,
  also: LedgerEntry[] = [],
): AgentEffect[] {
  assert(state.membership !== null, 'only a member makes statements')
  state.counter += 1
  const { epoch, serviceCenter } = state.membership
  const from = state.identity.peer
  const envelope = seal(type, make({ from, epoch, counter: state.counter }), state.identity)
  const letter: Letter = { to: serviceCenter, from, envelope }
  const id = envelopeDigest(envelope)
  state.outbox.set(id, letter)
  state.firstTold ??= id
  const dropped = dropBeyond(state)
  const entries = [
    counterEntry(state),
    sentEntry(id, letter),
    ...dropped.map((other) => sentEntry(other, null)),
    ...also,
  ]
  const log: AgentEffect[] = dropped.length === 0 ? [] : [tooMany('own letters', MAX_OWN_LETTERS)]
  return [{ kind: 'record', entries }, ...log, ...sendUp(state, letter)]
}

/** What is told again by itself goes first: a detection with the next look, reports with the next state of their order. */
function dropBeyond({ outbox }: AgentState): Sha256[] {
  const dropped: Sha256[] = []
  while (outbox.size > MAX_OWN_LETTERS) {
    const told = [...outbox].find(([, { envelope }]) => envelope.payloadType !== Receipt.payloadType)
    const [oldest] = told ?? [...outbox.keys()]
    if (oldest === undefined) break
    outbox.delete(oldest)
    dropped.push(oldest)
  }
  return dropped
}

function tooMany(what: string, most: number): AgentEffect {
  return {
    kind: 'log',
    line: `more than ${most} ${what} wait for an acknowledgement: the oldest is given up`,
    fields: {},
  }
}

export function acknowledge(state: AgentState, letter: Letter): AgentEffect[] {
  const from = state.identity.peer
  const envelope = seal(Acknowledgement, { from, letters: [envelopeDigest(letter.envelope)] }, state.identity)
  return sendUp(state, { to: letter.from, from, envelope })
}

/** All that has not been acknowledged, when the uplink is new. */
export function resendUp(state: AgentState): AgentEffect[] {
  const upwards = keptFor(state, state.membership?.serviceCenter)
  return [...state.outbox.values(), ...upwards].flatMap((letter) => sendUp(state, letter))
}

/** What is kept for one attached appliance. */
export function resendDown(state: AgentState, peer: PeerId): AgentEffect[] {
  return keptFor(state, peer).map((letter) => sendDown(peer, letter))
}

/** A letter from above that is for an appliance of this Data Center. */
export function forwardDown(state: AgentState, letter: Letter): AgentEffect[] {
  const addressee = state.roster?.members.find(({ peer }) => peer === letter.to)
  if (addressee === undefined || addressee.kind === SERVICE_PROVIDER) return []
  const isAcknowledgement = letter.envelope.payloadType === Acknowledgement.payloadType
  const effects = isAcknowledgement ? forget(state, letter, state.root) : keep(state, letter)
  if (state.attached.has(letter.to)) effects.push(sendDown(letter.to, letter))
  return effects
}

/** A letter from an attached appliance to the Service Center. */
export function forwardUp(state: AgentState, letter: Letter): AgentEffect[] {
  if (letter.envelope.payloadType === Acknowledgement.payloadType) {
    return forget(state, letter, letter.from)
  }
  return [...keep(state, letter), ...sendUp(state, letter)]
}

/** The Service Center holds these letters of ours. */
export function acknowledged(state: AgentState, { letters }: Acknowledgement): AgentEffect[] {
  const known = letters.filter((id) => state.outbox.delete(id))
  if (known.length === 0) return []
  const entries = known.map((id) => sentEntry(id, null))
  // It came after our greeting: what the Service Center had heard more than the ledger knows, it has said by now.
  const isCompared = state.gaps.length > 0 && known.some((id) => id === state.firstTold)
  if (isCompared) state.gaps = []
  return [{ kind: 'record', entries: isCompared ? [...entries, counterEntry(state)] : entries }]
}

/** Nobody acknowledges a letter of an appliance that has left the fleet: what is kept from and for it goes. */
export function forgetFormer(state: AgentState): LedgerEntry[] {
  const known = new Set([state.membership?.serviceCenter, ...(state.roster?.members ?? []).map(({ peer }) => peer)])
  const left = [...state.mailbox].filter(([, { letter }]) => !known.has(letter.from) || !known.has(letter.to))
  for (const [key] of left) state.mailbox.delete(key)
  return left.map(([key]) => keptEntry(key, null))
}

function keep(state: AgentState, letter: Letter): AgentEffect[] {
  const key = mailKey(letter.to, envelopeDigest(letter.envelope))
  if (state.mailbox.has(key)) return []
  state.lastKept += 1
  const kept = { letter, number: state.lastKept }
  const entries: LedgerEntry[] = [keptEntry(key, kept)]
  state.mailbox.set(key, kept)
  if (state.mailbox.size > MAX_STORED_LETTERS) {
    // The oldest goes; the Service Center and the appliances compare what they know at each greeting and send it anew.
    const [oldest] = state.mailbox.keys()
    if (oldest !== undefined) {
      state.mailbox.delete(oldest)
      entries.push(keptEntry(oldest, null))
    }
    return [{ kind: 'record', entries }, tooMany('letters of others', MAX_STORED_LETTERS)]
  }
  return [{ kind: 'record', entries }]
}

/** Only letters to whoever signed the acknowledgement. */
function forget(state: AgentState, { from, envelope }: Letter, signer: PeerId): AgentEffect[] {
  const statement = acknowledgedBy(signer, envelope)
  if (isRefusal(statement) || statement.from !== from) return []
  const known = statement.letters.map((id) => mailKey(from, id)).filter((key) => state.mailbox.delete(key))
  return known.length === 0 ? [] : [{ kind: 'record', entries: known.map((key) => keptEntry(key, null)) }]
}

/** The same statement, such as a publication, may be kept for several. */
function mailKey(to: PeerId, id: Sha256): string {
  return `${to}-${id}`
}

function keptFor(state: AgentState, peer: PeerId | undefined): Letter[] {
  return [...state.mailbox.values()].map(({ letter }) => letter).filter(({ to }) => to === peer)
}

export function sendUp(state: AgentState, letter: Letter): AgentEffect[] {
  if (state.uplink.phase !== 'up') return []
  return [{ kind: 'send-control', channel: 'uplink', peer: state.uplink.peer, message: { kind: 'letter', letter } }]
}

export function sendDown(peer: PeerId, letter: Letter): AgentEffect {
  return { kind: 'send-control', channel: 'downlink', peer, message: { kind: 'letter', letter } }
}
