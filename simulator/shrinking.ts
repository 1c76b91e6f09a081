/**
 * Makes a failure small: no changes of places first, then fewer kinds of faults, then fewer faults, by delta debugging
 * (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002). A smaller run counts when the same
 * checker fires.
 */
import type { FaultKind } from './faults.ts'
import { planOf } from './seed-plan.ts'
import { runSeed, type SeedOptions, type SeedResult } from './seed-run.ts'

/** Runs after which what has been reached is good enough. */
const MAX_RUNS = 400

export type Shrunk = {
  readonly without: readonly FaultKind[]
  readonly only: readonly number[]
  /** It fails alike where no places change. */
  readonly settled: boolean
  readonly result: SeedResult
  readonly runs: number
}

/** `onRun` is told after each run how many there were, and how many faults are left. */
export function shrink(
  result: SeedResult,
  options: SeedOptions = {},
  onRun: (runs: number, faults: number) => void = () => {},
): Shrunk {
  const { seed, failure } = result
  let runs = 0
  let best = result
  let settled = options.settled ?? false
  const fails = (part: SeedOptions): boolean => {
    if (runs >= MAX_RUNS) return false
    runs += 1
    const again = runSeed(seed, { settled, ...part })
    const isAlike = again.failure?.checker === failure?.checker
    if (isAlike) best = again
    onRun(runs, best.happened.length)
    return isAlike
  }

  settled ||= fails({ ...options, settled: true })
  const without: FaultKind[] = [...(options.without ?? [])]
  for (const kind of Object.keys(result.faults) as FaultKind[])
    if (fails({ without: [...without, kind] })) without.push(kind)

  const kindOf = new Map(planOf(seed).faults.map(({ id, kind }) => [id, kind]))
  const happened = best.happened.filter((id) => !without.includes(kindOf.get(id) as FaultKind))
  // What was laid out and did not strike can matter to nobody; where it does after all, the whole list is kept.
  const only = fails({ only: happened }) ? fewer(happened, (ids) => fails({ only: ids })) : happened
  return { without, only, settled, result: best, runs }
}

/** The smallest list that still fails, as far as ddmin finds it. */
export function fewer(all: readonly number[], fails: (part: readonly number[]) => boolean): number[] {
  let left = [...all]
  if (fails([])) return []
  for (let parts = 2; left.length >= 2; ) {
    const size = Math.ceil(left.length / parts)
    let isSmaller = false
    for (let from = 0; from < left.length && !isSmaller; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)]
      if (!fails(rest)) continue
      left = rest
      parts = Math.max(parts - 1, 2)
      isSmaller = true
    }
    if (isSmaller) continue
    if (parts >= left.length) break
    parts = Math.min(left.length, parts * 2)
  }
  return left
}
