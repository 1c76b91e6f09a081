/**
 * Limits of a WAN link at real processes: they are in force while a patch is being transferred, and what people are shown
 * meanwhile is who sends, how fast, how long it will take, and why it waits.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { ApplianceCopy } from '../../controller/core/copies.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { slotOf } from '../support/fleet-slots.ts'

const BYTES = 48 * 1024 * 1024
const LIMIT = 16_000_000
const NO_LIMITS = { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: [], trades: true }
const ALWAYS = ['00:00-12:00', '12:00-24:00']

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  for (const role of ['primary', 'secondary'] as const)
    await fleet.add(
      slotOf({ name: role, organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role }),
    )
  await fleet.reachable(['primary', 'secondary'])
})
after(() => fleet.stop())

async function seen(what: string, id: string, good: (copies: ApplianceCopy[]) => boolean): Promise<ApplianceCopy[]> {
  const { appliances } = await fleet.until(
    what,
    () => fleet.api.patch(id),
    ({ appliances }) => good(appliances),
  )
  return appliances
}

test('a limit slows a transfer, quiet hours rest it with their reason, and when both are lifted it completes', async () => {
  await fleet.api.setUplinkLimits({ upBitsPerSecond: LIMIT, quietHours: [] })
  const file = join(fleet.folder, 'limited.patch')
  await writeExampleBundle({ name: 'limited', version: '1.0.0', bytes: BYTES, out: file })
  const { id } = await fleet.api.upload(file)
  const began = performance.now()

  const takes = await seen('the primary takes pieces', id, ([primary]) => (primary?.bytesPerSecond ?? 0) > 0)
  assert.deepEqual(takes[0]?.sources, ['Service Center'])
  assert.ok(takes[0].bytesLeft > 0 && takes[0].secondsLeft !== null && takes[0].secondsLeft > 0)
  const [paris] = await fleet.api.dataCenters()
  assert.ok(paris !== undefined && paris.bytesLeft > 0)

  await fleet.api.setDataCenterLimits('Paris', { ...NO_LIMITS, quietHours: ALWAYS })
  const resting = await seen('the primary rests', id, ([primary]) => primary?.reason.startsWith('quiet hours') === true)
  const [primary] = resting
  const seconds = (performance.now() - began) / 1000
  // What the kernels of both ends hold is under way already, and pieces that were asked for still arrive.
  assert.ok((primary?.bytes ?? 0) <= (seconds + 2) * (LIMIT / 8) + 8 * 1024 * 1024, `${primary?.bytes} in ${seconds} s`)
  assert.ok((primary?.bytesLeft ?? 0) > 0)
  assert.notEqual((await fleet.api.dataCenters())[0]?.quietUntil, null)

  await fleet.api.setDataCenterLimits('Paris', NO_LIMITS)
  await fleet.api.setUplinkLimits({ upBitsPerSecond: null, quietHours: [] })
  const done = await seen('both copies are proven', id, (all) => all.every(({ state }) => state === 'replicated'))
  for (const copy of done) assert.deepEqual([copy.bytesLeft, copy.secondsLeft, copy.sources], [0, 0, []])
})
