/** Bugs in the lease of a pair: what its members ask, promise and give back. */
import type { PlantedBug } from './bugs.ts'

const H1 = 'never both members of a group'
const H2 = 'nobody is interrupted beside a member that is away'
const serves = 'agent/core/install/policies/pair-serves.ts'
const granting = 'agent/core/install/granting.ts'

export const pairBugs: readonly PlantedBug[] = [
  {
    name: 'a member that does not answer is taken for one that serves',
    file: serves,
    find: 'if (allowOutage && waitedMs >= ABSENT_MS) return null',
    replace: 'if (waitedMs >= ABSENT_MS) return null',
    checkers: [H1, H2],
  },
  {
    name: 'a promise of long ago is as good as a fresh one',
    file: serves,
    find: 'return askedForMs <= LEASE_FRESH_MS ? null',
    replace: 'return askedForMs >= 0 ? null',
    checkers: [H1, H2],
  },
  {
    name: 'a member promises to serve in the middle of its own install',
    file: granting,
    find: 'if (attempt !== null && holdsPair(attempt)) {',
    replace: "if (attempt !== null && attempt.phase === 'reverting') {",
    checkers: [H1],
  },
  {
    name: 'a member begins although it has promised to serve',
    file: serves,
    find: 'if (promisedTo !== null)',
    replace: 'if (promisedTo !== null && facts.askedForMs < 0)',
    checkers: [H1],
  },
  {
    name: 'a promise is forgotten in a crash',
    file: 'agent/core/ledger.ts',
    find: 'state.leases = { ...newLeases(), number, granted, asked, owed, broken }',
    replace: 'state.leases = { ...newLeases(), number, asked, owed, broken }',
    checkers: [H1],
  },
  {
    name: 'who has promised is not told that the install has ended',
    file: 'agent/core/install/releasing.ts',
    find: 'leases.owed = [...newest.values()]',
    replace: 'leases.owed = []',
    checkers: ['the rest'],
  },
  {
    name: 'nobody is asked before an installer runs',
    file: 'agent/core/install/leasing.ts',
    find: "return replicaOf(state, order).publication.manifest.impact.restart !== 'none'",
    replace: "return replicaOf(state, order).publication.manifest.impact.restart === 'reboot'",
    checkers: [H1, H2],
  },
]
