/**
 * What passkeys are asked to sign: random, for one purpose, good once and for five minutes. They are kept here and
 * nowhere else, so a restart voids them. However many somebody asks for, they push out their own.
 */
import { randomBytes } from 'node:crypto'
import { type Refusal, refuse } from '../../protocol/refusals.ts'

const CHALLENGE_BYTES = 32
export const CHALLENGE_LIFETIME_MS = 5 * 60_000
/** Many people may come from behind one address. */
export const MOST_CHALLENGES_OF_ONE = 100
export const MOST_CHALLENGES = 10_000

/** For what it was given out, and to which page of ours. */
export type Asked =
  | { readonly purpose: 'sign-in'; readonly origin: string }
  | { readonly purpose: 'add'; readonly origin: string; readonly account: string; readonly userHandle: string }

export type PasskeyChallenges = {
  /** `whose`: the address or the account that asks. */
  issue(asked: Asked, whose: string): string
  /** Uses the challenge up, whatever is found. */
  take<Purpose extends Asked['purpose']>(
    challenge: string,
    purpose: Purpose,
  ): Extract<Asked, { purpose: Purpose }> | Refusal
}

export function passkeyChallenges(clock: () => number): PasskeyChallenges {
  /** In the order in which they were issued, which is that in which they end. */
  const open = new Map<string, { asked: Asked; whose: string; endsAtMs: number }>()
  const openOf = new Map<string, Set<string>>()

  const close = (challenge: string | undefined) => {
    const found = challenge === undefined ? undefined : open.get(challenge)
    if (challenge === undefined || found === undefined) return undefined
    open.delete(challenge)
    const mine = openOf.get(found.whose)
    mine?.delete(challenge)
    if (mine?.size === 0) openOf.delete(found.whose)
    return found
  }
  const makeRoom = (whose: string): void => {
    for (const [challenge, { endsAtMs }] of open) {
      if (endsAtMs > clock()) break
      close(challenge)
    }
    const mine = openOf.get(whose) ?? new Set()
    if (mine.size >= MOST_CHALLENGES_OF_ONE) close(mine.values().next().value)
    else if (open.size >= MOST_CHALLENGES) close(open.keys().next().value)
  }
  return {
    issue(asked, whose) {
      makeRoom(whose)
      const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url')
      open.set(challenge, { asked, whose, endsAtMs: clock() + CHALLENGE_LIFETIME_MS })
      openOf.set(whose, (openOf.get(whose) ?? new Set()).add(challenge))
      return challenge
    },
    take(challenge, purpose) {
      const found = close(challenge)
      if (found === undefined || found.endsAtMs <= clock()) {
        return refuse('used_challenge', 'what the passkey signed is unknown here, was used up or is too old')
      }
      return isFor(found.asked, purpose) ? found.asked : refuse('used_challenge', 'the passkey signed something else')
    },
  }
}

function isFor<Purpose extends Asked['purpose']>(
  asked: Asked,
  purpose: Purpose,
): asked is Extract<Asked, { purpose: Purpose }> {
  return asked.purpose === purpose
}
