/**
 * By whom a new release of the agent has to be seen before it stays: by the Service Center, which has acknowledged a letter of
 * it, and by every other member of its group, each by an answer that it has signed for this process. Both are there when
 * it begins, since an upgrade waits for them. Who is not there then because a person has allowed the outage is not waited
 * for; who is lost meanwhile cannot be told from a release that cannot speak, and the release before comes back.
 */
import type { PeerId } from '../../../../protocol/identifiers.ts'
import type { Peer } from '../leases.ts'
import { ABSENT_MS } from './pair-serves.ts'

export type SeenFacts = {
  readonly isHeardAbove: boolean
  /** The other members of its group; null while nobody has told who they are. */
  readonly peers: readonly Peer[] | null
  readonly answered: ReadonlySet<PeerId>
  readonly allowOutage: boolean
  /** Since it runs. */
  readonly waitedMs: number
}

/** Why an upgrade does not begin, or null: nobody could say of the new release that it can be reached. */
export function whyNobodyWouldSee(isConnected: boolean): string | null {
  return isConnected ? null : 'waits until the Service Center is reached, which has to see the new release of the agent'
}

/** Who has not seen the new release, as `the Service Center and its peer paris-2`; null where all have. */
export function whoHasNotSeen({ isHeardAbove, peers, answered, allowOutage, waitedMs }: SeenFacts): string | null {
  if (peers === null) return 'whoever tells it who is in its group'
  const isExcused = allowOutage && waitedMs >= ABSENT_MS
  const silent = peers.filter(({ peer }) => !answered.has(peer) && !isExcused)
  const missing = [...(isHeardAbove ? [] : ['the Service Center']), ...silent.map(({ name }) => `its peer ${name}`)]
  return missing.length === 0 ? null : missing.join(' and ')
}

/** Who has, and who was not asked and why; for the report. */
export function whoHasSeen({ peers, answered }: Pick<SeenFacts, 'peers' | 'answered'>): string {
  const names = (peers ?? []).filter(({ peer }) => answered.has(peer)).map(({ name }) => name)
  const absent = (peers ?? []).filter(({ peer }) => !answered.has(peer)).map(({ name }) => name)
  const seen = ['the Service Center', ...names].join(' and ')
  if (peers?.length === 0) return `was seen by ${seen}; it has no peer`
  return absent.length === 0
    ? `was seen by ${seen}`
    : `was seen by ${seen}; not by ${absent.join(', ')}, without which a person has allowed it`
}
