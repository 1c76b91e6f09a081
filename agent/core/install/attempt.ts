/**
 * An order being carried out: the phases of an attempt, which may follow which, and what each means for the pair. The
 * phase is in the ledger before its step begins, so after a crash the attempt goes on from there.
 *
 *     staging -> preflight -> leasing -> installing -> verifying -> installed
 *                                            |          |  ^  ^
 *                                            |          |  |  +-- restarting, soaking
 *                                            +-> reverting -> failed | reverted
 *
 * Where the operator has named switchover hooks, service is handed over to a peer between `leasing` and `installing`, in
 * `handing-over`, and whoever has begun that ends by way of `taking-back`; switching.ts and switched.ts tell how.
 *
 * A release of the agent itself is `on-trial` between `installing` and `verifying`, until it was seen (on-trial.ts).
 *
 * Each phase ends: `staging`, `preflight`, `leasing` and `restarting` with the order's own time, `on-trial` with a setting, `soaking` with the
 * manifest's, and the others with a program that has a time limit (reverting.ts tells how often a revert is tried).
 */
import { assert } from '../../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import type { LeaseAnswer } from '../../../protocol/trust/pair-statements.ts'
import type { Order } from '../../../protocol/trust/statements.ts'
import type { CheckResult, Outcome } from '../events.ts'
import type { Replica } from '../replica.ts'
import type { Ending } from '../reporting.ts'
import type { AgentState } from '../state.ts'
import type { OnTrial } from './on-trial.ts'

/**
 * `leasing` waits until every other member of the group has promised to go on serving, `restarting` for another start of the
 * machine, `soaking` for the end of the manifest's soak.
 */
export const ATTEMPT_PHASES = [
  'staging',
  'preflight',
  'leasing',
  'installing',
  'on-trial',
  'verifying',
  'restarting',
  'soaking',
  'reverting',
  'handing-over',
  'taking-back',
] as const
export type AttemptPhase = (typeof ATTEMPT_PHASES)[number]

type Phase = {
  /** An attempt may enter these from here, beside staying. */
  readonly next: readonly AttemptPhase[]
  /** The appliance may not serve, or may be put back at any moment: its peers begin nothing. */
  readonly holdsPair: boolean
}

const PHASES: Readonly<Record<AttemptPhase, Phase>> = {
  staging: { next: ['preflight'], holdsPair: false },
  preflight: { next: ['staging', 'leasing', 'installing', 'verifying', 'reverting', 'taking-back'], holdsPair: false },
  leasing: {
    next: ['preflight', 'installing', 'verifying', 'reverting', 'handing-over', 'taking-back'],
    holdsPair: false,
  },
  installing: { next: ['preflight', 'on-trial', 'verifying', 'reverting', 'taking-back'], holdsPair: true },
  'on-trial': { next: ['verifying', 'reverting'], holdsPair: true },
  verifying: { next: ['restarting', 'soaking', 'reverting', 'taking-back'], holdsPair: true },
  restarting: { next: ['verifying', 'taking-back'], holdsPair: true },
  soaking: { next: ['verifying'], holdsPair: true },
  reverting: { next: ['taking-back'], holdsPair: true },
  'handing-over': { next: ['leasing', 'taking-back'], holdsPair: true },
  'taking-back': { next: [], holdsPair: true },
}

