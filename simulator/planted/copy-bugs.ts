/**
 * Planted in what keeps copies true: reading them again, taking receipts back, and mending.
 */
import type { PlantedBug } from './bugs.ts'

const rot = 'what changes on a disk is found'

export const copyBugs: readonly PlantedBug[] = [
  {
    name: 'who says that a copy is gone is asked again at once',
    file: 'agent/core/blame.ts',
    find: 'return nowMs < (gone.get(patch)?.againAtMs ?? 0)',
    replace: 'return nowMs < 0 && gone.has(patch)',
    checkers: ['nobody is asked without end'],
  },
  {
    name: 'copies are never read again on schedule',
    file: 'agent/core/proving.ts',
    find: 'const isDue = clock.wallMs - provenAt >= afterMs || provenAt > clock.wallMs',
    replace: 'const isDue = clock.wallMs < 0 && afterMs > 0',
    checkers: [rot],
  },
  {
    name: 'a copy that is not right keeps its receipt',
    file: 'agent/core/disproving.ts',
    find: 'return post(state, Disproof, (common) => ({ ...common, sha256, publishedAt, reason: wrong, disprovenAt }), entries)',
    replace:
      "return disprovenAt < 0 ? post(state, Disproof, (common) => ({ ...common, sha256, publishedAt, reason: wrong, disprovenAt }), entries) : [{ kind: 'record', entries }]",
    checkers: ['n/m is the truth'],
  },
  {
    name: 'a receipt that was taken back goes on counting',
    file: 'controller/core/letters.ts',
    find: 'const row = { peer, sha256, epoch: 0,',
    replace: 'const row = { peer, sha256, epoch: appliance.epoch,',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'a receipt that comes late counts again',
    file: 'controller/core/letters.ts',
    find: 'if (before !== undefined && before.counter >= counter) return []',
    replace: 'if (counter < 0) return []',
    checkers: ['n/m is the truth', 'counters never go back'],
  },
  {
    name: 'the Service Center asks nobody for what is wrong in its own copy',
    file: 'controller/core/own-copies.ts',
    find: "return [{ kind: 'name-holders', patch, holders: holdersOf(state, patch) }]",
    replace: "return [{ kind: 'name-holders', patch, holders: holdersOf(state, patch).slice(0, 0) }]",
    checkers: [rot],
  },
]
