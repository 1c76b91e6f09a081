/**
 * The numbers for Prometheus: each line is valid, whatever names are in it, and their number does not grow with the fleet.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

let fleet: Fleet
let app: ServedApp
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
})
after(async () => {
  await app.close()
  await fleet.close()
})

async function scrape(): Promise<string> {
  const headers = { Authorization: `Bearer ${await app.apiToken()}` }
  const answer = await fetch(`${app.url}/metrics`, { headers })
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return answer.text()
}

test('tells how the fleet, its copies, its installs and the process stand', async () => {
  const patch = await fleet.publish({ name: 'shown', version: '2.0', bytes: 1_000_000 })
  await fleet.sendReceipt('paris/primary', patch)
  const { appliances, mesh } = fleet.serviceCenter.state
  const primary = [...appliances.values()].find(({ name }) => name === 'paris/primary')
  assert.ok(primary)
  const told = { patch, state: 'transferring', bytes: 250_000, reason: '', wanBytes: 60_000 } as const
  await fleet.tellProgress('paris/secondary', { ...told, bytesPerSecond: 5_000, sources: [primary.peer] })
  await fleet.tellProgress('tokyo/primary', { ...told, bytesPerSecond: 7_000, sources: [mesh] })
  await fleet.disconnect('acme-tokyo-primary')
  const lines = (await scrape()).split('\n')
  for (const line of [
    'patchmesh_appliances{reachable="yes"} 11',
    'patchmesh_appliances_by_kind{kind="service-provider",reachable="yes"} 4',
    'patchmesh_appliances_by_kind{kind="tenant",reachable="no"} 1',
    'patchmesh_patches 1',
    'patchmesh_replications{patch="shown@2.0",count="complete"} 1',
    'patchmesh_copies{count="complete"} 1',
    'patchmesh_copies{count="total"} 4',
    'patchmesh_replication_left_bytes{data_center="paris"} 750000',
    'patchmesh_replication_left_bytes{data_center="tokyo"} 1750000',
    'patchmesh_wan_received_bytes{data_center="paris"} 60000',
    'patchmesh_transfer_bytes_per_second{data_center="paris",from="inside"} 5000',
    'patchmesh_transfer_bytes_per_second{data_center="paris",from="outside"} 0',
    'patchmesh_transfer_bytes_per_second{data_center="tokyo",from="outside"} 7000',
    'patchmesh_installs{state="running"} 0',
  ])
    assert.ok(lines.includes(line), line)
  for (const process of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds'])
    assert.ok(lines.some((line) => line.startsWith(`${process} `)))
})

test('tells how late timers are from the first question on', async () => {
  const unasked = await serveApp(fleet)
  try {
    const headers = { Authorization: `Bearer ${await unasked.apiToken()}` }
    const text = await (await fetch(`${unasked.url}/metrics`, { headers })).text()
    for (const which of ['min', 'mean', 'max']) {
      const told = new RegExp(`^nodejs_eventloop_lag_${which}_seconds (.+)$`, 'm').exec(text)?.[1]
      const seconds = Number(told)
      assert.ok(seconds > 0 && seconds < 3600, `${which} is ${told}`)
    }
  } finally {
    await unasked.close()
  }
})

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{${LABEL}(?:,${LABEL})*\})? (?:[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|NaN|[-+]Inf)$`,
)

test('is valid in every line, whatever a Data Center is called, and announces each metric once', async () => {
  const dataCenter = `"}\\ evil{a="b"} 1`
  await fleet.enroll({ name: 'x', organization: 'Org 1000', dataCenter, kind: 'service-provider', role: 'primary' })
  const announced = new Map<string, Set<string>>()
  let current = ''
  const text = await scrape()
  assert.ok(text.endsWith('\n'))
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, what, name] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? []
    if (what !== undefined && name !== undefined) {
      const seen = announced.get(name) ?? new Set()
      assert.ok(!seen.has(what), `a second ${what} of ${name}`)
      announced.set(name, seen.add(what))
      current = name
      continue
    }
    const [, sample = ''] = SAMPLE.exec(line) ?? []
    assert.notEqual(sample, '', line)
    assert.equal(sample.replace(/_(bucket|sum|count)$/, ''), current.replace(/_(bucket|sum|count)$/, ''), line)
    assert.equal(announced.get(current)?.size, 2, `${current} has a HELP and a TYPE`)
  }
  assert.ok(text.includes(String.raw`data_center="\"}\\ evil{a=\"b\"} 1"`))
})

test('has no line more for one appliance more', async () => {
  const lines = async () => (await scrape()).split('\n').filter((line) => line.startsWith('patchmesh_')).length
  const before = await lines()
  await fleet.enroll({
    name: 'one-more',
    organization: 'initech',
    dataCenter: 'paris',
    kind: 'tenant',
    role: 'primary',
  })
  assert.equal(await lines(), before)
})
