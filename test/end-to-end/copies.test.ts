/**
 * Copies that stop being right: bytes that flip, files that are cut short or go. Whoever holds one finds it when it reads
 * it again and takes its receipt back at once; what is wrong, and no more, is pulled again; and then it counts again.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Slot } from '../../controller/core/records.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK } from '../../simulator/processes/place.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { auditStore } from '../support/store-audit.ts'
import { cutShort, flipByte, foundWrong, removeCopy } from '../support/stored-copies.ts'

const MiB = 1024 * 1024
const PRIMARIES = ['paris-1', 'oslo-1']
const ALL = ['paris-1', 'paris-2', 'oslo-1', 'oslo-2']
/** Every copy is read again after two seconds. */
const OFTEN = 'proveEveryHours: 0.001\nproveBytesPerSecond: 100000000\n'
let fleet: Fleet
let often: string[]
let config: string

function provider(name: string, dataCenter: string): Slot {
  const role = PRIMARIES.includes(name) ? 'primary' : 'secondary'
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

before(async () => {
  const shared = await mkdtemp(join(tmpdir(), 'patchmesh-copies-'))
  config = join(shared, 'often.yaml')
  await writeFile(config, OFTEN)
  often = ['--config', config]
  fleet = await Fleet.start(async () => {}, LOOPBACK, often)
  for (const name of ALL) await fleet.add(provider(name, name.startsWith('paris') ? 'Paris' : 'Oslo'), often)
  await fleet.reachable(ALL)
})
after(async () => {
  await fleet.stop()
  await rm(dirname(config), { recursive: true })
})

function center(): string {
  return join(fleet.folder, 'service-center')
}

async function upload(name: string): Promise<string> {
  const file = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: MiB, out: file })
  const { id } = await fleet.api.upload(file)
  await counted(id, 4)
  return id
}

async function counted(id: string, complete: number): Promise<void> {
  await fleet.until(
    `${complete}/4`,
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === complete,
  )
}

async function isRightAgain(who: string, id: string): Promise<void> {
  await eventually(`${who} has it whole again`, async () => (await auditStore(fleet.folderOf(who))).includes(id))
  await counted(id, 4)
}

