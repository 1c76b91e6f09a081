/** Planted in what an appliance makes of the checks of its operator, and of the hooks of a planned switchover. */
import type { PlantedBug } from './bugs.ts'

const CHECKS = 'what a check has noticed is put back'
const SWITCHOVER = 'service is handed over, and taken back'
const policy = 'agent/core/install/policies/checks.ts'

export const operatorBugs: readonly PlantedBug[] = [
  {
    name: 'a check that an install has made bad blames nothing',
    file: policy,
    find: '!ok && said(before, name)?.ok === true)\n}',
    replace: '!ok && said(before, name)?.ok === false)\n}',
    checkers: [CHECKS],
  },
  {
    name: 'an install begins while a check is bad that must pass',
    file: policy,
    find: '!ok && required.has(name)',
    replace: '!ok && !required.has(name)',
    checkers: [CHECKS],
  },
  {
    name: 'what the checks said before is forgotten in a crash',
    file: 'agent/core/ledger.ts',
    find: 'checks: { ...fresh.checks, ...kept.checks }',
    replace: 'checks: fresh.checks',
    checkers: [CHECKS],
  },
  {
    name: 'at the end of a soak the checks are not asked again',
    file: 'agent/core/install/installing.ts',
    find: 'return state.settings.checks.length > 0 ?',
    replace: 'return state.settings.checks.length > 0 && attempt.soakEndsAt === null ?',
    checkers: [CHECKS],
  },
  {
    name: 'a hook that fails is taken for one that went well',
    file: 'agent/core/install/switched.ts',
    find: 'if (!ok || handsOverFor === null)',
    replace: 'if (handsOverFor === null)',
    checkers: [SWITCHOVER],
  },
  {
    name: 'who is put back does not take its service back',
    file: 'agent/core/install/ending.ts',
    find: 'const takesBack = attempt.gaveUp &&',
    replace: "const takesBack = ending.state === 'installed' && attempt.gaveUp &&",
    checkers: [SWITCHOVER],
  },
]
