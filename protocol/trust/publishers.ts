/**
 * Publishers: who may sign which patches, with which keys, how many of them together, and until when. A signature in a
 * bundle's signatures.json is Ed25519 over the bytes of its manifest.json in the pre-authentication encoding of DSSE,
 * which names the purpose. Pure: the same list, bundle and time give the same answer, at the Service Center and on an
 * appliance.
 */
import { type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { BundleSignature } from '../bundle/bundle-manifest.ts'
import { sha256Hex } from '../hashing.ts'
import { type PatchName, PublisherName, Sha256 } from '../identifiers.ts'
import { MAX_PUBLISHER_KEYS, MAX_PUBLISHER_PATCHES, MAX_SIGNATURES } from '../limits.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { preAuthenticationEncoding, publicKeyOfBytes } from './envelope.ts'

export const MANIFEST_PAYLOAD_TYPE = 'application/vnd.patchmesh.manifest.v1+json'
const PUBLIC_KEY_BYTES = 32

export const PublicKey = z
  .string()
  .refine(isPublicKey, 'is not an Ed25519 public key: the base64 of its 32 bytes')
  .brand<'PublicKey'>()
export type PublicKey = z.infer<typeof PublicKey>

/** The id follows from the key, so no key has two, and one that was mistyped is noticed. */
export const PublisherKey = z
  .strictObject({ keyid: Sha256, publicKey: PublicKey, revoked: z.boolean().default(false) })
  .refine(
    ({ keyid, publicKey }) => keyid === keyIdOf(publicKey),
    'has a keyid that is not the SHA-256 of its publicKey',
  )
export type PublisherKey = z.infer<typeof PublisherKey>

/** A patch name, or how the names begin. */
export const PatchPattern = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9][A-Za-z0-9+._-]{0,99})?\*?$/,
    'is not a patch name, or the beginning of patch names and an asterisk',
  )
  .min(1, 'is empty')

export const Publisher = z
  .strictObject({
    name: PublisherName,
    keys: z.array(PublisherKey).min(1, 'has no key').max(MAX_PUBLISHER_KEYS, 'has too many keys'),
    threshold: z
      .int('is not a whole number')
      .min(1, 'is less than 1')
      .max(MAX_SIGNATURES, `is more than ${MAX_SIGNATURES}`),
    patches: z.array(PatchPattern).min(1, 'names no patch').max(MAX_PUBLISHER_PATCHES, 'names too many patches'),
    expiresAt: z.iso.datetime('is not a time such as 2027-12-31T00:00:00Z'),
  })
  .refine(({ keys }) => new Set(keys.map(({ keyid }) => keyid)).size === keys.length, 'lists a key twice')
  .refine(({ keys, threshold }) => threshold <= keys.length, 'needs more keys than it lists')
export type Publisher = z.infer<typeof Publisher>

/** The bytes of manifest.json, and what claims to sign them. */
export type Signed = { readonly manifest: Uint8Array; readonly signatures: readonly BundleSignature[] }
/** Whose signature was believed, and the ids of the keys that made it. */
export const SignedBy = z.object({ publisher: PublisherName, keys: z.array(Sha256) })
export type SignedBy = z.infer<typeof SignedBy>

export function keyIdOf(publicKey: PublicKey): Sha256 {
  return sha256Hex(Buffer.from(publicKey, 'base64'))
}

export function liveKeys({ keys }: Publisher): PublisherKey[] {
  return keys.filter(({ revoked }) => !revoked)
}

/** What a publisher's key says of a manifest, for signatures.json. */
export function signManifest(
  manifest: Uint8Array,
  key: { publicKey: PublicKey; privateKey: KeyObject },
): BundleSignature {
  const sig = sign(null, signedBytes(manifest), key.privateKey)
  return { keyid: keyIdOf(key.publicKey), sig: sig.toString('base64') }
}

/**
 * The publisher that signed the patch of this name as it must, or a sentence on what is missing. Null where nobody is
 * listed: then nothing is checked. `signed` is null for a file that cannot carry signatures.
 */
