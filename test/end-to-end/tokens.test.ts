/**
 * Enrollment with tokens that are used, expired, stolen, damaged or of somebody else: each appliance is enrolled at most
 * once, and whoever is refused reads one sentence that says why and what to do.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Slot } from '../../controller/core/records.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { ENROLL_PROTOCOL } from '../../protocol/messages.ts'
import {
  enrollingIdentity,
  enrollmentProof,
  printToken,
  proofKey,
  readToken,
  type Token,
} from '../../protocol/token.ts'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { type AgentEnd, runAgent } from '../support/agent-run.ts'
import { eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'
import { HostilePeer } from '../support/hostile-peer.ts'

let fleet: Fleet
const PRIMARY = provider('primary', 'primary')

before(async () => {
  fleet = await Fleet.start()
})
after(() => fleet.stop())

function provider(name: string, role: SlotText['role'], dataCenter = 'Paris'): Slot {
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

function tokenOf(text: string): Token {
  const token = readToken(text)
  assert.ok('secret' in token)
  return token
}

function refused(end: AgentEnd, sentence: RegExp): void {
  assert.equal(end.status, 1, end.stderr)
  assert.equal(end.sentences.length, 1, end.stderr)
  assert.match(end.sentences[0] ?? '', sentence)
  assert.match(end.sentences[0] ?? '', /^patchmesh: .*\. [A-Z].*\.$|: .*patchmesh enroll-token/)
  assert.doesNotMatch(end.stderr, /\n {4}at |"stack"/)
  assert.equal(end.stdout, '')
}

/** A token that the database knows, whatever the rules for issuing one say. */
async function insertToken(slot: Slot, change: { expiresAt?: number; dial?: Token['dial'] } = {}): Promise<Token> {
  const folder = join(fleet.folder, 'service-center')
  const authority = await loadAuthority(folder)
  const repository = await openRepository({ folder, root: authority.signing.peer })
  const secret = new Uint8Array(randomBytes(32))
  const issuedAt = Date.now() - 7_200_000
  const expiresAt = change.expiresAt ?? Date.now() + 60_000
  const enrollingPeer = enrollingIdentity(secret).peer
  await repository.issueToken({ ...slot, enrollingPeer, proofKey: proofKey(secret), issuedAt, expiresAt, usedBy: null })
  await repository.close()
  const dial = change.dial ?? tokenOf(await fleet.token(provider(`for its addresses ${slot.name}`, 'secondary'))).dial
  return { version: 1, dial, secret, root: authority.signing.peer, serviceCenter: authority.mesh }
}

test('an agent without a token, or with a damaged one, says what to do', async () => {
  refused(await runAgent(['--data', fleet.folderOf('none')]), /not enrolled.*--token.*patchmesh enroll-token/)
  const text = await fleet.token(provider('damaged', 'secondary'))
  const flipped = `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`
  for (const damaged of ['', 'x', text.slice(4), text.slice(0, -9), `${text}AAAA`, flipped, `pm1.${'A'.repeat(5000)}`])
    refused(await runAgent(['--data', fleet.folderOf('damaged'), '--token', damaged]), /token/)
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
  const token = printToken(await insertToken(provider('late', 'secondary'), { expiresAt: Date.now() - 3_600_000 }))
  refused(
    await runAgent(['--data', fleet.folderOf('late'), '--token', token]),
    /the token for late expired at 20..-..-..T.*Ask for a new one/,
  )
})

test('E1 a made-up token is hung up on until its bearer gives up with a sentence', async () => {
  const real = tokenOf(await fleet.token(provider('real', 'secondary')))
  const token = printToken({ ...real, secret: new Uint8Array(randomBytes(32)) })
  refused(
    await runAgent(['--data', fleet.folderOf('made-up'), '--token', token]),
    /closes the connection without a word: it does not know this token\. Make a new token: patchmesh enroll-token/,
  )
})

test('a tenant appliance cannot have a token before the depot of its Data Center exists', async () => {
  const tenant = slotOf({ name: 't', organization: 'Acme', dataCenter: 'Tokyo', kind: 'tenant', role: 'primary' })
  await assert.rejects(fleet.token(tenant), /Tokyo has no Service Provider appliance yet/)
})

test('E1 a token for a tenant is worth nothing at the Service Center itself', async () => {
  const tenant = slotOf({ name: 't2', organization: 'Acme', dataCenter: 'Paris', kind: 'tenant', role: 'primary' })
  const token = await insertToken(tenant)
  refused(await runAgent(['--data', fleet.folderOf('t2'), '--token', printToken(token)]), /does not know this token/)
})

test('E2 what the database knows of a token enrolls nobody', async () => {
  const token = await insertToken(provider('stolen', 'secondary'))
  const known = proofKey(token.secret)
  const thief = await HostilePeer.start(new Uint8Array(randomBytes(32)))
  const guess = await HostilePeer.start(known)
  for (const peer of [thief, guess]) {
    const appliance = peer.peer
    const proof = enrollmentProof(known, token.serviceCenter, appliance as Token['root'])
    const answer = await peer.open(token.dial[0] ?? '', ENROLL_PROTOCOL).then(
      async (talk) => {
        talk.say({ version: 1, appliance, proof })
        await talk.ended
        return talk.received
      },
      () => [],
    )
    assert.deepEqual(answer, [])
    await peer.stop()
  }
  assert.ok((await fleet.api.appliances()).every(({ name }) => name !== 'stolen'))
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

test('E5 a token that names another Service Center is refused, and nothing is enrolled', async () => {
  const token = await insertToken(provider('astray', 'secondary'))
  const stranger = enrollingIdentity(randomBytes(32)).peer
  const other = printToken({ ...token, serviceCenter: stranger })
  refused(
    await runAgent(['--data', fleet.folderOf('astray'), '--token', other]),
    /the proof was not made with the secret/,
  )
  const dial = token.dial.map((address) => address.replace(/[^/]*$/, stranger)) as Token['dial']
  const elsewhere = printToken({ ...token, dial })
  refused(
    await runAgent(['--data', fleet.folderOf('astray'), '--token', elsewhere]),
    /is somebody else than the token names\. Make a new token/,
  )
  assert.ok(!(await readdir(fleet.folderOf('astray'))).includes('enrollment'))
})

test('E6 a membership that the root of the token did not sign is refused', async () => {
  const token = await insertToken(provider('rootless', 'secondary'))
  const other = printToken({ ...token, root: enrollingIdentity(randomBytes(32)).peer })
  refused(await runAgent(['--data', fleet.folderOf('rootless'), '--token', other]), /signed/)
  assert.ok(!(await readdir(fleet.folderOf('rootless'))).includes('enrollment'))
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
