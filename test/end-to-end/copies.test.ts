/**
 * Copies that stop being right: bytes that flip, files that are cut short or go. Whoever holds one finds it when it reads
 * it again and takes its receipt back at once; what is wrong, and no more, is pulled again; and then it counts again.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Slot } from '../../controller/core/records.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { auditStore } from '../support/store-audit.ts'
import { cutShort, flipByte, removeCopy } from '../support/stored-copies.ts'

const MiB = 1024 * 1024
const PRIMARIES = ['paris-1', 'oslo-1']
const ALL = ['paris-1', 'paris-2', 'oslo-1', 'oslo-2']
/** Every copy is read again after two seconds. */
const OFTEN = 'proveEveryHours: 0.001\nproveBytesPerSecond: 100000000\n'
const NO_OTHER_FILTER = { from: undefined, to: undefined, text: undefined }
let fleet: Fleet
let often: string[]

function provider(name: string, dataCenter: string): Slot {
  const role = PRIMARIES.includes(name) ? 'primary' : 'secondary'
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

before(async () => {
  let config = ''
  fleet = await Fleet.start(async (folder) => {
    config = join(folder, 'often.yaml')
    await writeFile(config, OFTEN)
  })
  often = ['--config', config]
  for (const name of ALL) await fleet.add(provider(name, name.startsWith('paris') ? 'Paris' : 'Oslo'), often)
  await fleet.reachable(ALL)
})
after(() => fleet.stop())

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

/** What the trail says of this copy since it was right the last time. */
async function foundWrong(who: string, name: string): Promise<string> {
  return eventually(`the copy of ${name} at ${who} is found not to be right`, async () => {
    const { entries } = await fleet.api.trail({ limit: '50', action: 'check-copy', who, ...NO_OTHER_FILTER })
    return entries.find(({ actor, subject }) => actor === who && subject.startsWith(name))?.outcome
  })
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
    const outcome = await foundWrong('oslo-2', 'flipped')
    assert.equal(outcome, 'piece 3 of 4 of its file is not what was signed any more')
    await isRightAgain('oslo-2', id)
    assert.equal(piecesKept('oslo-2').at(-1), '3 of 4')
  },
)

test('R3: a file that is cut short is found without a restart, and what is right of it is kept', DEADLINE, async () => {
  const id = await upload('cut')
  await cutShort(fleet.folderOf('paris-1'), id)
  assert.match(await foundWrong('paris-1', 'cut'), /cannot be read: the file has 262149 bytes instead of \d+$/)
  await isRightAgain('paris-1', id)
  assert.equal(piecesKept('paris-1').at(-1), '1 of 4')
})

test('R3: a file that is gone is found without a restart', DEADLINE, async () => {
  const id = await upload('gone')
  await removeCopy(fleet.folderOf('paris-2'), id)
  assert.match(await foundWrong('paris-2', 'gone'), /cannot be read: ENOENT/)
  await isRightAgain('paris-2', id)
})