export function judgeSignatures(
  patch: { readonly name: PatchName; readonly signed: Signed | null },
  publishers: readonly Publisher[],
  nowMs: number,
): SignedBy | Refusal | null {
  const { name, signed } = patch
  if (publishers.length === 0) return null
  if (signed === null)
    return refuse(
      'unsigned',
      `${name} is a bare Debian package; it must be wrapped in a bundle (patchmesh release wrap) and signed by a publisher`,
    )
  if (signed.signatures.length === 0)
    return refuse('unsigned', `${name} is not signed; it must be signed by a publisher that is listed`)
  const counts = publishers.map((publisher) => ({ publisher, ...countKeys(publisher, signed) }))
  for (const count of counts) {
    if (whyNot(count, name, nowMs) === null) return { publisher: count.publisher.name, keys: count.counted }
  }
  // Who came nearest says best what is missing.
  const [nearest] = counts
    .filter(({ named }) => named)
    .sort((left, right) => right.counted.length - left.counted.length)
  if (nearest !== undefined) return refuse('untrusted_signature', `${whyNot(nearest, name, nowMs)}`)
  const unknown = [...new Set(signed.signatures.map(({ keyid }) => shortKeyId(keyid)))]
  return refuse('untrusted_signature', `${name} is signed by ${unknown.join(', ')}, which is no publisher's key`)
}

/** Enough of a key id to compare by eye. */
export function shortKeyId(keyid: string): string {
  return `${keyid.slice(0, 12)}…`
}

type Count = { publisher: Publisher; named: boolean; counted: Sha256[]; remarks: string[] }

/** Which keys count; `named` when any of the publisher's keys is mentioned, and remarks on what does not count. */
function countKeys({ keys }: Publisher, { manifest, signatures }: Signed): Omit<Count, 'publisher'> {
  const counted = new Set<Sha256>()
  const remarks: string[] = []
  const bytes = signedBytes(manifest)
  for (const { keyid, sig } of signatures) {
    const key = keys.find((one) => one.keyid === keyid)
    if (key === undefined) remarks.push(`${shortKeyId(keyid)} is none of them`)
    else if (key.revoked) remarks.push(`${shortKeyId(keyid)} is revoked`)
    else if (counted.has(key.keyid)) remarks.push(`${shortKeyId(keyid)} counts once`)
    else if (isSignedBy(key, bytes, sig)) counted.add(key.keyid)
    else remarks.push(`the signature of ${shortKeyId(keyid)} is wrong`)
  }
  const named = signatures.some(({ keyid }) => keys.some((key) => key.keyid === keyid))
  return { named, counted: [...counted], remarks }
}

/** Null where the publisher's signature is good for a patch of this name now. */
function whyNot({ publisher, counted, remarks }: Count, name: PatchName, nowMs: number): string | null {
  const { patches, expiresAt, threshold } = publisher
  if (!patches.some((pattern) => matches(pattern, name))) {
    const shown = patches.slice(0, 3).join(', ') + (patches.length > 3 ? ', …' : '')
    return `${publisher.name} may sign ${shown}, and this is ${name}`
  }
  if (nowMs >= Date.parse(expiresAt)) return `the keys of ${publisher.name} for ${name} were good until ${expiresAt}`
  if (counted.length >= threshold) return null
  const why = remarks.length === 0 ? '' : `: ${remarks.join('; ')}`
  return `${name} is signed by ${counted.length} of ${threshold} needed keys of ${publisher.name}${why}`
}

function matches(pattern: string, name: PatchName): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function isSignedBy({ publicKey }: PublisherKey, bytes: Uint8Array, sig: string): boolean {
  return verify(null, bytes, publicKeyOfBytes(Buffer.from(publicKey, 'base64')), Buffer.from(sig, 'base64'))
}

function signedBytes(manifest: Uint8Array): Buffer {
  return preAuthenticationEncoding(MANIFEST_PAYLOAD_TYPE, manifest)
}

function isPublicKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.byteLength === PUBLIC_KEY_BYTES && bytes.toString('base64') === text
}
