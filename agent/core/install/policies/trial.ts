/**
 * How the trial of a new release of the agent ends. The updater asks this with every piece of news; it knows nothing but
 * what it sees of the process that it has started. Whatever is not kept is gone back from, and only what has said that it
 * was seen is kept.
 */
export type TrialFacts = {
  readonly release: string
  /** How long it has until its peer and the Service Center have seen it. */
  readonly seconds: number
  /** Since it was started. */
  readonly waitedMs: number
  /** It serves: its `ready`. */
  readonly isReady: boolean
  /** It was seen by all who have to see it, as it has heard from them. */
  readonly isSeen: boolean
  /** Why it asks to be taken back itself, or null. */
  readonly gaveUp: string | null
  /** How its process ended, as the rest of a sentence, or null while it runs. */
  readonly ended: string | null
}

export type TrialEnd = { readonly keeps: true } | { readonly keeps: false; readonly reason: string }

/** It knows best itself why it was not seen, so it has half as long again to say so. */
const SAYS_SO_WITHIN = 1.5

/** Null while the trial goes on. */
export function judgeTrial({ release, seconds, waitedMs, ...facts }: TrialFacts): TrialEnd | null {
  const back = (reason: string): TrialEnd => ({ keeps: false, reason: `release ${release} ${reason}` })
  if (facts.gaveUp !== null) return back(facts.gaveUp)
  if (facts.ended !== null) return back(`${facts.ended} before it was seen`)
  if (facts.isSeen) return { keeps: true }
  if (waitedMs < seconds * 1000 * SAYS_SO_WITHIN) return null
  return back(
    facts.isReady
      ? `did not say within ${seconds} seconds that it was seen`
      : `was not ready within ${seconds} seconds`,
  )
}

/** Of a trial that was under way when everything stopped. */
export const CUT_OFF = 'its trial was cut off: the updater was ended, or the machine stopped'
