/**
 * Whose signatures count: the rules of a publisher, apart from how a bundle arrives.
 */
import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PatchName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { publicKeyOfBytes } from '../../protocol/trust/envelope.ts'
import { judgeSignatures, keyIdOf, Publisher, type Signed, signManifest } from '../../protocol/trust/publishers.ts'
import { listedKey, publisherFixture, publisherKey } from '../support/publisher-fixtures.ts'

const NOW = Date.UTC(2026, 0, 1)
const KERNEL = PatchName.parse('kernel-6')
const manifest = Buffer.from('{"name":"kernel-6"}')
const { publisher: acme, keys } = publisherFixture('Acme')
const stranger = publisherKey('stranger')

function signed(...signers: (typeof stranger)[]): Signed {
  return { manifest, signatures: signers.map((key) => signManifest(manifest, key)) }
}

function sentence(given: Signed | null, publishers: Publisher[] = [acme], nowMs = NOW): string {
  const judged = judgeSignatures({ name: KERNEL, signed: given }, publishers, nowMs)
  assert.ok(isRefusal(judged), JSON.stringify(judged))
  return `${judged.refused}: ${judged.message}`
}

test('what is signed is the manifest in the pre-authentication encoding of DSSE, with a purpose of its own', () => {
  const [signature] = signed(keys[0]).signatures
  const encoded = Buffer.from(`DSSEv1 42 application/vnd.patchmesh.manifest.v1+json 19 ${manifest.toString()}`)
  const key = publicKeyOfBytes(Buffer.from(keys[0].publicKey, 'base64'))
  assert.ok(signature !== undefined && verify(null, encoded, key, Buffer.from(signature.sig, 'base64')))
  assert.equal(signature.keyid, keyIdOf(keys[0].publicKey))
})

test('nothing is checked where nobody is listed', () => {
  for (const given of [null, signed(), signed(stranger)])
    assert.equal(judgeSignatures({ name: KERNEL, signed: given }, [], NOW), null)
})

test('names the publisher and the keys that counted', () => {
  const { publisher: globex, keys: others } = publisherFixture('Globex', { threshold: 2 })
  assert.deepEqual(judgeSignatures({ name: KERNEL, signed: signed(stranger, ...others) }, [acme, globex], NOW), {
    publisher: 'Globex',
    keys: others.map(({ publicKey }) => keyIdOf(publicKey)),
  })
})

describe('a refusal names what was found and what was needed', () => {
  const two = publisherFixture('Acme', { threshold: 2 }).publisher
  const [first, second] = keys
  const ids = keys.map(({ publicKey }) => `${keyIdOf(publicKey).slice(0, 12)}…`)
  const unknown = `${keyIdOf(stranger.publicKey).slice(0, 12)}…`
  const wrong: Signed = { ...signed(first), manifest: Buffer.from('{"name":"kernel-7"}') }
  const other = publisherFixture('Acme', { patches: ['kernel-5', 'firm*'] }).publisher
  const revoked = publisherFixture('Acme', { keys: [listedKey(first, true), listedKey(second)] }).publisher
  const table: [string, () => string, string][] = [
    [
      'no signatures',
      () => sentence(signed()),
      'unsigned: kernel-6 is not signed; it must be signed by a publisher that is listed',
    ],
    [
      'a package',
      () => sentence(null),
      'unsigned: kernel-6 is a bare Debian package; it must be wrapped in a bundle (patchmesh release wrap) and signed by a publisher',
    ],
    [
      'a stranger',
      () => sentence(signed(stranger)),
      `untrusted_signature: kernel-6 is signed by ${unknown}, which is no publisher's key`,
    ],
    [
      'one of two',
      () => sentence(signed(first), [two]),
      'untrusted_signature: kernel-6 is signed by 1 of 2 needed keys of Acme',
    ],
    [
      'one twice',
      () => sentence(signed(first, first), [two]),
      `untrusted_signature: kernel-6 is signed by 1 of 2 needed keys of Acme: ${ids[0]} counts once`,
    ],
    [
      'one and a stranger',
      () => sentence(signed(first, stranger), [two]),
      `untrusted_signature: kernel-6 is signed by 1 of 2 needed keys of Acme: ${unknown} is none of them`,
    ],
    [
      'other bytes',
      () => sentence(wrong),
      `untrusted_signature: kernel-6 is signed by 0 of 1 needed keys of Acme: the signature of ${ids[0]} is wrong`,
    ],
    [
      'a revoked key',
      () => sentence(signed(first), [revoked]),
      `untrusted_signature: kernel-6 is signed by 0 of 1 needed keys of Acme: ${ids[0]} is revoked`,
    ],
    [
      'another patch',
      () => sentence(signed(first), [other]),
      'untrusted_signature: Acme may sign kernel-5, firm*, and this is kernel-6',
    ],
    [
      'its end',
      () => sentence(signed(first), [acme], Date.parse(acme.expiresAt)),
      `untrusted_signature: the keys of Acme for kernel-6 were good until ${acme.expiresAt}`,
    ],
  ]
  for (const [what, said, expected] of table) test(what, () => assert.equal(said(), expected))
})

test('good until its end, not a moment longer', () => {
  const end = Date.parse(acme.expiresAt)
  const at = (nowMs: number) => judgeSignatures({ name: KERNEL, signed: signed(keys[0]) }, [acme], nowMs)
  assert.ok(!isRefusal(at(end - 1)))
  assert.ok(isRefusal(at(end)))
})

