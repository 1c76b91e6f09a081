/**
 * Planted in the write path: the steps of the store, whose order the simulated one shares with the real one.
 */
import type { PlantedBug } from './bugs.ts'

const file = 'simulator/world/simulated-store.ts'

export const storeBugs: readonly PlantedBug[] = [
  {
    name: 'the store folder is not synced after the rename',
    file,
    find: `    this.disk.syncFolder('store')
    this.disk.syncFolder('partial')`,
    replace: '',
    checkers: ['n/m is the truth'],
  },
  {
    name: 'the file is not synced before the rename',
    file,
    find: '      this.disk.sync(unfinished)\n',
    replace: '',
    checkers: ['n/m is the truth', 'only verified bytes'],
  },
  {
    name: 'the whole file is not compared with its digest',
    file,
    find: 'if (digestOf(unfinished) !== sha256) return false',
    replace: 'if (unfinished.blocks.length === 0) return false',
    checkers: ['n/m is the truth', 'only verified bytes'],
  },
  {
    name: 'pieces left by an earlier transfer are believed without a look',
    file,
    find: 'if (piece !== undefined && equalBytes(pieceHash(piece), hashAt(hashes, index))) setBit(have, index)',
    replace:
      'if (piece !== undefined && (equalBytes(pieceHash(piece), hashAt(hashes, index)) || true)) setBit(have, index)',
    checkers: ['only verified bytes'],
  },
]
