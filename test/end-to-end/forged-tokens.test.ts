/**
 * Enrollment with tokens that were stolen, changed, or are held by two at once: only who has the secret gets an answer, and
 * only an answer that the root of the token signed is believed.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Slot } from '../../controller/core/records.ts'
import { decode } from '../../protocol/codec.ts'
import { ENROLL_PROTOCOL, EnrollmentAnswer } from '../../protocol/messages.ts'
import {
  enrollingIdentity,
  enrollingSeed,
  enrollmentProof,
  printToken,
  proofKey,
  type Token,
} from '../../protocol/token.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { refused, runAgent } from '../support/agent-run.ts'
import { eventually } from '../support/eventually.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'
import { HostilePeer } from '../support/hostile-peer.ts'
import { insertToken, tokenOf } from '../support/inserted-token.ts'

let fleet: Fleet

before(async () => {
  fleet = await Fleet.start()
})
after(() => fleet.stop())

function provider(name: string, role: SlotText['role'], dataCenter = 'Paris'): Slot {
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

test('E2 what the database knows of a token enrolls nobody', async () => {
  const token = await insertToken(fleet, provider('stolen', 'secondary'))
  const known = proofKey(token.secret)
  const thief = await HostilePeer.start(new Uint8Array(randomBytes(32)))
  const guess = await HostilePeer.start(known)
  for (const peer of [thief, guess]) {
    const appliance = peer.peer
    const proof = enrollmentProof(known, token.serviceCenter, appliance as Token['root'])
    const talk = await peer
      .open(token.dial[0] ?? '', ENROLL_PROTOCOL)
      .catch((cause: unknown) => new Error('it was not let in', { cause }))
    if (talk instanceof Error) continue
    talk.say({ version: 1, appliance, proof })
    await talk.ended
    assert.deepEqual(talk.received, [])
    await peer.stop()
  }
  assert.ok((await fleet.api.appliances()).every(({ name }) => name !== 'stolen'))
})

test('E3 two that hold one token open at one moment each get their own answer', async () => {
  const token = tokenOf(await fleet.token(provider('answered', 'secondary')))
  const peers = await Promise.all([1, 2].map(() => HostilePeer.start(enrollingSeed(token.secret))))
  const talks = await Promise.all(
    peers.map((peer) => eventually('the token is known', () => peer.open(token.dial[0] ?? '', ENROLL_PROTOCOL))),
  )
  const kinds: unknown[] = []
  for (const talk of talks) {
    const appliance = enrollingIdentity(randomBytes(32)).peer
    const proof = enrollmentProof(proofKey(token.secret), token.serviceCenter, appliance)
    talk.say({ version: 1, appliance, proof })
    await talk.ended
    const [answer] = talk.received.map((bytes) => decode(EnrollmentAnswer, bytes, 'an answer'))
    kinds.push(answer !== undefined && 'kind' in answer ? answer.kind : answer)
  }
  await Promise.all(peers.map((peer) => peer.stop()))
  assert.deepEqual(kinds, ['enrolled', 'refused'])
})

test('E5 a token that names another Service Center is refused, and nothing is enrolled', async () => {
  const token = await insertToken(fleet, provider('astray', 'secondary'))
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
  const token = await insertToken(fleet, provider('rootless', 'secondary'))
  const other = printToken({ ...token, root: enrollingIdentity(randomBytes(32)).peer })
  refused(await runAgent(['--data', fleet.folderOf('rootless'), '--token', other]), /signed/)
  assert.ok(!(await readdir(fleet.folderOf('rootless'))).includes('enrollment'))
})
