/**
 * Asking appliances after themselves: each of those that can be reached again and again, a few at a time, so that the
 * inventory is filled and a large fleet costs little; and one at once, with its log, when a person wants it.
 */
import { randomBytes } from 'node:crypto'
import { Account } from '../../protocol/account.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Inquiry, InquiryAnswer } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { open } from '../../protocol/trust/envelope.ts'
import type { ServiceCenterEvent } from '../core/effects.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { ToldAccount } from './ports.ts'

const ROUND_MS = 1_000
/** Asked anew after that; a large fleet takes longer to go through. */
const AGAIN_AFTER_MS = 60_000
const ASKED_PER_ROUND = 20

export type Inquiring = {
  /** Its account with the end of its log, or why there is none. */
  inquire(peer: PeerId): Promise<ToldAccount>
  stop(): void
}

export function startInquiring(options: {
  state: ServiceCenterState
  ask: (via: PeerId, inquiry: Inquiry) => Promise<InquiryAnswer>
  deliver: (event: ServiceCenterEvent) => void
  fail: (error: unknown) => void
}): Inquiring {
  const { state, deliver, fail } = options
  /** By its session, since another process of it may be of another release. */
  const askedAtMs = new WeakMap<object, number>()

  async function inquire(peer: PeerId, log: boolean): Promise<ToldAccount> {
    const session = state.sessions.get(peer)
    if (session === undefined) return { told: false, reason: 'it is not connected' }
    const nonce = new Uint8Array(randomBytes(16))
    const askedAt = Date.now()
    const answer = await options.ask(session.via, { to: peer, nonce, log })
    const answeredAt = Date.now()
    if (answer.kind === 'silent') return { told: false, reason: answer.reason }
    const account = open(Account, answer.account, [peer])
    if (isRefusal(account)) return { told: false, reason: account.message }
    if (Buffer.compare(account.nonce, nonce) !== 0) return { told: false, reason: 'it answered another question' }
    const { agentVersion, storeBytes, freeBytes, toldAt, machine } = account
    // It answered at some moment in between, and the middle is never far from that.
    const clockAheadMs = toldAt - Math.round((askedAt + answeredAt) / 2)
    const told = { agentVersion, storeBytes, freeBytes, toldAt, machine, clockAheadMs }
    deliver({ kind: 'account-told', peer, account: told })
    return { told: true, log: account.log }
  }

  async function round(): Promise<void> {
    const now = performance.now()
    const due = [...state.sessions].filter(
      ([, session]) => now - (askedAtMs.get(session) ?? -AGAIN_AFTER_MS) >= AGAIN_AFTER_MS,
    )
    const chosen = due.slice(0, ASKED_PER_ROUND)
    for (const [, session] of chosen) askedAtMs.set(session, now)
    await Promise.all(chosen.map(([peer]) => inquire(peer, false)))
  }

  let isBusy = false
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    round()
      .then(() => {
        isBusy = false
      })
      .catch(fail)
  }, ROUND_MS)
  return { inquire: (peer) => inquire(peer, true), stop: () => clearInterval(timer) }
}
