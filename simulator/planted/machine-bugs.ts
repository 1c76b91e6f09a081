/**
 * Planted in what notices that machines are not what they were: a copy beside them, an older ledger, another address.
 */
import type { PlantedBug } from './bugs.ts'

const clone = 'a key belongs to one machine'
const address = 'an address that changes is learnt'

export const machineBugs: readonly PlantedBug[] = [
  {
    name: 'a key with which two machines come is not held',
    file: 'controller/core/sessions.ts',
    find: 'if (isTwice(state, { peer: appliance.peer, via: via.peer, life }))',
    replace: 'if (isTwice(state, { peer: appliance.peer, via: via.peer, life }) && state.appliances.size === 0)',
    checkers: [clone],
  },
  {
    name: 'an agent that starts again is taken for a second machine',
    file: 'controller/core/cloned-keys.ts',
    find: 'if (lives.earlier.delete(life)) returned.push(now)',
    replace: 'if (lives.earlier.delete(life) || now > 0) returned.push(now)',
    checkers: [clone],
  },
  {
    name: 'the receipts of a key that is held go on counting',
    file: 'controller/core/cloned-keys.ts',
    find: 'row: { ...row, epoch: 0, counter: 0 } })',
    replace: 'row: { ...row, counter: 0 } })',
    checkers: [clone],
  },
  {
    name: 'a key that is held is reachable when it greets again',
    file: 'controller/core/step.ts',
    find: "if (held !== null) return message.kind === 'greeting'",
    replace: "if (held !== null && message.kind !== 'greeting') return message.kind === 'greeting'",
    checkers: [clone],
  },
  {
    name: 'a key that is trusted again keeps its epoch',
    file: 'controller/core/cloned-keys.ts',
    find: 'const epoch = appliance.epoch + 1',
    replace: 'const epoch = appliance.epoch',
    checkers: [clone],
  },
  {
    name: 'the copy that is gone is remembered when its key is trusted',
    file: 'controller/core/step.ts',
    find: "if (reply.kind === 'appliance-trusted') state.lives.delete(reply.appliance)",
    replace: "if (reply.kind === 'appliance-trusted') state.lives.delete('' as never)",
    checkers: [clone],
  },
  {
    name: 'an older ledger is taken for the newest one',
    file: 'agent/core/lost-ledger.ts',
    find: 'if (gap === undefined && heard <= state.counter) return []',
    replace: 'if (heard <= state.counter * 2) return []',
    checkers: ['an older ledger is noticed'],
  },
  {
    name: 'what an older ledger has no word of goes on counting',
    file: 'controller/core/lost-ledgers.ts',
    find: 'if (row === undefined || row.epoch === 0 || row.counter >= before) return []',
    replace: 'if (row === undefined || row.epoch === 0 || row.counter >= before || before > 0) return []',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'the Service Center keeps to the address that it knows',
    file: 'controller/core/sessions.ts',
    find: 'row: { ...appliance, addresses, lastSeenAt: state.clock.wallMs } }]\n  const',
    replace:
      'row: { ...appliance, addresses: appliance.addresses.length > 0 ? appliance.addresses : addresses, lastSeenAt: state.clock.wallMs } }]\n  const',
    checkers: [address],
  },
  {
    name: 'a new address is told to nobody',
    file: 'controller/core/sessions.ts',
    find: 'if (isForgotten || addresses.join() !== appliance.addresses.join())',
    replace: 'if (isForgotten || (addresses.length > 0 && appliance.addresses.length === 0))',
    checkers: [address],
  },
]
