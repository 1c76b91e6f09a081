/**
 * `patchmesh limits` as a person runs it, at a Service Center that answers for a fleet.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

const NO_LIMITS = { upBitsPerSecond: null, quietHours: [], downBitsPerSecond: null, trades: true }
const PARIS = ['limits', 'set', '--data-center', 'paris']

let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
})

async function json(words: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await patchmesh([...words, '--json'], { environment })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

describe('the limits of WAN links', () => {
  test('are set by what is named, and the rest stays', async () => {
    const set = await json([...PARIS, '--down', '20Mbit/s', '--up', '10 Mbit/s', '--quiet', '08:00-18:00'])
    const limits = { ...NO_LIMITS, downBitsPerSecond: 20e6, upBitsPerSecond: 10e6, quietHours: ['08:00-18:00'] }
    assert.deepEqual(set, limits)
    assert.deepEqual(await json([...PARIS, '--no-trading']), { ...limits, trades: false })
    const two = await json([
      ...PARIS,
      '--quiet',
      '20:00-22:00',
      '--quiet',
      '23:00-24:00',
      '--down',
      'none',
      '--trading',
    ])
    const quietHours = ['20:00-22:00', '23:00-00:00']
    assert.deepEqual(two, { ...limits, downBitsPerSecond: null, quietHours })
    assert.deepEqual(await json([...PARIS, '--quiet', 'none']), { ...limits, downBitsPerSecond: null, quietHours: [] })
    assert.deepEqual(await json([...PARIS, '--none', '--yes']), NO_LIMITS)
  })

  test('are shown in a table, the Service Center first', async () => {
    const uplink = await json(['limits', 'set', '--service-center', '--up', '100Mbit/s'])
    assert.deepEqual(uplink, { upBitsPerSecond: 100e6, quietHours: [] })
    const told = await patchmesh([...PARIS, '--up', '1.5Gbit/s', '--quiet', '22:00-06:00', '--no-trading'], {
      environment,
    })
    assert.equal(told.stdout, 'down no limit; trades no; up 1.5 Gbit/s; quiet hours 22:00-06:00\n')
    const { stdout } = await patchmesh(['limits', 'list'], { environment })
    const [heading = '', center = '', paris = '', tokyo = ''] = stdout.split('\n')
    assert.match(heading, /^DATA CENTER +DOWN +UP +QUIET HOURS \(UTC\) +TRADES +CAME IN$/)
    assert.match(center, /^\(Service Center\) +100 Mbit\/s +none$/)
    assert.match(paris, /^paris +no limit +1\.5 Gbit\/s +22:00-06:00 +no +0 bytes( +rests until 06:00 UTC)?$/)
    assert.match(tokyo, /^tokyo +no limit +no limit +none +yes +0 bytes$/)
    const listed = (await json(['limits', 'list'])) as { serviceCenter: object; dataCenters: { name: string }[] }
    assert.deepEqual(listed.serviceCenter, { upBitsPerSecond: 100e6, quietHours: [] })
    assert.deepEqual(listed.dataCenters[1], { name: 'tokyo', ...NO_LIMITS, quietUntil: null, wanBytes: 0 })
    assert.deepEqual(await json(['limits', 'set', '--service-center', '--none', '--yes']), {
      upBitsPerSecond: null,
      quietHours: [],
    })
  })

  test('are refused with a sentence and what to do', async () => {
    for (const [words, sentence] of [
      [
        ['limits', 'set', '--data-center', 'atlantis', '--none', '--yes'],
        /there is no Data Center atlantis with appliances\. List/,
      ],
      [[...PARIS, '--down', '1 bit/s'], /downBitsPerSecond: is not a rate in whole bits a second from 64000/],
    ] as const) {
      const { status, stdout, stderr } = await patchmesh(words, { environment })
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, sentence)
    }
  })
})

test('patches show tells the rate, the sources and the time left of each copy', async () => {
  const patch = await fleet.publish({ name: 'shown', version: '1', bytes: 3_000_000 })
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch, state: 'transferring', bytes: 1_000_000, wanBytes: 0, reason: '', bytesPerSecond: 100_000 },
    sources: [fleet.serviceCenter.state.mesh],
  })
  const { stdout } = await patchmesh(['patches', 'show', 'shown@1'], { environment })
  assert.match(
    stdout,
    /tokyo\/primary +tokyo +primary +transferring +1\.0 MB +not now +100\.0 kB\/s from Service Center, 20 s left\.\n/,
  )
  assert.match(
    stdout,
    /paris\/primary +paris +primary +waiting +0 bytes +not now +The appliance has not answered yet\.\n/,
  )
})