test('an asterisk stands for any end of a name, and nothing else does', () => {
  const may = (pattern: string) => {
    const { publisher } = publisherFixture('Acme', { patches: [pattern] })
    return !isRefusal(judgeSignatures({ name: KERNEL, signed: signed(keys[0]) }, [publisher], NOW))
  }
  for (const pattern of ['*', 'k*', 'kernel-*', 'kernel-6*', 'kernel-6']) assert.ok(may(pattern), pattern)
  for (const pattern of ['kernel', 'kernel-', 'Kernel-6', 'kernel-65*', 'x*']) assert.ok(!may(pattern), pattern)
})

/** All keys there are, and what becomes of the key of each index. */
const POOL = Array.from({ length: 5 }, (_, index) => publisherKey(`pool ${index}`))
const scene = fc.record({
  listed: fc.uniqueArray(fc.record({ key: fc.nat(4), revoked: fc.boolean() }), {
    selector: ({ key }) => key,
    minLength: 1,
  }),
  threshold: fc.integer({ min: 1, max: 5 }),
  signatures: fc.array(fc.record({ key: fc.nat(4), by: fc.nat(4), spoiled: fc.boolean() }), { maxLength: 8 }),
})

test('accepted is exactly what enough different live keys have signed, in whatever order and company', () => {
  fc.assert(
    fc.property(scene, ({ listed, threshold, signatures }) => {
      const parsed = Publisher.safeParse({
        ...acme,
        threshold,
        keys: listed.map(({ key, revoked }) => listedKey(POOL[key] ?? stranger, revoked)),
      })
      assert.equal(parsed.success, threshold <= listed.length)
      if (!parsed.success) return
      const made = signatures.map(({ key, by, spoiled }) => {
        const { sig } = signManifest(spoiled ? Buffer.from('other') : manifest, POOL[by] ?? stranger)
        return { keyid: keyIdOf((POOL[key] ?? stranger).publicKey), sig }
      })
      const live = new Set(listed.filter(({ revoked }) => !revoked).map(({ key }) => key))
      const right = signatures.filter(({ key, by, spoiled }) => !spoiled && key === by && live.has(key))
      const judged = judgeSignatures({ name: KERNEL, signed: { manifest, signatures: made } }, [parsed.data], NOW)
      assert.equal(!isRefusal(judged), new Set(right.map(({ key }) => key)).size >= threshold)
    }),
  )
})

test('no single changed bit of the manifest or of a signature leaves it accepted', () => {
  const good = signManifest(manifest, keys[0])
  const sig = Buffer.from(good.sig, 'base64')
  fc.assert(
    fc.property(fc.boolean(), fc.nat(), (inManifest, position) => {
      const [bytes, other] = inManifest ? [Buffer.from(manifest), sig] : [Buffer.from(sig), manifest]
      const bit = position % (8 * bytes.byteLength)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const given = inManifest
        ? { manifest: bytes, signatures: [{ ...good, sig: Buffer.from(other).toString('base64') }] }
        : { manifest: Buffer.from(other), signatures: [{ ...good, sig: bytes.toString('base64') }] }
      assert.match(sentence(given), /signature of .+ is wrong/)
    }),
  )
})

describe('a publisher is refused', () => {
  const faults: [why: string, change: Record<string, unknown>, says: RegExp][] = [
    [
      'U24 when one key is listed under two ids',
      { keys: [listedKey(keys[0]), { ...listedKey(keys[0]), keyid: 'ab'.repeat(32) }] },
      /not the SHA-256/,
    ],
    [
      'U24 when one key is listed twice',
      { keys: [listedKey(keys[0]), listedKey(keys[0], true)], threshold: 2 },
      /lists a key twice/,
    ],
    ['when it needs more keys than it lists', { threshold: 3 }, /needs more keys/],
    ['when it needs none', { threshold: 0 }, /./],
    ['when its threshold is no whole number', { threshold: 1.5 }, /./],
    ['when it lists none', { keys: [] }, /has no key/],
    ['when it may sign nothing', { patches: [] }, /names no patch/],
    ['when a pattern is no beginning of a name', { patches: ['*-kernel'] }, /is not a patch name/],
    ['when a pattern is empty', { patches: [''] }, /is empty/],
    [
      'when a key has 31 bytes',
      { keys: [{ ...listedKey(keys[0]), publicKey: Buffer.alloc(31).toString('base64') }] },
      /32 bytes/,
    ],
    [
      'when a key is written in two ways',
      { keys: [{ ...listedKey(keys[0]), publicKey: ` ${keys[0].publicKey}` }] },
      /32 bytes/,
    ],
    ['when it ends at no time', { expiresAt: '2027-02-30T00:00:00Z' }, /is not a time/],
    ['when its name is no address', { name: '..' }, /no letter or digit/],
    ['when it says something else', { admin: true }, /Unrecognized/],
  ]
  for (const [why, change, says] of faults) {
    test(why, () => {
      const parsed = Publisher.safeParse({ ...acme, ...change })
      assert.ok(!parsed.success)
      assert.match(parsed.error.message, says)
    })
  }
})

test('keys that may all be revoked: then nothing that it signs is accepted', () => {
  const { publisher } = publisherFixture('Acme', { keys: keys.map((key) => listedKey(key, true)), threshold: 2 })
  assert.match(sentence(signed(...keys), [publisher]), /0 of 2 needed keys of Acme/)
})

test('a key that is no point of the curve makes no signature right', () => {
  const publicKey = Buffer.alloc(32, 0xff).toString('base64') as Publisher['keys'][number]['publicKey']
  const { publisher } = publisherFixture('Acme', { keys: [{ keyid: keyIdOf(publicKey), publicKey }] })
  const signatures = [{ keyid: keyIdOf(publicKey), sig: Buffer.alloc(64).toString('base64') }]
  assert.match(sentence({ manifest, signatures }, [publisher]), /0 of 1/)
})
