/**
 * H1 and H2 of a pair: nothing interrupts an appliance unless every other member of its group has just said that it serves
 * and goes on serving. A person may allow the outage: then a member that is not heard, or in which an install has failed, is
 * not waited for; one that is being installed, or has the promise of this one, always is.
 */
import type { PeerId } from '../../../../protocol/identifiers.ts'
import type { PeerAnswer } from '../attempt.ts'
import type { Peer } from '../leases.ts'

/** How old an answer may be, from the question on. */
export const LEASE_FRESH_MS = 10_000
/** Where a person has allowed the outage: whoever has not answered by then is not there. */
export const ABSENT_MS = 30_000

/** How long a member that has given up its service waits for a peer that says that it serves. */
export const SERVES_WITHIN_MS = 30_000

export type PairFacts = {
  /** The other members; null while nobody has told who they are. */
  readonly peers: readonly Peer[] | null
  readonly answers: ReadonlyMap<PeerId, PeerAnswer>
  /** The member that this appliance has promised to serve, or null. */
  readonly promisedTo: string | null
  readonly allowOutage: boolean
  /** Since the questions of this round, and since the first of all. */
  readonly askedForMs: number
  readonly waitedMs: number
}

/** Why no wait will let this appliance be interrupted, or null: a person has to mend its peer, or to allow the outage. */
export function whyNobodyServes({ peers, answers, allowOutage }: PairFacts): string | null {
  if (allowOutage || peers === null) return null
  if (peers.length === 0)
    return 'no other member of its group could serve meanwhile, and the patch interrupts the appliance'
  const broken = peers.find(({ peer }) => answers.get(peer)?.answer === 'broken')
  return broken === undefined ? null : `its peer ${broken.name} ${answers.get(broken.peer)?.reason}`
}

/** Why this appliance may not be interrupted now, or null; whatever `whyNobodyServes` says was looked at before. */
export function whyNotAlone(facts: PairFacts): string | null {
  const { peers, promisedTo } = facts
  if (peers === null) return 'waits until it is told who else is in its group'
  if (promisedTo !== null)
    return `waits until the install of ${promisedTo} has ended, since it has promised to serve meanwhile; if that one does not come back, retire it`
  for (const peer of peers) {
    const reason = whyNotBeside(facts, peer)
    if (reason !== null) return reason
  }
  return null
}

/** Why what has given up its service takes it back instead of being interrupted, or null: nobody serves in its place. */
export function whySwitchedInVain(waitedMs: number, reason: string | null): string | null {
  if (reason === null || waitedMs < SERVES_WITHIN_MS) return null
  const seconds = SERVES_WITHIN_MS / 1000
  return `it has given up its service, and ${seconds} seconds later ${reason}; nothing was changed on this appliance`
}

function whyNotBeside({ answers, allowOutage, askedForMs, waitedMs }: PairFacts, { peer, name }: Peer): string | null {
  const said = answers.get(peer)
  switch (said?.answer) {
    case 'granted':
      return askedForMs <= LEASE_FRESH_MS ? null : `waits until ${name} says again that it serves`
    case 'busy':
      return `waits for ${name}: it ${said.reason}`
    case 'broken':
      return null
    case undefined:
      if (allowOutage && waitedMs >= ABSENT_MS) return null
      return `waits for ${name} to say that it serves, so that one of them always does`
  }
}
