/**
 * How often somebody may guess a password: some attempts at once and then one from time to time, for each account and
 * for each address. Nobody is locked out by it. A browser in which the person has signed in before has attempts of its
 * own, which strangers cannot use up (OWASP, "Device Cookies"), and a sign-in link is never held up.
 */
import { isIPv6 } from 'node:net'

type Allowance = { readonly atOnce: number; readonly everyMs: number }

const FOR_AN_ACCOUNT: Allowance = { atOnce: 10, everyMs: 60_000 }
/** Many people may come from behind one address. */
const FOR_AN_ADDRESS: Allowance = { atOnce: 30, everyMs: 10_000 }
const FOR_A_DEVICE: Allowance = { atOnce: 10, everyMs: 30_000 }
/** More names and addresses than this are an attack: strangers wait until some are forgotten. */
const MOST_REMEMBERED = 20_000
/** Looking through all of them takes a moment, which no attack shall have at each attempt. */
const FORGET_EVERY_MS = 10_000

/** `device`: the hash of what a browser showed that this account has signed in from; otherwise null. */
export type Attempt = { readonly account: string; readonly address: string; readonly device: string | null }

export type SignInThrottle = {
  /** Counts the attempt and says 0, or after how many milliseconds to come back. */
  admit(attempt: Attempt): number
  /** It was the right password: what was counted for it is taken back. */
  forgive(attempt: Attempt): void
}

export function signInThrottle(clock: () => number): SignInThrottle {
  /** By what is counted: how much has been used, and when that was so. */
  const used = new Map<string, { attempts: number; atMs: number }>()

  const usedNow = (key: string, { everyMs }: Allowance): number => {
    const { attempts, atMs } = used.get(key) ?? { attempts: 0, atMs: 0 }
    return Math.max(0, attempts - (clock() - atMs) / everyMs)
  }
  let lookedAtMs = Number.NEGATIVE_INFINITY
  const forgetOld = (): void => {
    if (clock() - lookedAtMs < FORGET_EVERY_MS) return
    lookedAtMs = clock()
    for (const [key, { attempts, atMs }] of used) {
      if (clock() - atMs > attempts * FOR_AN_ACCOUNT.everyMs) used.delete(key)
    }
  }
  return {
    admit(attempt) {
      const counts = countsOf(attempt)
      const waits = counts.map(
        ([key, allowance]) => (usedNow(key, allowance) + 1 - allowance.atOnce) * allowance.everyMs,
      )
      const waitMs = Math.max(0, ...waits)
      if (waitMs > 0) return waitMs
      if (used.size >= MOST_REMEMBERED) forgetOld()
      if (used.size >= MOST_REMEMBERED && attempt.device === null) return FOR_AN_ACCOUNT.everyMs
      for (const [key, allowance] of counts) used.set(key, { attempts: usedNow(key, allowance) + 1, atMs: clock() })
      return 0
    },
    forgive(attempt) {
      for (const [key, allowance] of countsOf(attempt))
        used.set(key, { attempts: Math.max(0, usedNow(key, allowance) - 1), atMs: clock() })
    },
  }
}

function countsOf({ account, address, device }: Attempt): [key: string, Allowance][] {
  if (device !== null) return [[`device ${device}`, FOR_A_DEVICE]]
  return [
    [`account ${account}`, FOR_AN_ACCOUNT],
    [`address ${network(address)}`, FOR_AN_ADDRESS],
  ]
}

/** Whoever has one IPv6 address has the other 2^64 of its network too. */
export function network(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const { hostname } = new URL(`http://[${address}]`)
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const rest = tail.split(':').filter((group) => group !== '')
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0')
  return [...groups, ...(hostname.includes('::') ? zeros : []), ...rest].slice(0, 4).join(':')
}
