/**
 * The one place where bytes become typed. Everything on the wire and in an agent's ledger is deterministic CBOR (RFC
 * 8949, "Core Deterministic Encoding"), checked against a schema on the way in. Decoding is total: any bytes give a
 * value of the schema's type or a refusal. Inside there is no second check.
 */
import { decode as decodeCbor, encode as encodeCbor } from 'cborg'
import { z } from 'zod'
import { type Refusal, refuse } from './refusals.ts'

/** A CBOR byte string. */
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'is not a byte string')

/**
 * Strict on the way in: no undefined, no indefinite lengths, no integer longer than it need be, no key twice, no tags. A
 * float that is a whole number reads as one, and the order of keys is not checked: what is signed is the exact bytes.
 */
const STRICT = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  strict: true,
  useMaps: false,
} as const

export function encode(value: unknown): Uint8Array {
  return encodeCbor(value, { ignoreUndefinedProperties: true })
}

/** `what` names the thing in the refusal: "a control message", "an order". */
export function decode<Value>(schema: z.ZodType<Value>, bytes: Uint8Array, what: string): Value | Refusal {
  let value: unknown
  try {
    value = decodeCbor(bytes, STRICT)
  } catch (error) {
    return refuse(
      'undecodable',
      `${what} of ${bytes.byteLength} bytes is not the CBOR that was expected: ${sentence(error)}`,
    )
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  return refuse('undecodable', `${what} has the wrong form${where}: ${issue?.message ?? 'unknown'}`)
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
