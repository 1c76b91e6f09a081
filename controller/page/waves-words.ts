/**
 * An install over time in words, as the page and the command line say them.
 */
import type { PairView } from '../core/install-progress.ts'
import { hasEnded } from '../core/rollout/install-states.ts'
import type { PairStanding } from '../core/rollout/timeline.ts'
import type { InstallDetail, TargetView } from '../core/views.ts'
import { counted, duration } from './words.ts'

export const STANDING_WORDS: Readonly<Record<PairStanding, string>> = {
  waits: 'waits',
  runs: 'under way',
  stands: 'has it, and stands with it',
  done: 'has it',
  failed: 'failed',
  ended: 'ended without it',
}

/** The same of several pairs. */
const SEVERAL: Readonly<Record<PairStanding, string>> = {
  ...STANDING_WORDS,
  waits: 'wait',
  stands: 'have it, and stand with it',
  done: 'have it',
}

/** `about 40 s until it has the patch`, or nothing where nobody knows. */
export function leftInWords({ secondsLeft, leftUntil }: Pick<TargetView, 'secondsLeft' | 'leftUntil'>): string {
  return secondsLeft === null ? '' : `about ${duration(secondsLeft)} until ${leftUntil}`
}

/** What there is to say of all pairs together, each a sentence; moments as the API writes them. */
export function progressSentences(install: InstallDetail): string[] {
  const { pairs, expectedEnd, unprotectedSeconds, deadline, waveSoakSeconds } = install
  const ended = hasEnded(install)
  const counts = Object.entries(Object.groupBy(pairs, ({ standing }) => standing))
  const parts = counts.map(([standing, some]) => inNumbers(some.length, standing as PairStanding))
  const end =
    expectedEnd === null
      ? 'Nobody knows when it ends.'
      : ended
        ? `It ended at ${expectedEnd}.`
        : `It is expected to end at ${expectedEnd}, where nobody has to wait longer.`
  return [
    `${counted(pairs.length, 'pair')}: ${parts.join(', ')}.`,
    ...(pairs.length === 0 ? [] : [end]),
    unprotectedSeconds === 0
      ? `No pair was without a stand-in${ended ? '' : ' until now'}.`
      : `Without a stand-in${ended ? '' : ' until now'}: ${duration(unprotectedSeconds)}, all pairs together.`,
    ...(ended ? [] : [`Whoever waits may begin until ${deadline}.`]),
    ...(waveSoakSeconds === 0 || ended
      ? []
      : [`Each wave stands for ${duration(waveSoakSeconds)} before the next begins.`]),
  ]
}

function inNumbers(count: number, standing: PairStanding): string {
  return `${count} ${(count === 1 ? STANDING_WORDS : SEVERAL)[standing]}`
}

/** `under way since …, expected until …`, of one pair or of several that share a line. */
export function pairTimes({
  from,
  until,
  expected,
  standing,
}: Pick<PairView, 'from' | 'until' | 'expected' | 'standing'>): string {
  if (from === null) return STANDING_WORDS[standing]
  switch (expected) {
    case 'nothing':
      return `${STANDING_WORDS[standing]}: from ${from} until ${until ?? 'now'}`
    case 'end':
      return `${STANDING_WORDS[standing]} since ${from}, ${until === null ? 'longer than expected' : `expected until ${until}`}`
    case 'both':
      return `${STANDING_WORDS[standing]}: expected from ${from}${until === null ? '' : ` until ${until}`}`
  }
}
