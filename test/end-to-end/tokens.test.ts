/**
 * Enrollment with tokens that are used, expired, stolen, damaged or of somebody else: each appliance is enrolled at most
 * once, and whoever is refused reads one sentence that says why and what to do.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Slot } from '../../controller/core/records.ts'
import { printToken } from '../../protocol/token.ts'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { refused, runAgent } from '../support/agent-run.ts'
import { eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'
import { insertToken, tokenOf } from '../support/inserted-token.ts'

let fleet: Fleet
const PRIMARY = provider('primary', 'primary')

before(async () => {
  fleet = await Fleet.start()
})
after(() => fleet.stop())

function provider(name: string, role: SlotText['role'], dataCenter = 'Paris'): Slot {
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

test('an agent without a token, or with a damaged one, says what to do', async () => {
  refused(await runAgent(['--data', fleet.folderOf('none')]), /not enrolled.*--token.*patchmesh enroll-token/)
  const text = await fleet.token(provider('damaged', 'secondary'))
  const flipped = `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`
  const texts = ['', 'x', text.slice(4), text.slice(0, -9), `${text}AAAA`, flipped, `pm1.${'A'.repeat(5000)}`]
  const ends = texts.map((damaged, at) => runAgent(['--data', fleet.folderOf(`damaged-${at}`), '--token', damaged]))
  for (const end of await Promise.all(ends)) refused(end, /token/)
  assert.deepEqual(await fleet.api.appliances(), [])
})

test('E1 a used token is refused to a second appliance, and the same appliance may ask again', async () => {
  const token = await fleet.token(PRIMARY)
  await fleet.startAgent('primary', ['--token', token])
  refused(
    await runAgent(['--data', fleet.folderOf('second'), '--token', token]),
    /the token for primary has already enrolled another appliance\. A token enrolls one appliance\. Make a new one/,
  )
  await fleet.daemon('primary').stop()
  await cp(join(fleet.folderOf('primary'), 'identity'), join(fleet.folderOf('again'), 'identity'))
  await fleet.startAgent('again', ['--token', token])
  await fleet.daemon('again').stop()
  const members = await fleet.api.appliances()
  assert.deepEqual(
    members.map(({ name }) => name),
    ['primary'],
  )
  await fleet.startAgent('primary')
})

test('E1 an expired token is refused with the time of its end', async () => {
  const token = printToken(
    await insertToken(fleet, provider('late', 'secondary'), { expiresAt: Date.now() - 3_600_000 }),
  )
  refused(
    await runAgent(['--data', fleet.folderOf('late'), '--token', token]),
    /the token for late expired at 20..-..-..T.*Ask for a new one/,
  )
})

test("E1 the bearer of a made-up token, or of a tenant's at the Service Center, is hung up on and told to make another", async () => {
  const real = tokenOf(await fleet.token(provider('real', 'secondary')))
  const madeUp = printToken({ ...real, secret: new Uint8Array(randomBytes(32)) })
  const tenant = slotOf({ name: 't2', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' })
  const misplaced = printToken(await insertToken(fleet, tenant))
  const ends = await Promise.all(
    [madeUp, misplaced].map((token, index) =>
      runAgent(['--data', fleet.folderOf(`hung up on ${index}`), '--token', token]),
    ),
  )
  for (const end of ends)
    refused(
      end,
      /closes the connection without a word: it does not know this token\. Make a new token: patchmesh enroll-token/,
    )
})

test('a tenant appliance cannot have a token before the depot of its Data Center exists', async () => {
  const tenant = slotOf({ name: 't', organization: 'Acme', dataCenter: 'Tokyo', kind: 'tenant', role: 'primary' })
  await assert.rejects(fleet.token(tenant), /Tokyo has no Service Provider appliance yet/)
})

test('E3 of two appliances that race with one token exactly one is enrolled, and the other is told', async () => {
  const token = await fleet.token(provider('raced', 'secondary'))
  const racers = ['racer 1', 'racer 2', 'racer 3'].map((name) => {
    const args = ['agent', '--data', fleet.folderOf(name), '--listen', '/ip4/127.0.0.1/tcp/0', '--token', token]
    return Daemon.start({ name, args, logFile: join(fleet.folder, `${name}.log`) })
  })
  const ends = await Promise.allSettled(racers.map((racer) => racer.ready()))
  const won = racers.filter((_, index) => ends[index]?.status === 'fulfilled')
  await Promise.all(racers.map((racer) => racer.stop()))
  assert.equal(won.length, 1, racers.map(({ log }) => log).join('\n'))
  for (const racer of racers)
    if (racer !== won[0])
      assert.match(racer.log, /patchmesh: the token for raced has already enrolled another appliance/)
  assert.equal((await fleet.api.appliances()).filter(({ name }) => name === 'raced').length, 1)
})

test('an agent that starts before the controller enrolls when it comes, and reconnects when it comes again', async () => {
  const token = await fleet.token(provider('early', 'secondary', 'Oslo'))
  await fleet.serviceCenter.stop()
  const started = fleet.startAgent('early', ['--token', token])
  await eventually('a try', () => /not enrolled yet/.test(fleet.daemon('early').log))
  await fleet.restartServiceCenter()
  await started
  await fleet.reachable(['early', 'primary'])
  await fleet.restartServiceCenter()
  await fleet.reachable(['early', 'primary'])
})
