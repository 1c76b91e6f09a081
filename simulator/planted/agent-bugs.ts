/**
 * Planted in what an appliance decides.
 */
import type { PlantedBug } from './bugs.ts'

const holding = 'agent/core/holding.ts'
const installing = 'agent/core/install/installing.ts'

export const agentBugs: readonly PlantedBug[] = [
  {
    name: 'a depot takes an open stream for a living appliance',
    file: 'agent/core/silence.ts',
    find: 'silenceMs: settings.silenceMs',
    replace: 'silenceMs: 1_000 * settings.silenceMs',
    checkers: ['reachable is who is heard'],
  },
  {
    name: 'the receipt is sent before the file is sealed',
    file: holding,
    find: 'return pieceStored(state, replica, event.index)',
    replace: 'return [...pieceStored(state, replica, event.index), ...held(state, replica)]',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'a withdrawn patch is known again after a restart',
    file: holding,
    find: `    publicationEntry(sha256, null),
    provenEntry(sha256, null),`,
    replace: '',
    checkers: ['a withdrawn patch goes from every disk'],
  },
  {
    name: 'what the disk could not delete is never deleted',
    file: 'agent/core/step.ts',
    find: '        ...tendDiscards(state),\n',
    replace: '        ...tendDiscards(state).slice(0, 0),\n',
    checkers: ['a withdrawn patch goes from every disk', 'n/m is the truth'],
  },
  {
    name: 'the hash of a piece is not compared',
    file: 'agent/core/pulling.ts',
    find: 'if (!equalBytes(event.hash, hashAt(hashes, index))) {',
    replace: 'if (!equalBytes(event.hash, hashAt(hashes, index)) && index < 0) {',
    checkers: ['only verified bytes'],
  },
  {
    name: 'a wrong piece is blamed on its source and kept',
    file: 'agent/core/pulling.ts',
    find: 'return [drop, ...sentWrong(',
    replace: "return [{ kind: 'store-piece', patch, index, slot }, ...sentWrong(",
    checkers: ['only verified bytes'],
  },
  {
    name: 'requests are remembered after the patch is not wanted any more',
    file: 'agent/core/sources.ts',
    find: 'source.requested = source.requested.filter((request) => request.patch !== patch)',
    replace: '',
    checkers: ['nobody waits for what is not wanted'],
  },
  {
    name: 'nothing is tried again after the disk was full',
    file: 'agent/core/pulling.ts',
    find: "if (replica.phase.name === 'blocked' && now >= replica.phase.retryAtMs)",
    replace: "if (replica.phase.name === 'blocked' && now < 0)",
    checkers: ['n/m is the truth', 'every order ends'],
  },
  {
    name: 'a secondary never gives up on its primary',
    file: 'agent/core/neighbours.ts',
    find: 'return state.clock.monotonicMs - replica.localProgressAtMs > patienceMs',
    replace: 'return patienceMs < 0',
    checkers: ['a depot goes on without its primary'],
  },
  {
    name: 'a secondary never waits for its primary',
    file: 'agent/core/neighbours.ts',
    find: 'return state.clock.monotonicMs - replica.localProgressAtMs > patienceMs',
    replace: 'return patienceMs > 0',
    checkers: ['one copy crosses the WAN'],
  },
  {
    name: 'the expiry of an order is forgotten',
    file: 'agent/core/install/deciding.ts',
    find: 'judgeTime(order, state.clock.wallMs, state.clockAheadMs) ??',
    replace: 'judgeTime(order, 0, null) ??',
    checkers: ['no install after its order expired'],
  },
  {
    name: 'the sequence of orders is ignored',
    file: 'agent/core/install/judging-orders.ts',
    find: 'if (order.sequence <= state.orders.sequence) {',
    replace: 'if (order.sequence < 0) {',
    checkers: ['an order executes at most once'],
  },
  {
    name: 'an installer that was started runs again after a crash',
    file: 'agent/core/install/going-on.ts',
    find: `    case 'leasing':
      return attempt.gaveUp && attempt.tries === 0 ? switchoverCutOff(state, attempt) : preflight(state, attempt)
    case 'installing':`,
    replace: `    case 'leasing':
    case 'installing':
      return attempt.gaveUp && attempt.tries === 0 ? switchoverCutOff(state, attempt) : preflight(state, attempt)`,
    checkers: ['an order executes at most once'],
  },
  {
    name: 'the installer is started before that is written down',
    file: 'agent/core/install/running.ts',
    find: `    ...report(state, attempt.order, { state: 'installing', reason: 'the installer runs' }),
    { kind: 'run-step', step: 'install', publication },
`,
    replace: `    { kind: 'run-step', step: 'install', publication },
    ...report(state, attempt.order, { state: 'installing', reason: 'the installer runs' }),
`,
    checkers: ['an order executes at most once'],
  },
  {
    name: 'a temporary error is tried for ever',
    file: installing,
    find: 'const MAX_TRIES = 2',
    replace: 'const MAX_TRIES = 200',
    checkers: ['an order executes at most once'],
  },
  {
    name: 'a revert that fails for now is the last one',
    file: 'agent/core/install/reverting.ts',
    find: 'if (!outcome.temporary) return',
    replace: 'if (!outcome.ok) return',
    checkers: ['what failed is put back'],
  },
  {
    name: 'a revert that waits for its next try is forgotten in a restart',
    file: 'agent/core/install/going-on.ts',
    find: "return attempt.phase === 'reverting' ? revertAgain(state, attempt) : []\n}",
    replace:
      "return attempt.failedReverts > 0 ? end(state, attempt, { state: 'failed', reason: 'given up' }) : attempt.phase === 'reverting' ? revertAgain(state, attempt) : []\n}",
    checkers: ['what failed is put back'],
  },
  {
    name: 'the outbox is forgotten in a restart',
    file: 'agent/core/ledger.ts',
    find: 'state.outbox.set(envelopeDigest(letter.envelope), letter)',
    replace: 'envelopeDigest(letter.envelope)',
    checkers: ['n/m is the truth', 'every order ends'],
  },
  {
    name: 'the statement counter is not written down',
    file: 'agent/core/letters.ts',
    find: '    counterEntry(state),\n    sentEntry',
    replace: '    sentEntry',
    checkers: ['an older ledger is noticed'],
  },
  {
    name: 'an older roster is accepted',
    file: 'agent/core/hearing.ts',
    find: 'roster.version <= (state.roster?.version ?? -1)',
    replace: 'roster.version < 0',
    checkers: ['counters never go back'],
  },
  {
    name: 'any signer is accepted',
    file: 'protocol/trust/envelope.ts',
    find: 'find(({ keyid }) => signers.includes(keyid))',
    replace: 'find(({ keyid }) => signers.length > 0 && keyid.length > 0)',
    checkers: [
      'no install without an order',
      'n/m is the truth',
      'counters never go back',
      'every order ends',
      'what is told to be installed is installed',
      'nothing crosses organizations',
    ],
  },
  {
    name: 'what no publisher has signed is installed',
    file: 'agent/core/install/preflighting.ts',
    find: "return state.settings.judgesSignatures ? [{ kind: 'judge', publication }] : begin(state, attempt, 'install')",
    replace: "return begin(state, attempt, 'install')",
    checkers: ['only what a publisher has signed'],
  },
  {
    name: 'what is not healthy is told to be reverted, and stays',
    file: installing,
    find: "if (!outcome.ok) return revert(state, attempt, 'verify', outcome)",
    replace: "if (!outcome.ok) return end(state, attempt, { state: 'reverted', reason: outcome.reason })",
    checkers: ['the end that is told is the truth'],
  },
  {
    name: 'a failure is told as the end while it is still put back',
    file: 'agent/core/install/reverting.ts',
    find: "    { kind: 'run-step', step: 'revert', publication: replicaOf(state, attempt.order).publication },\n",
    replace:
      "    { kind: 'run-step', step: 'revert', publication: replicaOf(state, attempt.order).publication },\n    ...end(state, attempt, { state: 'failed', reason: outcome.reason }),\n",
    checkers: ['the end that is told is the truth'],
  },
  {
    name: 'an installer that says it went well is believed',
    file: installing,
    find: 'if (outcome.ok) return verify(state, attempt)',
    replace: 'if (outcome.ok) return installed(state, attempt, outcome)',
    checkers: ['the end that is told is the truth'],
  },
  {
    name: 'the installer is started once more when nothing is under way any more',
    file: 'agent/core/install/ending.ts',
    find: '  return attempt.tries === 0 ? ended : [...ended, ...lookAfterRun(state, publication)]\n',
    replace: "  return attempt.tries === 0 ? ended : [...ended, { kind: 'run-step', step: 'install', publication }]\n",
    checkers: ['an order executes at most once', 'the end that is told is the truth'],
  },
]
