/**
 * What people sign: a DSSE envelope in JSON (github.com/secure-systems-lab/dsse, "Envelope") around the exact bytes of a
 * JSON payload. Its type names the purpose and is part of what is signed, so a policy can never be passed off as the
 * authorization of an install. It is a file that may be made, signed and carried anywhere.
 */
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { sha256Hex } from '../hashing.ts'
import { Sha256 } from '../identifiers.ts'
import { MAX_DOCUMENT_BYTES, MAX_SIGNATURES } from '../limits.ts'
import { isRefusal, type Refusal, refuse } from '../refusals.ts'
import { parseStrictJson } from '../strict-json.ts'
import { type ApprovalKey, isSignedWith, publicPart, signWith } from './approval-keys.ts'
import { preAuthenticationEncoding } from './envelope.ts'

export const DocumentSignature = z.strictObject({ keyid: Sha256, sig: z.base64().max(200) })
export type DocumentSignature = z.infer<typeof DocumentSignature>

const Written = z.strictObject({
  payloadType: z.string().max(100),
  payload: z.base64(),
  signatures: z.array(DocumentSignature).max(MAX_SIGNATURES),
})

export type DocumentType<Stated> = {
  /** As it is called in sentences. */
  readonly name: string
  readonly payloadType: string
  readonly schema: z.ZodType<Stated>
}

export type SignedDocument<Stated> = {
  readonly stated: Stated
  readonly payload: Uint8Array
  readonly signatures: readonly DocumentSignature[]
}

export function newDocument<Stated>(stated: Stated): SignedDocument<Stated> {
  return { stated, payload: Buffer.from(JSON.stringify(stated, null, 2)), signatures: [] }
}

/** Any bytes give a document of this type, whoever signed it, or a refusal. */
export function readDocument<Stated>(type: DocumentType<Stated>, bytes: Uint8Array): SignedDocument<Stated> | Refusal {
  const what = `the ${type.name}`
  if (bytes.byteLength > MAX_DOCUMENT_BYTES)
    return refuse('bad_document', `${what} has ${bytes.byteLength} bytes, and at most ${MAX_DOCUMENT_BYTES} are read`)
  const outer = parsed(Written, bytes, what)
  if (isRefusal(outer)) return outer
  if (outer.payloadType !== type.payloadType)
    return refuse('bad_document', `${what} says that it is ${outer.payloadType.slice(0, 100)}`)
  const payload = Buffer.from(outer.payload, 'base64')
  const stated = parsed(type.schema, payload, `the payload of ${what}`)
  return isRefusal(stated) ? stated : { stated, payload, signatures: outer.signatures }
}

export function printDocument<Stated>(
  { payloadType }: DocumentType<Stated>,
  { payload, signatures }: SignedDocument<Stated>,
): Uint8Array {
  return Buffer.from(JSON.stringify({ payloadType, payload: Buffer.from(payload).toString('base64'), signatures }))
}

/** Names what was signed, whoever signed it. */
export function documentDigest<Stated>(
  { payloadType }: DocumentType<Stated>,
  { payload }: Pick<SignedDocument<Stated>, 'payload'>,
): Sha256 {
  return sha256Hex(preAuthenticationEncoding(payloadType, payload))
}

export function signatureOver<Stated>(
  { payloadType }: DocumentType<Stated>,
  { payload }: Pick<SignedDocument<Stated>, 'payload'>,
  privateKey: KeyObject,
): DocumentSignature {
  const sig = signWith(privateKey, preAuthenticationEncoding(payloadType, payload))
  return { keyid: publicPart(privateKey).keyid, sig }
}

/** With one more signature, in place of an earlier one of that key. */
export function withSignature<Stated>(
  document: SignedDocument<Stated>,
  signature: DocumentSignature,
): SignedDocument<Stated> {
  const others = document.signatures.filter(({ keyid }) => keyid !== signature.keyid)
  return { ...document, signatures: [...others, signature] }
}

/** Those of the keys that have signed it, each once, however often it is there. */
export function signersOf<Stated, Key extends ApprovalKey>(
  { payloadType }: DocumentType<Stated>,
  { payload, signatures }: SignedDocument<Stated>,
  keys: readonly Key[],
): Key[] {
  const bytes = preAuthenticationEncoding(payloadType, payload)
  return keys.filter((key) => signatures.some(({ keyid, sig }) => keyid === key.keyid && isSignedWith(key, bytes, sig)))
}

function parsed<Value>(schema: z.ZodType<Value>, bytes: Uint8Array, what: string): Value | Refusal {
  const json = parseStrictJson(bytes, what, 'bad_document')
  if (isRefusal(json)) return json
  const value = schema.safeParse(json.json)
  if (value.success) return value.data
  const [issue] = value.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  return refuse('bad_document', `${what} has the wrong form${where}: ${issue?.message ?? 'unknown'}`)
}