export type Attempt = {
  order: Order
  phase: AttemptPhase
  /** In `preflight`: the patches that are being looked at, without which nothing is decided. */
  looksAt: Set<Sha256>
  /** What makes it revert, or try once more: the install step or the verification, and how it ended. */
  failure: { step: 'install' | 'verify'; outcome: Outcome } | null
  /** Times the installer was started; a second time only after an error that it called temporary. */
  tries: number
  /** Reverts that failed for now; there is a last one. */
  failedReverts: number
  /** Monotonic; set while a temporary error is waited out. */
  retryAtMs: number | null
  /** Wall time at which the soak ends; null before it has begun. */
  soakEndsAt: number | null
  /** The same by the monotonic clock; null until the first tick after a restart. */
  soakEndsAtMs: number | null
  /** Monotonic; when all that is judged before anything runs was looked at. */
  lookedAtMs: number
  /** The lease of the group under which the installer was started; null before, and where it interrupts nothing. */
  lease: number | null
  checks: Checks
  /** The hook was started that gives up service to a peer, so that one may have it. */
  gaveUp: boolean
  /** What follows when that hook has ended; not in the ledger, since a restart ends the attempt. */
  handsOverFor: Asking['follows'] | null
  /** How the attempt ends once service was taken back, and how often that was begun. */
  takingBack: { readonly ending: Ending; tries: number } | null
  /** What was told of it last, and when by the wall clock. */
  told: { reason: string; at: number }
  /** What the other members are being asked; null unless `leasing`. */
  asking: Asking | null
  /** Who has seen this process, a new release of the agent; null unless `on-trial`. */
  onTrial: OnTrial | null
}

/** What the operator's checks said before anything was changed, and the last time since; null where they were not asked. */
export type Checks = {
  before: readonly CheckResult[] | null
  after: readonly CheckResult[] | null
  /** The question that is not answered yet, and the verification that it comes after, if it does. */
  asked: { readonly round: number; readonly verified: Outcome | null } | null
  /** Monotonic; since when some are waited for. */
  waitsSinceMs: number | null
}

/** The other members are asked in rounds; an answer to an earlier round counts for nothing. */
export type Asking = {
  /** What follows when all have granted it. */
  readonly follows: 'install' | 'verify'
  number: number
  nonce: Uint8Array
  /** Monotonic; of this round. */
  askedAtMs: number
  /** The last answer of each member, but for promises of earlier rounds. */
  readonly answers: Map<PeerId, PeerAnswer>
  /** Monotonic; since when the attempt waits, and when that was reported last. */
  readonly sinceMs: number
  reportedAtMs: number
  reason: string
}
export type PeerAnswer = Pick<LeaseAnswer, 'answer' | 'reason'>

/** `at`: the wall clock. */
export function newAttempt(order: Order, at: number): Attempt {
  return {
    ...{ order, phase: 'preflight', looksAt: new Set(), failure: null, tries: 0, failedReverts: 0 },
    ...{
      retryAtMs: null,
      soakEndsAt: null,
      soakEndsAtMs: null,
      lookedAtMs: 0,
      lease: null,
      asking: null,
      onTrial: null,
      ...{ gaveUp: false, handsOverFor: null, takingBack: null },
      checks: { before: null, after: null, asked: null, waitsSinceMs: null },
      told: { reason: '', at },
    },
  }
}

export function enter(attempt: Attempt, phase: AttemptPhase): void {
  const { phase: before } = attempt
  assert(before === phase || PHASES[before].next.includes(phase), `an attempt may go from ${before} to ${phase}`)
  attempt.phase = phase
  attempt.retryAtMs = null
  attempt.checks.asked = null
  if (phase !== 'leasing') attempt.asking = null
  if (phase !== 'on-trial') attempt.onTrial = null
}

/** Whether no other member of the group may begin anything now. */
export function holdsPair({ phase, lease }: Attempt): boolean {
  return PHASES[phase].holdsPair || lease !== null
}

/** Whether an order still needs this patch here. */
export function isOrdered({ orders: { attempt, queue } }: AgentState, patch: Sha256): boolean {
  return needs(attempt?.order, patch) || queue.some((order) => needs(order, patch))
}

function needs(order: Order | undefined, patch: Sha256): boolean {
  return order !== undefined && (order.patch === patch || order.stages.includes(patch))
}

export function replicaOf(state: AgentState, order: Order): Replica {
  const replica = state.replicas.get(order.patch)
  assert(replica !== undefined, 'an order is accepted only for a known patch, and such a patch is not forgotten')
  return replica
}
