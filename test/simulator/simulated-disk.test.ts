/**
 * What a simulated disk keeps when the power goes: only what a real one could, and always what was synced.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countBits } from '../../protocol/bitfield.ts'
import { seededRandom } from '../../protocol/random.ts'
import { PowerLoss, SimulatedDisk } from '../../simulator/world/simulated-disk.ts'
import { SimulatedStore } from '../../simulator/world/simulated-store.ts'
import { symbolicPatch } from '../../simulator/world/symbolic-patch.ts'

const SEEDS = 300
const OLD = Buffer.from('old content')
const NEW = Buffer.from('new content')

function outcomes(prepare: (disk: SimulatedDisk) => void, look: (disk: SimulatedDisk) => string): Set<string> {
  return new Set(
    Array.from({ length: SEEDS }, (_, seed) => {
      const disk = new SimulatedDisk()
      prepare(disk)
      disk.losePower(seededRandom(seed))
      return look(disk)
    }),
  )
}

const contentOf = (name: string) => (disk: SimulatedDisk) =>
  Buffer.from(disk.find({ folder: 'f', name })?.blocks[0] ?? 'no block').toString()

function durable(disk: SimulatedDisk, name: string) {
  const inode = disk.create({ folder: 'f', name })
  disk.write(inode, 0, OLD)
  disk.sync(inode)
  disk.syncFolder('f')
  return inode
}

test('what was synced, and its folder, is there after every loss of power', () => {
  assert.deepEqual(
    outcomes((disk) => durable(disk, 'a'), contentOf('a')),
    new Set(['old content']),
  )
})

test('a block that was not synced is the old one, the new one, a torn one or zeros, and nothing else', () => {
  const seen = outcomes((disk) => disk.write(durable(disk, 'a'), 0, NEW), contentOf('a'))
  const torn = `new co${'\0'.repeat(5)}`
  assert.deepEqual(seen, new Set(['old content', 'new content', torn, '\0'.repeat(11)]))
})

test('a name whose folder was not synced is there or is not; never half', () => {
  const rename = (disk: SimulatedDisk) => {
    durable(disk, 'a')
    disk.rename({ folder: 'f', name: 'a' }, { folder: 'g', name: 'b' })
  }
  const names = (disk: SimulatedDisk) => [...disk.names('f'), ...disk.names('g')].join()
  assert.deepEqual(outcomes(rename, names), new Set(['a', 'b']))
  const synced = (disk: SimulatedDisk) => {
    rename(disk)
    disk.syncFolder('g')
  }
  assert.deepEqual(outcomes(synced, names), new Set(['b']))
})

test('a sync that failed made nothing durable, and the next one does not either', () => {
  const failed = (disk: SimulatedDisk) => {
    const inode = durable(disk, 'a')
    disk.write(inode, 0, NEW)
    disk.failing.add('sync')
    assert.throws(() => disk.sync(inode), /EIO/)
    disk.failing.clear()
    disk.sync(inode)
  }
  assert.deepEqual(outcomes(failed, contentOf('a')), new Set(['old content']))
})

const { publication, hashes, pieces } = symbolicPatch({ pieces: 5 })

/** Opens, fills and seals; `lastOperation` is the operation of the disk at which the power goes. */
function sealUntil(
  lastOperation: number,
  seed: number,
  Store = SimulatedStore,
): { store: SimulatedStore; sealed: boolean } {
  const store = new Store()
  store.disk.operationsToPowerLoss = lastOperation
  let sealed = false
  try {
    store.openPartial(publication, hashes)
    for (const [index, piece] of pieces.entries()) store.writePiece(publication.sha256, index, piece)
    sealed = store.seal(publication)
  } catch (error) {
    assert.ok(error instanceof PowerLoss)
  }
  store.disk.losePower(seededRandom(seed))
  return { store, sealed }
}

test('whenever the power goes while a patch is stored, what has its final name is whole, and what was sealed is there', () => {
  let interrupted = 0
  for (let operation = 1; operation <= 30; operation++) {
    for (let seed = 0; seed < 20; seed++) {
      const { store, sealed } = sealUntil(operation, seed)
      if (!sealed) interrupted += 1
      for (const [, isWhole] of store.audit()) assert.ok(isWhole, `operation ${operation}, seed ${seed}`)
      if (sealed) assert.ok(store.held().has(publication.sha256))
      // Whatever is left, the next process can go on from it.
      store.removeUnknown(new Set([publication.sha256]))
      if (store.held().has(publication.sha256)) continue
      store.openPartial(publication, hashes)
      for (const [index, piece] of pieces.entries()) store.writePiece(publication.sha256, index, piece)
      assert.equal(store.seal(publication), true)
    }
  }
  assert.ok(interrupted > 100)
})

test('without the sync of a file, or of the folder, a loss of power shows it', () => {
  class WithoutFileSync extends SimulatedStore {
    constructor() {
      super()
      this.disk.sync = () => {}
    }
  }
  class WithoutFolderSync extends SimulatedStore {
    constructor() {
      super()
      this.disk.syncFolder = () => {}
    }
  }
  const broken = (Store: typeof SimulatedStore) =>
    Array.from({ length: 50 }, (_, seed) => sealUntil(Number.POSITIVE_INFINITY, seed, Store)).filter(
      ({ store, sealed }) =>
        sealed && (!store.held().has(publication.sha256) || [...store.audit().values()].includes(false)),
    ).length
  assert.equal(broken(SimulatedStore), 0)
  assert.ok(broken(WithoutFileSync) > 0)
  assert.ok(broken(WithoutFolderSync) > 0)
})

test('after a sync that failed nothing of a file is believed, also where the disk could not forget it at once', () => {
  const store = new SimulatedStore()
  store.openPartial(publication, hashes)
  for (const [index, piece] of pieces.entries()) store.writePiece(publication.sha256, index, piece)
  for (const kind of ['sync', 'write'] as const) store.disk.failing.add(kind)
  assert.throws(() => store.seal(publication), /could not be put away, and not be removed/)
  assert.throws(() => store.openPartial(publication, hashes), { code: 'EIO' })
  store.disk.failing.clear()
  assert.equal(countBits(store.openPartial(publication, hashes)), 0)
})

test('a disk refuses a patch for which it has no room, and takes it when there is', () => {
  const tight = new SimulatedStore(publication.bytes + 16 * 1024 * 1024)
  tight.openPartial(publication, hashes)
  for (const [index, piece] of pieces.entries()) tight.writePiece(publication.sha256, index, piece)
  assert.ok(tight.seal(publication))
  const other = symbolicPatch({ name: 'patch-2' })
  assert.throws(() => tight.openPartial(other.publication, other.hashes), { code: 'ENOSPC' })
  tight.discard(publication.sha256)
  tight.openPartial(other.publication, other.hashes)
})
