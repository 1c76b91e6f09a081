/**
 * Copies that somebody doubts, long before it is their turn to be read: a reader that got a wrong piece, an install that
 * found its copy changed, a start after a crash. Each has the copy proven at once, and what is not right mended.
 */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Slot } from '../../controller/core/records.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'
import { auditStore } from '../support/store-audit.ts'
import { cutShort, flipByte, foundWrong, removeCopy } from '../support/stored-copies.ts'

const MiB = 1024 * 1024
const NOT_WHAT_WAS_SIGNED = /^piece \d of 4 of its file is not what was signed any more$/
const EVERYTHING = { who: undefined, from: undefined, to: undefined, text: undefined, limit: '100' }
let fleet: Fleet

function provider(name: string, role: SlotText['role'], dataCenter = 'Paris'): Slot {
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

function tenant(name: string, organization: string): Slot {
  return slotOf({ name, organization, dataCenter: 'Paris', kind: 'tenant', role: 'primary' })
}

before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll([provider('primary', 'primary'), provider('secondary', 'secondary'), tenant('acme', 'Acme')])
})
after(() => fleet.stop())

function center(): string {
  return join(fleet.folder, 'service-center')
}

async function upload(name: string, total = 2): Promise<string> {
  const file = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: MiB, out: file })
  const { id } = await fleet.api.upload(file)
  await counted(id, total)
  return id
}

async function counted(id: string, complete: number): Promise<void> {
  await fleet.until(
    `${complete} copies`,
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === complete,
  )
}

async function isRightAgain(folder: string, id: string): Promise<void> {
  await eventually(`${folder} has it whole again`, async () => (await auditStore(folder)).includes(id))
}

async function install(patch: string, organization: string): Promise<InstallDetail> {
  const options = { patch, organizations: [organization], dataCenter: 'All', allowOutage: true }
  const { id } = await fleet.api.startInstall(options)
  return fleet.until(
    'the install ends',
    () => fleet.api.install(id),
    ({ state }) => !isUnderWay(state),
  )
}

/** What was said of wrong pieces that came from somebody. */
function blamed(name: string): string[] {
  return logOf(name).filter((line) => line.includes('bad source: sent a wrong piece'))
}

function logOf(name: string): string[] {
  return fleet.daemon(name).log.split('\n')
}

test(
  'F8: a tenant appliance that gets wrong pieces from both members of its depot tells them, and installs what they have mended',
  DEADLINE,
  async () => {
    const id = await upload('staged')
    for (const name of ['primary', 'secondary']) await flipByte(fleet.folderOf(name), id, 2)
    const ended = await install(id, 'Acme')
    assert.equal(ended.state, 'done', JSON.stringify(ended))
    assert.match(await foundWrong(fleet, ['primary', 'secondary'], 'staged'), NOT_WHAT_WAS_SIGNED)
    assert.ok(blamed('acme').length >= 1)
    assert.ok((await auditStore(fleet.folderOf('acme'))).includes(id))
  },
)

test(
  'R3: a piece that cannot be read when it is asked for takes its copy out of the count',
  DEADLINE,
  async (context) => {
    const id = await upload('unreadable')
    for (const name of ['primary', 'secondary']) await cutShort(fleet.folderOf(name), id)
    const ended = await install(id, 'Acme')
    assert.equal(ended.state, 'done', JSON.stringify(ended))
    await counted(id, 2)
    const { entries } = await fleet.api.trail({ ...EVERYTHING, action: 'check-copy' })
    const found = entries.filter(
      ({ subject, outcome }) => subject.startsWith('unreadable@') && /cannot be read/.test(outcome),
    )
    assert.ok(found.length > 0)
    const timeOf = (name: string, words: string): number => {
      const line = logOf(name).find((one) => one.includes(words) && one.includes(id))
      return Number(new Date((JSON.parse(line ?? '{}') as { time: number | string }).time))
    }
    for (const { actor } of found) {
      const tookMs = timeOf(actor, 'the stored copy is not right') - timeOf(actor, 'cannot read a piece that was asked')
      context.diagnostic(`${actor}: ${tookMs} ms from the failed read to the statement that it does not count`)
    }
  },
)

test('an install that finds its copy changed has it proven: it stops counting, and is mended', DEADLINE, async () => {
  const id = await upload('ordered')
  await flipByte(fleet.folderOf('secondary'), id, 1)
  const ended = await install(id, 'Provider')
  assert.notEqual(ended.state, 'done')
  assert.match(await foundWrong(fleet, 'secondary', 'ordered'), NOT_WHAT_WAS_SIGNED)
  await isRightAgain(fleet.folderOf('secondary'), id)
  await counted(id, 2)
  const again = await install(id, 'Provider')
  assert.equal(again.state, 'done', JSON.stringify(again))
})

test(
  "R7: with the primary's copy cut short and the secondary's gone, both are mended from outside, and nobody spins",
  DEADLINE,
  async () => {
    const id = await upload('both-lost')
    await fleet.daemon('secondary').stop()
    await cutShort(fleet.folderOf('primary'), id)
    await removeCopy(fleet.folderOf('secondary'), id)
    await fleet.startAgent('secondary')
    for (const name of ['primary', 'secondary']) await isRightAgain(fleet.folderOf(name), id)
    await counted(id, 2)
    const asked = logOf('secondary').filter((line) => line.includes('goes on with the pieces that are here'))
    assert.ok(asked.length < 10, `the secondary began ${asked.length} times`)
  },
)

test('R3: after kill -9 every copy is proven again at the start, whatever the schedule says', DEADLINE, async () => {
  const id = await upload('killed')
  const daemon = fleet.daemon('secondary')
  daemon.kill('SIGKILL')
  await eventually('it is gone', () => !daemon.running)
  await flipByte(fleet.folderOf('secondary'), id, 0)
  await fleet.startAgent('secondary')
  assert.match(await foundWrong(fleet, 'secondary', 'killed'), NOT_WHAT_WAS_SIGNED)
  await isRightAgain(fleet.folderOf('secondary'), id)
  await counted(id, 2)
  assert.match(fleet.daemon('secondary').log, /did not end by itself the last time: every copy that it holds/)
})

test(
  'R3: the Service Center proves every copy again after kill -9, and mends one whose file is gone',
  DEADLINE,
  async () => {
    const id = await upload('killed-center')
    fleet.serviceCenter.kill('SIGKILL')
    await eventually('it is gone', () => !fleet.serviceCenter.running)
    await flipByte(center(), id, 3)
    await fleet.restartServiceCenter()
    assert.match(await foundWrong(fleet, 'Service Center', 'killed-center'), NOT_WHAT_WAS_SIGNED)
    await isRightAgain(center(), id)
  },
)

test(
  'R4: a wrong piece of the Service Center is not asked for again at once, it is told, and the next patch is not held up',
  DEADLINE,
  async () => {
    const id = await upload('first')
    await flipByte(center(), id, 1)
    // It has to take the patch from the Service Center: there is nobody else in its Data Center, and it trades with nobody.
    await fleet.api.setDataCenterLimits('Paris', { ...(await fleet.api.dataCenterLimits('Paris')), trades: false })
    await fleet.add(provider('oslo', 'primary', 'Oslo'))
    await counted(id, 3)
    assert.match(await foundWrong(fleet, 'Service Center', 'first'), NOT_WHAT_WAS_SIGNED)
    await isRightAgain(center(), id)
    assert.equal(blamed('oslo').length, 1)
    assert.doesNotMatch(fleet.daemon('oslo').log, /leaves a source alone/)
    await upload('second', 3)
  },
)
