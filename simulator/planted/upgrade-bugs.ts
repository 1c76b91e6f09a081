/** Bugs of the upgrade of agents: what keeps a new release that it should not. */
import type { PlantedBug } from './bugs.ts'

const KEPT = 'a release that nobody can hear is never kept'
const seen = 'agent/core/install/policies/seen.ts'

export const upgradeBugs: readonly PlantedBug[] = [
  {
    name: 'a release that is ready is taken for one that was seen',
    file: 'agent/core/install/policies/trial.ts',
    find: 'if (facts.isSeen) return { keeps: true }',
    replace: 'if (facts.isReady) return { keeps: true }',
    checkers: [KEPT],
  },
  {
    name: 'a release need not be seen by its peer',
    file: seen,
    find: 'const isExcused = allowOutage && waitedMs >= ABSENT_MS',
    replace: 'const isExcused = allowOutage || waitedMs >= ABSENT_MS',
    checkers: [KEPT],
  },
  {
    name: 'a release need not be seen by the Service Center',
    file: seen,
    find: "...(isHeardAbove ? [] : ['the Service Center'])",
    replace: "...(isHeardAbove || waitedMs >= 0 ? [] : ['the Service Center'])",
    checkers: [KEPT],
  },
]
