/**
 * Planted in what the Service Center decides.
 */
import type { PlantedBug } from './bugs.ts'

const following = 'controller/core/rollout/following.ts'
const publishing = 'controller/core/publishing.ts'
const ongoing = 'controller/core/rollout/ongoing.ts'
const policies = 'controller/core/rollout/policies'

export const serviceCenterBugs: readonly PlantedBug[] = [
  {
    name: 'whoever is connected is called reachable, however silent',
    file: 'controller/core/silence.ts',
    find: 'now: clock.monotonicMs, silenceMs })',
    replace: 'now: clock.monotonicMs, silenceMs: 1_000 * silenceMs })',
    checkers: ['reachable is who is heard'],
  },
  {
    name: 'a copy is counted before it is verified',
    file: 'controller/core/replications.ts',
    find: 'return state.receipts.get(patch)?.get(appliance.peer)?.epoch === appliance.epoch',
    replace: `return (
    state.progress.get(patch)?.get(appliance.peer)?.state === 'verifying' ||
    state.receipts.get(patch)?.get(appliance.peer)?.epoch === appliance.epoch
  )`,
    checkers: ['n/m is the truth'],
  },
  {
    name: 'an upload is answered before it is committed',
    file: 'controller/core/step.ts',
    find: "return [...effects, { kind: 'reply', id, reply }, ...advanceInstalls(state)]",
    replace: "return [{ kind: 'reply', id, reply }, ...effects, ...advanceInstalls(state)]",
    checkers: ['what was answered is never lost'],
  },
  {
    name: 'receipts of an earlier publication still count',
    file: publishing,
    find: '      ...voidReceipts(state, row.sha256),\n',
    replace: '',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'a patch that is being installed can be withdrawn',
    file: publishing,
    find: 'for (const target of parts) {',
    replace: 'for (const target of parts.slice(0, 0)) {',
    checkers: ['a withdrawn patch is never installed', 'a withdrawn patch goes from every disk'],
  },
  {
    name: 'two Data Centers of an organization are ordered at once',
    file: `${policies}/one-data-center.ts`,
    find: 'return elsewhere === undefined ?',
    replace: 'return elsewhere !== dataCenter ?',
    checkers: ['one Data Center of an organization at a time'],
  },
  {
    name: 'what other installs have in flight is not looked at',
    file: ongoing,
    find: 'for (const appliance of elsewhere.inFlight) occupy(ongoing, appliance)',
    replace: '',
    checkers: ['never both members of a group', 'one Data Center of an organization at a time'],
  },
  {
    name: 'what a tenant has learned since it came is not withdrawn',
    file: 'controller/core/sessions.ts',
    find: 'const known = new Set([...proven, ...learned])',
    replace: 'const known = new Set([...proven, ...learned.slice(0, 0)])',
    checkers: ['a withdrawn patch goes from every disk'],
  },
  {
    name: 'a wall clock that jumps silences an appliance',
    file: following,
    find: '  const silentMs = now - sinceMs\n',
    replace: '  const silentMs = now - sinceMs + state.clock.wallMs - target.changedAt\n',
    checkers: ['nobody is given up too early', 'never both members of a group'],
  },
  {
    name: 'an install is not halted by a failure',
    file: 'controller/core/rollout/install-states.ts',
    find: "new Set(['failed', 'reverted'])",
    replace: 'new Set([])',
    checkers: ['a failure halts its install'],
  },
  {
    name: 'an older report overwrites a newer one',
    file: following,
    find: ' || report.counter <= target.counter) return []',
    replace: ') return []',
    checkers: ['counters never go back', 'every order ends'],
  },
  {
    name: 'a restarted Service Center offers nothing',
    file: 'controller/core/resuming.ts',
    find: "...livePatches(state).map(({ sha256 }): ServiceCenterEffect => ({ kind: 'seed', patch: sha256, isNew: false })),",
    replace:
      "...livePatches(state).slice(0, 0).map(({ sha256 }): ServiceCenterEffect => ({ kind: 'seed', patch: sha256, isNew: false })),",
    checkers: ['n/m is the truth'],
  },
  {
    name: 'tenant appliances are told of each other',
    file: 'controller/core/membership.ts',
    find: `    : depotOf(state, appliance.dataCenter)
  return seal(`,
    replace: `    : [...state.appliances.values()].filter(({ dataCenter }) => dataCenter === appliance.dataCenter)
  return seal(`,
    checkers: ['nothing crosses organizations'],
  },
]
