/**
 * What must survive a power cut, as records by key: orders with the attempt that is under way, leases of the group, patches
 * that wait for a restart of the machine, the statement counter,
 * what was found installed, the roster, a new name, publications, withdrawals, proven copies, and letters that nobody has acknowledged. The records of one
 * effect are written all or nothing, so what is told and why it was told can never part.
 */
import { z } from 'zod'
import { Bytes, decode, encode } from '../../protocol/codec.ts'
import { OrderId, PatchName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { MAX_COUNTER_GAPS, MAX_KEPT_CANCELLATIONS, MAX_KEPT_OUTCOMES } from '../../protocol/limits.ts'
import { CounterGap } from '../../protocol/messages.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { decodeEnvelope, encodeEnvelope, envelopeDigest, reopen } from '../../protocol/trust/envelope.ts'
import { HowEnded } from '../../protocol/trust/pair-statements.ts'
import { Letter, Membership, Publication, Roster, Withdrawal } from '../../protocol/trust/statements.ts'
import type { Found, LedgerEntry } from './events.ts'
import { takeKeptTrust } from './held-policy.ts'
import { ATTEMPT_PHASES, type Attempt, newAttempt } from './install/attempt.ts'
import { newLeases } from './install/leases.ts'
import { KeptChecks, KeptEnding, KeptOrder, Outcome } from './kept-attempt.ts'
import { newReplica, type Replica } from './replica.ts'
import type { AgentState, KeptLetter } from './state.ts'

const Orders = z.strictObject({
  version: z.literal(1),
  sequence: z.int().min(0),
  queue: z.array(KeptOrder),
  attempt: z
    .strictObject({
      order: KeptOrder,
      phase: z.enum(ATTEMPT_PHASES),
      failure: z.strictObject({ step: z.enum(['install', 'verify']), outcome: Outcome }).nullable(),
      tries: z.int().min(0),
      /** Not there in what an earlier release wrote. */
      soakEndsAt: z.int().nullable().default(null),
      failedReverts: z.int().min(0).default(0),
      told: z.strictObject({ reason: z.string(), at: z.int().min(0) }).default({ reason: '', at: 0 }),
      lease: z.int().nullable().default(null),
      gaveUp: z.boolean().default(false),
      takingBack: z
        .strictObject({ ending: KeptEnding, tries: z.int().min(0) })
        .nullable()
        .default(null),
      checks: z.strictObject({ before: KeptChecks, after: KeptChecks }).default({ before: null, after: null }),
    })
    .nullable(),
  ended: z
    .array(z.strictObject({ order: OrderId, ended: HowEnded }))
    .max(MAX_KEPT_OUTCOMES)
    .default([]),
  cancelled: z.array(OrderId).max(MAX_KEPT_CANCELLATIONS).default([]),
})
const Restarts = z.strictObject({
  version: z.literal(1),
  patches: z.array(z.strictObject({ patch: Sha256, bootId: z.string(), sinceMs: z.int().min(0) })),
})
const Lease = { order: OrderId, number: z.int().min(0) }
const LeasesRecord = z.strictObject({
  version: z.literal(1),
  number: z.int().min(0),
  granted: z.strictObject({ to: PeerId, ...Lease, since: z.int().min(0) }).nullable(),
  asked: z.strictObject(Lease).nullable(),
  owed: z.array(z.strictObject({ to: PeerId, ...Lease, releasedAt: z.int().min(0) })),
  broken: z.strictObject({ name: PatchName, reason: z.string() }).nullable(),
})
const Counter = z.strictObject({
  version: z.literal(1),
  counter: z.int().min(0),
  gaps: z.array(CounterGap).max(MAX_COUNTER_GAPS).default([]),
})
const Sent = z.strictObject({ version: z.literal(1), letter: Letter })
const Kept = z.strictObject({ version: z.literal(1), letter: Letter, number: z.int().min(0) })
/** When it was read last, and what came over the WAN until it was whole; older releases have not written either. */
const Proven = z.strictObject({
  version: z.literal(1),
  patch: Sha256,
  provenAt: z.int().min(0).default(0),
  wanBytes: z.int().min(0).default(0),
})
const Running = z.strictObject({ version: z.literal(1) })
const FoundBefore = z.strictObject({
  version: z.literal(1),
  patch: Sha256,
  result: z.enum(['applicable', 'installed', 'notApplicable', 'unknown']),
  installedVersion: z.string().nullable(),
  reason: z.string(),
})
const Sealed = z.strictObject({ version: z.literal(1), envelope: Bytes })

export function ordersEntry({ orders: { sequence, queue, attempt, ended, cancelled } }: AgentState): LedgerEntry {
  const kept =
    attempt === null
      ? null
      : {
          order: attempt.order,
          phase: attempt.phase,
          failure: attempt.failure,
          tries: attempt.tries,
          soakEndsAt: attempt.soakEndsAt,
          failedReverts: attempt.failedReverts,
          told: attempt.told,
          lease: attempt.lease,
          gaveUp: attempt.gaveUp,
          takingBack: attempt.takingBack,
          checks: { before: attempt.checks.before, after: attempt.checks.after },
        }
  return { key: 'orders', value: encode({ version: 1, sequence, queue, attempt: kept, ended, cancelled }) }
}

export function leasesEntry({ leases: { number, granted, asked, owed, broken } }: AgentState): LedgerEntry {
  return { key: 'leases', value: encode({ version: 1, number, granted, asked, owed, broken }) }
}

export function restartsEntry({ restarts }: AgentState): LedgerEntry {
  const patches = [...restarts].map(([patch, { bootId, sinceMs }]) => ({ patch, bootId, sinceMs }))
  return { key: 'restarts', value: patches.length === 0 ? null : encode({ version: 1, patches }) }
}

function readLeases(state: AgentState, { number, granted, asked, owed, broken }: z.output<typeof LeasesRecord>): void {
  state.leases = { ...newLeases(), number, granted, asked, owed, broken }
}

function resumedAttempt(kept: NonNullable<z.output<typeof Orders>['attempt']>): Attempt {
  const fresh = newAttempt(kept.order, 0)
  return { ...fresh, ...kept, checks: { ...fresh.checks, ...kept.checks } }
}

function readCounter(state: AgentState, { counter, gaps }: z.output<typeof Counter>): void {
  state.counter = counter
  state.gaps = gaps
}

export function counterEntry({ counter, gaps }: AgentState): LedgerEntry {
  return { key: 'counter', value: encode({ version: 1, counter, gaps }) }
}

export function sentEntry(id: Sha256, letter: Letter | null): LedgerEntry {
  return { key: `outbox-${id}`, value: letter === null ? null : encode({ version: 1, letter }) }
}

/** `key` is that of the mailbox. */
export function keptEntry(key: string, kept: KeptLetter | null): LedgerEntry {
  return { key: `mailbox-${key}`, value: kept === null ? null : encode({ version: 1, ...kept }) }
}

export function publicationEntry(patch: Sha256, replica: Replica | null): LedgerEntry {
  return sealedEntry(`publication-${patch}`, replica?.envelope ?? null)
}

export function sealedEntry(key: string, envelope: Replica['envelope'] | null): LedgerEntry {
  return { key, value: envelope === null ? null : encode({ version: 1, envelope: encodeEnvelope(envelope) }) }
}

/** `proven` is null for a copy that is not, or not any more. */
export function provenEntry(patch: Sha256, proven: { provenAt: number; wanBytes: number } | null): LedgerEntry {
  return { key: `proven-${patch}`, value: proven === null ? null : encode({ version: 1, patch, ...proven }) }
}

/** There while a process of the agent runs: one that finds it follows another that did not end by itself. */
export function runningEntry(isRunning: boolean): LedgerEntry {
  return { key: 'running', value: isRunning ? encode({ version: 1 }) : null }
}

export function foundEntry(patch: Sha256, found: Found | null): LedgerEntry {
  if (found === null) return { key: `found-${patch}`, value: null }
  const { result, installedVersion, reason } = found
  return { key: `found-${patch}`, value: encode({ version: 1, patch, result, installedVersion, reason }) }
}

/**
 * Reads a ledger back into a fresh state, and gives the keys of records that only a later release knows: they stay where
 * they are, and it finds them again. Throws on a damaged ledger, and on a record of a known kind that a later release has
 * written in another form: an appliance must not act on half of what it knew.
 */
export function readLedger(state: AgentState, entries: ReadonlyMap<string, Uint8Array>): string[] {
  const unknown: string[] = []
  const kept: [string, KeptLetter][] = []
  const proven: z.infer<typeof Proven>[] = []
  for (const [key, value] of entries) {
    const dash = key.indexOf('-')
    switch (dash < 0 ? key : key.slice(0, dash)) {
      case 'orders': {
        const { sequence, queue, attempt, ended, cancelled } = recordOf(key, Orders, value, 'the record of orders')
        state.orders = {
          ...{ sequence, queue, ended, cancelled },
          attempt: attempt === null ? null : resumedAttempt(attempt),
        }
        break
      }
      case 'leases':
        readLeases(state, recordOf(key, LeasesRecord, value, 'the record of leases'))
        break
      case 'restarts':
        for (const { patch, bootId, sinceMs } of recordOf(key, Restarts, value, 'restarts that are due').patches)
          state.restarts.set(patch, { bootId, sinceMs })
        break
      case 'counter':
        readCounter(state, recordOf(key, Counter, value, 'the statement counter'))
        break
      case 'outbox': {
        const { letter } = recordOf(key, Sent, value, 'a letter of this appliance')
        state.outbox.set(envelopeDigest(letter.envelope), letter)
        break
      }
      case 'mailbox': {
        const { letter, number } = recordOf(key, Kept, value, 'a letter of another')
        kept.push([key.slice(dash + 1), { letter, number }])
        break
      }
      case 'roster':
        state.roster = reopen(Roster, envelopeIn(key, value), [state.root])
        break
      case 'membership':
        state.membership = reopen(Membership, envelopeIn(key, value), [state.root])
        break
      case 'publication': {
        const envelope = envelopeIn(key, value)
        const publication = reopen(Publication, envelope, [state.root])
        const replica = newReplica({ publication, envelope, phase: { name: 'described' } }, 0)
        state.replicas.set(publication.sha256, replica)
        break
      }
      case 'withdrawal':
        {
          const { sha256, withdrawnAt } = reopen(Withdrawal, envelopeIn(key, value), [state.root])
          state.withdrawn.set(sha256, withdrawnAt)
        }
        break
      case 'found': {
        const { patch, result, installedVersion, reason } = recordOf(key, FoundBefore, value, 'a finding')
        state.found.set(patch, { result, installedVersion, reason })
        break
      }
      case 'proven':
        proven.push(recordOf(key, Proven, value, 'a proven copy'))
        break
      case 'trust':
        intact(key, takeKeptTrust(state, value))
        break
      case 'running':
        recordOf(key, Running, value, 'the mark of a running agent')
        state.endedUncleanly = true
        break
      default:
        unknown.push(key)
    }
  }
  for (const { patch, provenAt, wanBytes } of proven) {
    state.proven.set(patch, provenAt)
    const replica = state.replicas.get(patch)
    if (replica !== undefined) replica.wanBytes = wanBytes
  }
  // An order must not come before the publication that it needs, so they go on in the order in which they came.
  state.mailbox = new Map(kept.sort(([, left], [, right]) => left.number - right.number))
  state.lastKept = Math.max(0, ...kept.map(([, { number }]) => number))
  return unknown
}

function envelopeIn(key: string, value: Uint8Array): Replica['envelope'] {
  return intact(key, decodeEnvelope(recordOf(key, Sealed, value, 'a sealed record').envelope))
}

const Versioned = z.looseObject({ version: z.int() })

function recordOf<Value>(key: string, schema: z.ZodType<Value>, value: Uint8Array, what: string): Value {
  const record: Value | Refusal = decode(schema, value, what)
  const form = isRefusal(record) ? decode(Versioned, value, what) : null
  if (form !== null && !isRefusal(form) && form.version > 1) {
    const release = 'run that release, or a newer one, on this data folder'
    throw new Error(`the ledger record ${key} was written by a later release: ${release}`)
  }
  return intact(key, record)
}

function intact<Value>(key: string, value: Value | Refusal): Value {
  if (isRefusal(value)) throw new Error(`the ledger record ${key} is damaged: ${value.message}`)
  return value
}
