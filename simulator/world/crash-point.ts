/**
 * Where a process comes to its end in the middle of what it does: before or after an effect, chosen by what it is or by
 * its number.
 */
export type CrashPoint<Effect> = {
  readonly when: (effect: Effect) => boolean
  readonly moment: 'before' | 'after'
  /** The machine loses power, and not only the process. */
  readonly losesPower?: boolean
}

/** At the `number`-th effect from now on, counted from one. */
export function atEffect(
  number: number,
  moment: 'before' | 'after' = 'after',
  { losesPower = false } = {},
): CrashPoint<unknown> {
  let count = 0
  return {
    when: () => {
      count += 1
      return count >= number
    },
    moment,
    losesPower,
  }
}
