/**
 * Connections that die without a word, as behind a NAT that has forgotten them: TCP notices after a quarter of an hour,
 * patchmesh when nothing was heard for a while. Then it is told, and another connection is made.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK } from '../../simulator/processes/place.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { ForgetfulNat, freePort } from '../support/forgetful-nat.ts'

let fleet: Fleet
let nat: ForgetfulNat
before(async () => {
  const port = await freePort()
  nat = await ForgetfulNat.before(port)
  const serviceCenter = {
    ...LOOPBACK.serviceCenter,
    listen: `/ip4/127.0.0.1/tcp/${port}`,
    announce: `/ip4/127.0.0.1/tcp/${nat.port}`,
  }
  fleet = await Fleet.start(async () => {}, { ...LOOPBACK, serviceCenter })
  const config = join(fleet.folder, 'agent.yaml')
  await writeFile(config, 'silenceSeconds: 25\n')
  const place = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
  await fleet.add(slotOf({ ...place, name: 'primary', role: 'primary' }), ['--config', config])
  await fleet.reachable(['primary'])
})
after(async () => {
  await fleet.stop()
  nat.close()
})

test(
  'R1: a connection that has died without a word is given up by both ends, and another one is made',
  DEADLINE,
  async () => {
    const { made } = nat
    nat.forget()
    await fleet.until(
      'it is not called reachable any more, or has come back already',
      () => fleet.api.appliances(),
      ([primary]) => primary?.reachable === false || nat.made > made,
    )
    await eventually('another connection is made', () => nat.made > made)
    await fleet.reachable(['primary'])
    const file = join(fleet.folder, 'after.patch')
    await writeExampleBundle({ name: 'after', version: '1.0.0', bytes: 4_000_000, out: file })
    const { id } = await fleet.api.upload(file)
    const { replications } = await fleet.until(
      '1/1',
      () => fleet.api.patch(id),
      (patch) => patch.replications.complete === 1,
    )
    assert.deepEqual(replications, { complete: 1, total: 1 })
  },
)

test('R2: what is asked of an appliance goes over the connection on which it is heard', DEADLINE, async () => {
  const { made } = nat
  nat.forget()
  fleet.daemon('primary').kill('SIGKILL')
  await eventually('it is gone', () => !fleet.daemon('primary').running)
  await fleet.startAgent('primary')
  await eventually('it has dialled anew', () => nat.made > made)
  const log = await eventually('it answers what it is asked', async () => {
    const { agent } = (await fleet.api.logBundle('primary')) as { agent: { answered: boolean; log: unknown[] } }
    return agent.answered && agent.log
  })
  assert.match(JSON.stringify(log), /started/)
})

test(
  'R1: an agent that stood still until it was hung up on dials anew, though its socket was left open',
  DEADLINE,
  async () => {
    await fleet.reachable(['primary'])
    fleet.daemon('primary').kill('SIGSTOP')
    await fleet.until(
      'it is not called reachable any more',
      () => fleet.api.appliances(),
      ([primary]) => primary?.reachable === false,
    )
    fleet.daemon('primary').kill('SIGCONT')
    await fleet.reachable(['primary'])
  },
)
