/**
 * Enrollment tokens: what they carry, what is derived from them, and that a damaged one is refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../protocol/hashing.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import {
  enrollingIdentity,
  enrollmentProof,
  printToken,
  proofKey,
  provesEnrollment,
  readToken,
  Token,
} from '../../protocol/token.ts'
import { appliance, root, samples } from './samples.ts'

const token = Token.parse(samples.find(({ what }) => what === 'a token')?.values[0])
const text = printToken(token)

test('a token comes back as it was printed, and is one word that a shell and a URL leave alone', () => {
  assert.match(text, /^pm1\.[A-Za-z0-9_-]+$/)
  const back = readToken(text)
  assert.ok(!isRefusal(back))
  assert.deepEqual(printToken(back), text)
})

test('a token that was cut anywhere is refused', () => {
  for (let length = 0; length < text.length; length++) {
    const cut = readToken(text.slice(0, length))
    assert.ok(isRefusal(cut), `${length} characters`)
  }
})

test('a token of another version, or something else altogether, is refused with what was expected', () => {
  for (const other of [
    '',
    'pm2.abc',
    text.slice(4),
    'Bearer x',
    `pm1.${Buffer.from('not CBOR').toString('base64url')}`,
  ]) {
    const refused = readToken(other)
    assert.ok(isRefusal(refused), other)
    assert.ok(refused.message.length > 10)
  }
})

test('a token with a secret that is too short is refused', () => {
  assert.ok(isRefusal(readToken(printToken({ ...token, secret: new Uint8Array(31) }))))
})

test('the enrolling identity and the proof follow from the secret alone', () => {
  const other = sha256(Buffer.from('another secret'))
  assert.equal(enrollingIdentity(token.secret).peer, enrollingIdentity(token.secret).peer)
  assert.notEqual(enrollingIdentity(token.secret).peer, enrollingIdentity(other).peer)
})

test('a proof holds for its secret, its Service Center and its appliance only', () => {
  const key = proofKey(token.secret)
  const proof = enrollmentProof(key, root.peer, appliance.peer)
  assert.ok(provesEnrollment(proof, key, root.peer, appliance.peer))
  assert.ok(!provesEnrollment(proof, proofKey(sha256(Buffer.from('x'))), root.peer, appliance.peer))
  assert.ok(!provesEnrollment(proof, key, appliance.peer, appliance.peer))
  assert.ok(!provesEnrollment(proof, key, root.peer, root.peer))
})

test('E2 what the Service Center keeps of a token does not give the enrolling identity', () => {
  const kept = proofKey(token.secret)
  assert.notEqual(enrollingIdentity(kept).peer, enrollingIdentity(token.secret).peer)
})
