/**
 * What the operators of a world's appliances have put there, the same on each: in half of the worlds checks before and after
 * an install, and in most of those hooks of a planned switchover. Drawn from a stream of its own.
 */
import { CheckName } from '../agent/core/install/policies/checks.ts'
import { DEFAULT_SETTINGS, type Settings } from '../agent/core/state.ts'
import type { Random } from '../protocol/random.ts'
import { chance } from './workload.ts'

export type OperatorSettings = Pick<Settings, 'checks' | 'hookSeconds'>

/** One must pass before anything begins, the other only tells what has changed. */
const CHECKS: Settings['checks'] = [
  { name: CheckName.parse('gateway'), mustPassBefore: true, timeoutSeconds: 30, goodWithinSeconds: 60 },
  { name: CheckName.parse('sessions'), mustPassBefore: false, timeoutSeconds: 30, goodWithinSeconds: 60 },
]

export const CHECK_NAMES: readonly CheckName[] = CHECKS.map(({ name }) => name)

export function drawOperators(random: Random): OperatorSettings {
  const [hasChecks, hasHooks, takesBack] = [chance(random, 50), chance(random, 80), chance(random, 85)]
  const { checks, hookSeconds } = DEFAULT_SETTINGS
  if (!hasChecks) return { checks, hookSeconds }
  return {
    checks: CHECKS,
    hookSeconds: hasHooks ? { release: 30, takeBack: takesBack ? 30 : null } : hookSeconds,
  }
}
