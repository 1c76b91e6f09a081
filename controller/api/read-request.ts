/**
 * Everything outside text goes through here on its way into a route: bounded before it is parsed, parsed without the
 * traps of JSON, and matched against a strict schema, so that an unknown or misspelt field is an answer and never
 * ignored.
 */
import type { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import type { AppContext } from './context.ts'

/** A thousand organizations fit; more is somebody making us read. */
const MAX_JSON_BYTES = 64 * 1024

/** The JSON body; an empty body counts as `{}`. Bytes are counted as they come, whatever their declared length. */
export async function readJson<Value>(c: AppContext, schema: z.ZodType<Value>): Promise<Value | Refusal> {
  const bytes = await readBounded(c)
  if (isRefusal(bytes)) return bytes
  if (bytes.byteLength === 0) return match(schema, {}, 'the body')
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    return refuse('bad_request', `the body is ${type ?? 'untyped'}, not application/json`)
  const parsed = parseStrictJson(bytes, 'the body', 'bad_request')
  return isRefusal(parsed) ? parsed : match(schema, parsed.json, 'the body')
}

/** The body of an ordinary form. */
export async function readForm<Value>(c: AppContext, schema: z.ZodType<Value>): Promise<Value | Refusal> {
  const bytes = await readBounded(c)
  if (isRefusal(bytes)) return bytes
  const fields = [...new URLSearchParams(new TextDecoder().decode(bytes))]
  if (new Set(fields.map(([name]) => name)).size < fields.length) return refuse('bad_request', 'a field comes twice')
  return match(schema, Object.fromEntries(fields), 'the form')
}

/** Query parameters; one that is given several times is a list. */
export function readQuery<Value>(c: AppContext, schema: z.ZodType<Value>): Value | Refusal {
  const entries = Object.entries(c.req.queries()).map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ])
  return match(schema, Object.fromEntries(entries), 'the query')
}

/** The bytes of a body that is no file. */
export async function readBounded(c: AppContext): Promise<Uint8Array | Refusal> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_JSON_BYTES) return refuse('too_large', `the body is longer than ${MAX_JSON_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function match<Value>(schema: z.ZodType<Value>, input: unknown, place: string): Value | Refusal {
  const matched = schema.safeParse(input)
  if (matched.success) return matched.data
  const [issue] = matched.error.issues
  const where = issue === undefined || issue.path.length === 0 ? place : `${place}, ${issue.path.join('.')}`
  return refuse('bad_request', `${where}: ${issue?.message ?? 'does not match'}`)
}
