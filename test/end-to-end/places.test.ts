/**
 * Places of the fleet with real agents: they are asked after themselves, also through their depot, renamed, replaced and
 * retired.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ApplianceDetail } from '../../controller/core/appliance-views.ts'
import type { Slot } from '../../controller/core/records.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'

type Bundle = { appliance: ApplianceDetail; agent: { answered: boolean; reason: string; log: string[] } }

let fleet: Fleet
before(async () => {
  fleet = await Fleet.start()
  await fleet.addAll([place('sp-1', 'primary'), place('sp-2', 'secondary'), place('acme-1', 'primary', 'Acme')])
})
after(() => fleet.stop())

function place(name: string, role: SlotText['role'], organization = 'Provider'): Slot {
  const kind = organization === 'Provider' ? 'service-provider' : 'tenant'
  return slotOf({ name, organization, dataCenter: 'Paris', kind, role, group: 'pair' })
}

const bundle = (name: string) => fleet.api.logBundle(name) as Promise<Bundle>

test('the inventory tells the agent, the store and the free disk of each appliance, as it says itself', async () => {
  const all = await fleet.until(
    'every appliance has told of itself',
    () => fleet.api.appliances(),
    (appliances) => appliances.length === 3 && appliances.every(({ account }) => account !== null),
  )
  for (const { account } of all) {
    assert.match(account?.agentVersion ?? '', /^\d+\.\d+\.\d+$/)
    assert.equal(account?.storeBytes, 0)
    assert.ok((account?.freeBytes ?? 0) > 0)
  }
})

test('INV16 a log bundle has the end of the log of the agent, also through the depot, and no secret', async () => {
  for (const name of ['sp-1', 'acme-1']) {
    const { appliance, agent } = await bundle(name)
    assert.equal(appliance.name, name)
    assert.ok(agent.answered, agent.reason)
    assert.ok(agent.log.length > 0)
    const text = JSON.stringify(agent.log)
    assert.ok(text.length <= 300_000)
    assert.doesNotMatch(text, /pm1\.[A-Za-z0-9_-]{10}/)
  }
})

test('of an agent that is away the bundle says why its log is not there', async () => {
  await fleet.daemon('acme-1').stop()
  await fleet.until(
    'the tenant is seen to be away',
    () => fleet.api.appliances(),
    (appliances) => appliances.some(({ name, reachable }) => name === 'acme-1' && !reachable),
  )
  const { agent } = await bundle('acme-1')
  assert.deepEqual(agent, { answered: false, reason: 'it is not connected', log: [] })
  await fleet.startAgent('acme-1')
  await fleet.reachable(['acme-1'])
})

test('a renamed appliance says its new name when it starts again', async () => {
  await fleet.api.renameAppliance('acme-1', 'acme-paris')
  await fleet.until(
    'the agent has learned its name',
    () => bundle('acme-paris'),
    ({ agent }) => agent.log.some((line) => line.includes('was renamed')),
  )
  await fleet.daemon('acme-1').stop()
  await fleet.startAgent('acme-1')
  await fleet.reachable(['acme-paris'])
  const { agent } = await bundle('acme-paris')
  assert.ok(agent.log.some((line) => line.includes('"appliance":"acme-paris"') && line.includes('started')))
})

test('another machine takes the place of an appliance, whose key is worth nothing from then on', async () => {
  const { token } = await fleet.api.replaceAppliance('sp-2')
  await fleet.startAgent('the new machine', ['--token', token])
  const [former] = await fleet.api.appliances({ members: 'retired' })
  assert.equal(former?.name, 'sp-2')
  await fleet.reachable(['sp-2'])
  const now = await fleet.api.appliance('sp-2')
  assert.equal(now.epoch, 2)
  assert.notEqual(now.peer, former?.peer)
  await fleet.daemon('sp-2').stop()
})

test('a retired appliance is hung up on, which it need not find out by silence, and is not let in again', async () => {
  const saidBefore = fleet.daemon('acme-1').log.length
  await fleet.api.retireAppliance('acme-paris', true)
  await fleet.until(
    'the retired agent has lost its connection',
    async () => fleet.daemon('acme-1').log.slice(saidBefore),
    (log) => log.includes('uplink lost'),
  )
  assert.doesNotMatch(fleet.daemon('acme-1').log.slice(saidBefore), /nothing was heard/)
  const lostOnce = fleet.daemon('acme-1').log.length
  await fleet.until(
    'it has tried again',
    async () => fleet.daemon('acme-1').log.slice(lostOnce),
    (log) => log.includes('uplink lost'),
  )
  const members = await fleet.api.appliances()
  assert.deepEqual(members.map(({ name }) => name).sort(), ['sp-1', 'sp-2'])
})
