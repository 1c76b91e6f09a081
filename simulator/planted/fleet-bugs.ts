/**
 * Planted in what is decided when an appliance is retired, renamed or replaced.
 */
import type { PlantedBug } from './bugs.ts'

const departing = 'controller/core/departing.ts'
const membership = 'controller/core/membership.ts'

export const fleetBugs: readonly PlantedBug[] = [
  {
    name: 'the receipts of a replaced appliance count for its successor',
    file: membership,
    find: '...inherit(state, former, heir.peer),',
    replace: `...inherit(state, former, heir.peer),
    ...[...state.receipts.values()].flatMap((receipts) => receipts.get(former.peer) ?? []).map(
      (row): Change => ({ table: 'receipts', row: { ...row, peer: heir.peer, epoch: heir.epoch } }),
    ),`,
    checkers: ['n/m is the truth'],
  },
  {
    name: 'm counts a retired appliance',
    file: 'controller/core/state.ts',
    find: 'keepCensus(state, before, retiredAt === null ? row : undefined)',
    replace: 'keepCensus(state, before, row)',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'a retired appliance stays in the rosters',
    file: 'controller/core/sites.ts',
    find: 'return recordsOf(state, sitesOf(state).members.get(dataCenter) ?? [])',
    replace:
      'return [...recordsOf(state, sitesOf(state).members.get(dataCenter) ?? []), ...[...state.retired.values()].filter((one) => one.dataCenter === dataCenter)]',
    checkers: ['who has left is no member'],
  },
  {
    name: 'the targets of a retired appliance are left open',
    file: departing,
    find: '    ...targets.map((target): Change => (',
    replace: '    ...targets.slice(targets.length).map((target): Change => (',
    checkers: ['who has left is no member', 'every install ends'],
  },
  {
    name: 'a retired appliance of which nothing was heard is still waited for',
    file: departing,
    find: 'return !isFinal(target.state) || isUnheard(target)',
    replace: 'return !isFinal(target.state)',
    checkers: ['who has left is no member', 'nobody waits for who was replaced'],
  },
  {
    name: 'a successor does not take over what was ordered of its place',
    file: membership,
    find: '...inherit(state, former, heir.peer),',
    replace: '',
    checkers: ['who has left is no member'],
  },
  {
    name: 'what a retired appliance says is believed',
    file: 'controller/core/letters.ts',
    find: 'const appliance = state.appliances.get(letter.from)',
    replace: 'const appliance = state.appliances.get(letter.from) ?? state.retired.get(letter.from)',
    checkers: ['who has left is no member'],
  },
  {
    name: 'other Data Centers are not told who comes and goes',
    file: membership,
    find: 'if (kind === SERVICE_PROVIDER) partnersChange(state, dataCenter)',
    replace: '',
    checkers: ['who has left is no member'],
  },
  {
    name: 'a new name is told to the appliance alone',
    file: 'controller/core/places.ts',
    find: `row: { ...appliance, name, ...nextMembership(state, { ...appliance, name }) } },
    ...nextRosterVersions(state, appliance),`,
    replace: 'row: { ...appliance, name, ...nextMembership(state, { ...appliance, name }) } },',
    checkers: ['who has left is no member'],
  },
  {
    name: 'a depot member that reaches nobody answers pings',
    file: 'agent/core/hearing.ts',
    find: `      if (state.uplink.phase !== 'up') return []
      return [
        { kind: 'send-control', channel: 'downlink', peer, message: { kind: 'pong'`,
    replace: `      return [
        { kind: 'send-control', channel: 'downlink', peer, message: { kind: 'pong'`,
    checkers: ['who has left is no member', 'every order ends'],
  },
  {
    name: 'letters of a retired appliance are kept for ever',
    file: 'agent/core/letters.ts',
    find: 'filter(([, { letter }]) => !known.has(letter.from) || !known.has(letter.to))',
    replace: 'filter(([, { letter }]) => !known.has(letter.from) && !known.has(letter.to))',
    checkers: ['every letter is acknowledged'],
  },
  {
    name: 'an empty successor stands in for its peer',
    file: 'controller/core/rollout/target-facts.ts',
    find: 'const isFirst = peer.epoch === 1',
    replace: 'const isFirst = peer.epoch >= 1',
    checkers: ['no premature pairing'],
  },
]
