/** Bugs between the members of a pair: what they ask, promise and give back, and how the second follows the first. */
import type { PlantedBug } from './bugs.ts'

const H1 = 'never both members of a group'
const H2 = 'nobody is interrupted beside a member that is away'
const EQUAL = 'a pair ends equal'
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
    checkers: ['every order ends'],
  },
  {
    name: 'nobody is asked before an installer runs',
    file: 'agent/core/install/leasing.ts',
    find: "return replicaOf(state, order).publication.manifest.impact.restart !== 'none'",
    replace: "return replicaOf(state, order).publication.manifest.impact.restart === 'reboot'",
    checkers: [H1, H2],
  },
  {
    name: 'the second of a pair does not wait for the first',
    file: 'agent/core/install/following.ts',
    find: 'const { after } = order\n',
    replace: 'const { after } = order\n  if (after !== null) return null\n',
    checkers: [EQUAL],
  },
  {
    name: 'the second of a pair begins after the first has failed',
    file: 'agent/core/install/following.ts',
    find: "if (ended === 'installed' || ended === 'not-meant') return null",
    replace: "if (ended !== 'cancelled') return null",
    checkers: [EQUAL],
  },
  {
    name: 'who was refused the patch is taken for one that it is not meant for',
    file: 'agent/core/install/outcomes.ts',
    find: "return refusal === 'not_applicable' ? 'not-meant' : 'refused'",
    replace: "return refusal === null ? 'refused' : 'not-meant'",
    checkers: [EQUAL],
  },
  {
    name: 'the next patch begins though the one before it was put back',
    file: 'agent/core/install/continuing.ts',
    find: "before.ended === 'installed' || before.ended === 'not-meant') return null",
    replace: "before.ended !== 'cancelled') return null",
    checkers: ['what goes on from another patch comes after it'],
  },
  {
    name: 'the first of several patches begins before the others are copied',
    file: 'agent/core/install/continuing.ts',
    find: 'return [patch, ...stages].filter(',
    replace: 'return [patch, ...stages.slice(0, 0)].filter(',
    checkers: ['what goes on from another patch comes after it'],
  },
  {
    name: 'a cancelled install takes back the order of the second, whatever the first does',
    file: 'controller/core/rollout/taking-back.ts',
    find: "if (target.state !== 'queued') return null",
    replace: "if (target.state === 'queued' && !isUnderWay(install.state)) return 'its install was cancelled'",
    checkers: [EQUAL],
  },
  {
    name: 'a later patch that was lost after the staging is not missed',
    file: 'agent/core/install/staging.ts',
    find: 'const lacking = lackingCopies(state, order)',
    replace: 'const lacking = lackingCopies(state, { ...order, stages: [] })',
    checkers: ['what goes on from another patch comes after it'],
  },
  {
    name: 'a promise is said to nobody again who may have forgotten it',
    file: granting,
    find: 'if (grant === undefined || grant.to === asker ||',
    replace: 'if (state.leases.number >= 0 || grant === undefined || grant.to === asker ||',
    checkers: ['every order ends'],
  },
]
