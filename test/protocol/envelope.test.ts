/**
 * Signed envelopes: who signed, for what purpose, and that not one bit of it can be changed.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { encode } from '../../protocol/codec.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { PeerId } from '../../protocol/identifiers.ts'
import { nextWord, seededRandom } from '../../protocol/random.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  envelopeDigest,
  open,
  reopen,
  seal,
  signingKeyFromSeed,
} from '../../protocol/trust/envelope.ts'
import { Order, Publication, Receipt, Withdrawal } from '../../protocol/trust/statements.ts'
import { appliance, envelope, publication, root } from './samples.ts'

const stranger = signingKeyFromSeed(new Uint8Array(32).fill(3))

function code(result: unknown): string {
  return isRefusal(result) ? result.refused : 'opened'
}

test('a statement comes out as it was sealed, for the signer that is expected', () => {
  assert.deepEqual(open(Publication, envelope, [root.peer]), publication)
  assert.deepEqual(open(Publication, envelope, [stranger.peer, root.peer]), publication)
})

test('what is signed is the pre-authentication encoding of DSSE, as in the example of its specification', () => {
  const example: Envelope = {
    payloadType: 'http://example.com/HelloWorld',
    payload: Buffer.from('hello world'),
    signatures: [],
  }
  const encoded = Buffer.from('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
  assert.equal(envelopeDigest(example), sha256Hex(encoded))
})

describe('an envelope is refused', () => {
  const table: [why: string, refusal: string, result: () => unknown][] = [
    ['when it states something else', 'undecodable', () => open(Withdrawal, envelope, [root.peer])],
    [
      'when another purpose was written on it',
      'bad_signature',
      () => {
        return open(Receipt, { ...envelope, payloadType: Receipt.payloadType }, [root.peer])
      },
    ],
    [
      'when a stranger signed it',
      'wrong_signer',
      () => open(Publication, seal(Publication, publication, stranger), [root.peer]),
    ],
    ['when nobody is expected to sign it', 'wrong_signer', () => open(Publication, envelope, [])],
    [
      'when it names a key that did not sign it',
      'bad_signature',
      () => {
        const [signature] = envelope.signatures
        assert.ok(signature)
        return open(Publication, { ...envelope, signatures: [{ ...signature, keyid: stranger.peer }] }, [stranger.peer])
      },
    ],
    [
      'when its signature is empty',
      'bad_signature',
      () => {
        return open(Publication, { ...envelope, signatures: [{ keyid: root.peer, sig: new Uint8Array() }] }, [
          root.peer,
        ])
      },
    ],
    [
      'when its signature is too long',
      'bad_signature',
      () => {
        return open(Publication, { ...envelope, signatures: [{ keyid: root.peer, sig: new Uint8Array(4096) }] }, [
          root.peer,
        ])
      },
    ],
    [
      'when what is inside is signed and yet of another form',
      'undecodable',
      () => {
        return open(Order, { ...seal({ ...Order, schema: Publication.schema }, publication, root) }, [root.peer])
      },
    ],
  ]
  for (const [why, refusal, result] of table) test(why, () => assert.equal(code(result()), refusal))
})

test('with two signatures it counts when one of them is of an expected signer, in whatever order they stand', () => {
  const [ours] = envelope.signatures
  const [theirs] = seal(Publication, publication, stranger).signatures
  assert.ok(ours && theirs)
  for (const signatures of [
    [ours, theirs],
    [theirs, ours],
  ]) {
    assert.equal(code(open(Publication, { ...envelope, signatures }, [root.peer])), 'opened')
    assert.equal(code(open(Publication, { ...envelope, signatures }, [stranger.peer])), 'opened')
    assert.equal(code(open(Publication, { ...envelope, signatures }, [appliance.peer])), 'wrong_signer')
  }
  const forged = { keyid: root.peer, sig: theirs.sig }
  assert.equal(code(open(Publication, { ...envelope, signatures: [forged, theirs] }, [root.peer])), 'bad_signature')
})

test('no bit of it can be flipped, wherever it is', () => {
  const bytes = encodeEnvelope(envelope)
  for (let at = 0; at < bytes.byteLength; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
    const decoded = decodeEnvelope(changed)
    if (isRefusal(decoded)) continue
    assert.notEqual(code(open(Publication, decoded, [root.peer])), 'opened', `byte ${at}`)
  }
})

test('opening is total: any envelope of the right form gives a statement or a refusal', () => {
  const bytes = fc.uint8Array({ maxLength: 80 })
  const keyids = fc.constantFrom(root.peer, stranger.peer)
  const envelopes = fc.record({
    payloadType: fc.constantFrom(Publication.payloadType, Order.payloadType, ''),
    payload: fc.oneof(bytes, fc.constant(envelope.payload)),
    signatures: fc.array(fc.record({ keyid: keyids, sig: bytes }), { minLength: 1, maxLength: 8 }),
  })
  fc.assert(
    fc.property(envelopes, (each) => assert.notEqual(code(open(Publication, each, [root.peer])), 'opened')),
    { numRuns: 200, seed: 1 },
  )
})

test('the name of an envelope is that of what was signed, whoever signed it', () => {
  assert.equal(envelopeDigest(seal(Publication, publication, stranger)), envelopeDigest(envelope))
  const other = { ...publication, publishedAt: publication.publishedAt + 1 }
  assert.notEqual(envelopeDigest(seal(Publication, other, root)), envelopeDigest(envelope))
})

test('a stored statement that no longer verifies is a damaged store and throws', () => {
  const damaged = { ...envelope, payload: encode(publication).fill(0, 0, 1) }
  assert.throws(() => reopen(Publication, damaged, [root.peer]), /a stored statement no longer verifies/)
})

describe('a peer id', () => {
  test('is the one that libp2p gives to the same key', async () => {
    const random = seededRandom(20)
    for (let seed = 0; seed < 20; seed++) {
      const secret = Buffer.from(Uint32Array.from({ length: 8 }, () => nextWord(random)).buffer)
      const theirs = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', secret)).toString()
      assert.equal(signingKeyFromSeed(secret).peer, theirs)
      assert.ok(PeerId.safeParse(theirs).success)
    }
  })

  test('names one key only: no other text of its form stands for the same key', () => {
    const { peer } = root
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
    const toNumber = (text: string) =>
      [...text].reduce((sum, letter) => sum * 58n + BigInt(alphabet.indexOf(letter)), 0n)
    for (const shift of [-2n, -1n, 1n, 2n]) {
      let number = toNumber(peer) + (shift << 256n)
      let alias = ''
      for (; number > 0n; number /= 58n) alias = alphabet[Number(number % 58n)] + alias
      assert.ok(!PeerId.safeParse(`1${alias}`).success, `1${alias} would be verified with the key of ${peer}`)
    }
    for (const edge of ['1'.repeat(44), 'z'.repeat(44)]) assert.ok(!PeerId.safeParse(`12D3KooW${edge}`).success)
  })
})
