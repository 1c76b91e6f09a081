/**
 * Data Centers through the API: what is told of each, and the limits of its WAN link and of the Service Center's.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DataCenterLimits, DataCenterView, UplinkLimits } from '../../controller/core/data-centers.ts'
import type { Mesh } from '../../controller/core/mesh.ts'
import type { PatchDetail } from '../../controller/core/patch-views.ts'
import { WanLimits } from '../../protocol/wan-limits.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

const NO_LIMITS = { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: [], trades: true }
const PARIS = '/data-centers/paris/limits'
const UPLINK = '/service-center/limits'

let fleet: Fleet
let app: ServedApp
let ask: Ask
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

const placed = (name: string) => fleet.serviceCenter.state.limits.get(name as '')
const peerOf = (name: string) => {
  const found = [...fleet.serviceCenter.state.appliances.values()].find((appliance) => appliance.name === name)
  assert.ok(found)
  return found.peer
}
const view = async (name: string) => {
  const { json } = await ask<DataCenterView[]>('GET', '/data-centers')
  return json.find((dataCenter) => dataCenter.name === name)
}

test('tells of each Data Center its appliances, its limits and what is under way', async () => {
  assert.deepEqual(await view('paris'), {
    name: 'paris',
    appliances: 6,
    reachable: 6,
    limits: NO_LIMITS,
    quietUntil: null,
    bytesLeft: 0,
    wanBytesPerSecond: 0,
    wanBytes: 0,
  })
  const patch = await fleet.publish({ name: 'counted', version: '1', bytes: 1_000_000 })
  const told = { patch, state: 'transferring', bytes: 400_000, reason: '', wanBytes: 150_000 } as const
  const { mesh } = fleet.serviceCenter.state
  await fleet.tellProgress('paris/primary', {
    ...told,
    bytesPerSecond: 30_000,
    sources: [mesh, peerOf('tokyo/primary')],
  })
  await fleet.tellProgress('paris/secondary', { ...told, bytesPerSecond: 20_000, sources: [peerOf('paris/primary')] })
  const paris = await view('paris')
  assert.deepEqual([paris?.bytesLeft, paris?.wanBytesPerSecond, paris?.wanBytes], [1_200_000, 30_000, 300_000])
  await fleet.disconnect('paris/primary')
  const cut = await view('paris')
  // The tenants that reach the Service Center through it are cut off with it.
  assert.deepEqual([cut?.bytesLeft, cut?.wanBytesPerSecond, cut?.reachable], [1_200_000, 0, 1])
  await fleet.connect('paris/primary')
})

test('tells of each copy how fast it comes, from whom by name, and how long it will take', async () => {
  const patch = await fleet.publish({ name: 'followed', version: '1', bytes: 1_000_000 })
  const told = { patch, bytes: 400_000, reason: '', wanBytes: 150_000 } as const
  const sources = [fleet.serviceCenter.state.mesh, peerOf('paris/primary')]
  await fleet.tellProgress('tokyo/primary', { ...told, state: 'transferring', bytesPerSecond: 70_000, sources })
  await fleet.sendReceipt('paris/primary', patch)
  const quiet = { ...told, reason: 'quiet hours', bytesPerSecond: 70_000, sources }
  await fleet.tellProgress('paris/secondary', { ...quiet, state: 'waiting' })
  const { appliances } = (await ask<PatchDetail>('GET', '/patches/followed@1')).json
  assert.deepEqual(Object.keys(appliances[0] ?? {}), [
    ...['name', 'organization', 'dataCenter', 'kind', 'role', 'state', 'bytes', 'reason'],
    ...['bytesLeft', 'bytesPerSecond', 'sources', 'secondsLeft', 'provenAt', 'mended'],
  ])
  assert.deepEqual(
    appliances.map((copy) => [copy.name, copy.bytesLeft, copy.bytesPerSecond, copy.sources, copy.secondsLeft]),
    [
      ['paris/primary', 0, 0, [], 0],
      ['paris/secondary', 600_000, 0, [], null],
      ['tokyo/primary', 600_000, 70_000, ['Service Center', 'paris/primary'], 9],
      ['tokyo/secondary', 1_000_000, 0, [], null],
    ],
  )
})

test('sets the limits of a Data Center and of the Service Center, and tells them', async () => {
  const limits = { downBitsPerSecond: 20_000_000, upBitsPerSecond: null, quietHours: ['22:00-06:00'], trades: false }
  const set = await ask<DataCenterLimits>('PUT', PARIS, limits)
  assert.deepEqual(set, { status: 200, json: limits })
  assert.deepEqual((await ask('GET', PARIS)).json, limits)
  assert.deepEqual((await view('paris'))?.limits, limits)
  assert.deepEqual((await view('tokyo'))?.limits, NO_LIMITS)
  assert.deepEqual(placed('paris'), { ...limits, place: 'paris', quietHours: [{ from: 1320, to: 360 }] })
  const uplink = { upBitsPerSecond: 100_000_000, quietHours: ['18:00-24:00', '00:30-01:00'] }
  const told = await ask<UplinkLimits>('PUT', UPLINK, uplink)
  assert.deepEqual(told.json, { ...uplink, quietHours: ['18:00-00:00', '00:30-01:00'] })
  assert.deepEqual((await ask('GET', UPLINK)).json, told.json)
  assert.equal(placed('')?.upBitsPerSecond, 100_000_000)
  assert.deepEqual((await ask('PUT', PARIS, NO_LIMITS)).json, NO_LIMITS)
})

test('writes who set limits, and where, to the audit log', async (context) => {
  const commit = context.mock.method(fleet.repository, 'commit')
  await ask('PUT', PARIS, NO_LIMITS)
  await ask('PUT', UPLINK, { upBitsPerSecond: null, quietHours: [] })
  const rows = commit.mock.calls.flatMap(({ arguments: [changes] }) =>
    changes.flatMap((change) => (change.table === 'audit' ? [change.row] : [])),
  )
  assert.deepEqual(
    rows.map(({ actor, action, subject }) => [actor, action, subject]),
    [
      ['script', 'limit', 'paris'],
      ['script', 'limit', 'Service Center'],
    ],
  )
})

test('says until when quiet hours last', async () => {
  const now = new Date(fleet.serviceCenter.state.clock.wallMs).toISOString()
  const hour = Number(now.slice(11, 13))
  const at = (hours: number) => `${String((hours + 24) % 24).padStart(2, '0')}:00`
  await ask('PUT', PARIS, { ...NO_LIMITS, quietHours: [`${at(hour - 1)}-${at(hour + 2)}`] })
  assert.equal((await view('paris'))?.quietUntil, at(hour + 2))
  await ask('PUT', PARIS, { ...NO_LIMITS, quietHours: [`${at(hour + 3)}-${at(hour + 4)}`] })
  assert.equal((await view('paris'))?.quietUntil, null)
  await ask('PUT', PARIS, NO_LIMITS)
})

test('refuses limits that are none, and changes nothing', async () => {
  const rate = /is not a rate in whole bits a second from 64000 \(64 kbit\/s\) to 1000000000000 \(1 Tbit\/s\), or null$/
  const wrong: [object, RegExp][] = [
    [{ downBitsPerSecond: 63_999 }, rate],
    [{ downBitsPerSecond: 1e12 + 1 }, rate],
    [{ upBitsPerSecond: 100_000.5 }, rate],
    [{ upBitsPerSecond: '10 Mbit/s' }, rate],
    [{ upBitsPerSecond: undefined }, rate],
    [{ quietHours: ['8-18'] }, /the body, quietHours\.0: is not written like 22:00-06:00$/],
    [{ quietHours: ['24:00-06:00'] }, /is not written like/],
    [{ quietHours: ['22:60-06:00'] }, /is not written like/],
    [{ quietHours: ['06:00-06:00'] }, /begins and ends at the same minute$/],
    [{ quietHours: ['00:00-24:00'] }, /begins and ends at the same minute$/],
    [{ quietHours: Array(9).fill('01:00-02:00') }, /are more than eight ranges$/],
    [{ trades: 'no' }, /trades/],
  ]
  for (const [change, sentence] of wrong) {
    const { status, json } = await ask('PUT', PARIS, { ...NO_LIMITS, ...change })
    assert.equal(status, 400, JSON.stringify(change))
    assert.match(json.error.message, sentence)
    assert.notEqual(json.error.hint, '')
  }
  assert.deepEqual((await ask('GET', PARIS)).json, NO_LIMITS)
  for (const [method, body] of [['GET'], ['PUT', NO_LIMITS]] as const) {
    const { status, json } = await ask(method, '/data-centers/atlantis/limits', body)
    assert.equal(status, 404)
    assert.match(json.error.message, /^there is no Data Center atlantis with appliances$/)
  }
})

test('takes exactly what an appliance takes', async () => {
  for (const bits of [64_000, 1e12]) {
    const limits = {
      downBitsPerSecond: bits,
      upBitsPerSecond: bits,
      quietHours: Array(8).fill('00:00-23:59'),
      trades: true,
    }
    assert.equal((await ask('PUT', PARIS, limits)).status, 200)
    const { place: _place, trades: _trades, ...kept } = placed('paris') ?? assert.fail('no limits were kept')
    WanLimits.parse(kept)
  }
  await ask('PUT', PARIS, NO_LIMITS)
})

test('finds a Data Center by any name that it may have', async () => {
  const dataCenter = 'Zürich / 2 & "old" #1'
  await fleet.enroll({
    ...{ name: 'z', organization: 'Org 1000', dataCenter, kind: 'service-provider', role: 'primary' },
  })
  const address = `/data-centers/${encodeURIComponent(dataCenter)}/limits`
  const limits = { ...NO_LIMITS, upBitsPerSecond: 1_000_000 }
  assert.equal((await ask('PUT', address, limits)).status, 200)
  assert.deepEqual((await view(dataCenter))?.limits, limits)
})

test('tells the mesh: who sends pieces to whom, of all patches or of one, with the rate divided among the sources', async () => {
  const patch = await fleet.publish({ name: 'meshed', version: '1', bytes: 1_000_000 })
  const { mesh } = fleet.serviceCenter.state
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch, state: 'transferring', bytes: 1000, reason: '', bytesPerSecond: 90_000, wanBytes: 0 },
    sources: [mesh, peerOf('paris/primary'), peerOf('paris/secondary')],
  })
  const { status, json } = await ask<Mesh>('GET', '/mesh?patch=meshed%401')
  assert.equal(status, 200)
  assert.deepEqual(
    json.flows.map(({ from, to, bytesPerSecond }) => [from.name, from.dataCenter, to.name, bytesPerSecond]).sort(),
    [
      ['Service Center', null, 'tokyo/primary', 30_000],
      ['paris/primary', 'paris', 'tokyo/primary', 30_000],
      ['paris/secondary', 'paris', 'tokyo/primary', 30_000],
    ],
  )
  assert.equal(json.sentBytesPerSecond, 30_000)
  const tokyo = json.dataCenters.find(({ name }) => name === 'tokyo')
  assert.deepEqual(tokyo?.members, [
    { name: 'tokyo/primary', role: 'primary', reachable: true, state: 'transferring' },
    { name: 'tokyo/secondary', role: 'secondary', reachable: true, state: 'waiting' },
  ])
  assert.equal((await ask('GET', '/mesh?patch=nothing')).status, 404)
})