function piecesKept(who: string): string[] {
  return [...fleet.daemon(who).log.matchAll(/"pieces":(\d+),"of":(\d+),"msg":"goes on/g)].map(
    ([, pieces, of]) => `${pieces} of ${of}`,
  )
}

test(
  'R3: a byte that flips on one appliance takes its copy out of the count, and only that piece is pulled again',
  DEADLINE,
  async () => {
    const id = await upload('flipped')
    await flipByte(fleet.folderOf('oslo-2'), id, 2)
    const outcome = await foundWrong(fleet, 'oslo-2', 'flipped')
    assert.equal(outcome, 'piece 3 of 4 of its file is not what was signed any more')
    await isRightAgain('oslo-2', id)
    assert.equal(piecesKept('oslo-2').at(-1), '3 of 4')
  },
)

test('R3: a file that is cut short is found without a restart, and what is right of it is kept', DEADLINE, async () => {
  const id = await upload('cut')
  await cutShort(fleet.folderOf('paris-1'), id)
  assert.match(await foundWrong(fleet, 'paris-1', 'cut'), /cannot be read: the file has 262149 bytes instead of \d+$/)
  await isRightAgain('paris-1', id)
  assert.equal(piecesKept('paris-1').at(-1), '1 of 4')
})

test('R3: a file that is gone is found without a restart', DEADLINE, async () => {
  const id = await upload('gone')
  await removeCopy(fleet.folderOf('paris-2'), id)
  assert.match(await foundWrong(fleet, 'paris-2', 'gone'), /cannot be read: ENOENT/)
  await isRightAgain('paris-2', id)
})

test(
  'R3: after an orderly stop a copy that is short or gone is found at the start, and nothing is read for it',
  DEADLINE,
  async () => {
    const ids = [await upload('stopped-short'), await upload('stopped-gone')] as const
    assert.equal(await fleet.daemon('oslo-1').stop(), 0)
    await cutShort(fleet.folderOf('oslo-1'), ids[0])
    await removeCopy(fleet.folderOf('oslo-1'), ids[1])
    await fleet.startAgent('oslo-1')
    for (const name of ['stopped-short', 'stopped-gone'])
      assert.match(
        await foundWrong(fleet, 'oslo-1', name),
        /^its file is missing, or has not the length that it must have$/,
      )
    for (const id of ids) await isRightAgain('oslo-1', id)
  },
)

test(
  'R3: a list of piece hashes that rots makes its copy one to be proven anew, and offers nobody wrong hashes',
  DEADLINE,
  async () => {
    const id = await upload('hashes')
    assert.equal(await fleet.daemon('oslo-1').stop(), 0)
    const file = join(fleet.folderOf('oslo-1'), 'pieces', id)
    const hashes = await readFile(file)
    hashes[40] = (hashes[40] ?? 0) ^ 1
    await writeFile(file, hashes)
    await fleet.startAgent('oslo-1')
    assert.match(
      await foundWrong(fleet, 'oslo-1', 'hashes'),
      /^the list of the hashes of its pieces is not what was signed$/,
    )
    await isRightAgain('oslo-1', id)
    assert.equal(piecesKept('oslo-1').at(-1), '4 of 4')
  },
)

test(
  'R4: a byte that flips at the Service Center is found and mended from an appliance, and blocks no other patch',
  DEADLINE,
  async () => {
    const id = await upload('central')
    await flipByte(center(), id, 1)
    assert.match(
      await foundWrong(fleet, 'Service Center', 'central'),
      /^piece 2 of 4 of its file is not what was signed any more$/,
    )
    await eventually('it has it whole again', async () => (await auditStore(center())).includes(id))
    await fleet.until(
      'its copy is proven',
      () => fleet.api.patch(id),
      ({ ownCopy }) => ownCopy.provenAt !== null,
    )
    assert.match(fleet.serviceCenter.log, /"pieces":3,"of":4,"msg":"goes on with the pieces that are here"/)
    await upload('another')
  },
)

test('R4: what nobody has right is said of every copy, and the same upload mends all of them', DEADLINE, async () => {
  const id = await upload('everywhere')
  for (const folder of [center(), ...ALL.map((name) => fleet.folderOf(name))]) await flipByte(folder, id, 2)
  await counted(id, 0)
  const { appliances, ownCopy } = await fleet.until(
    'each says why',
    () => fleet.api.patch(id),
    ({ appliances, ownCopy }) =>
      ownCopy.wrong !== '' && appliances.every(({ reason }) => /is pulled again/.test(reason)),
  )
  for (const { reason, provenAt } of appliances) {
    assert.match(reason, /^piece 3 of 4 of its file is not what was signed any more; what is wrong is pulled again/)
    assert.equal(provenAt, null)
  }
  assert.match(ownCopy.wrong, /^piece 3 of 4 of its file/)
  await fleet.api.upload(join(fleet.folder, 'everywhere.patch'))
  await counted(id, 4)
  for (const folder of [center(), ...ALL.map((name) => fleet.folderOf(name))])
    assert.ok((await auditStore(folder)).includes(id))
})

test(
  'F8: both copies of a depot that flip are mended, each at its own piece, and both count again',
  DEADLINE,
  async () => {
    const id = await upload('depot')
    await flipByte(fleet.folderOf('paris-1'), id, 0)
    await flipByte(fleet.folderOf('paris-2'), id, 3)
    for (const name of ['paris-1', 'paris-2']) await foundWrong(fleet, name, 'depot')
    for (const name of ['paris-1', 'paris-2']) await isRightAgain(name, id)
  },
)
