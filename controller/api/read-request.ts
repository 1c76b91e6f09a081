/**
 * Everything outside text goes through here on its way into a route: bounded before it is parsed, parsed without the
 * traps of JSON, and matched against a strict schema, so that an unknown or misspelt field is an answer and never
 * ignored.
 */
import type { z } from 'zod'
import { MAX_SENTENCE_CHARACTERS } from '../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import type { AppContext } from './context.ts'
import { bytesOf } from './request-body.ts'

/** A thousand organizations fit; more is somebody making us read. */
const MAX_JSON_BYTES = 64 * 1024

/** The JSON body; an empty body counts as `{}`. Bytes are counted as they come, whatever their declared length. */
export async function readJson<Value>(
  c: AppContext,
  schema: z.ZodType<Value>,
  maxBytes = MAX_JSON_BYTES,
): Promise<Value | Refusal> {
  const bytes = await readBounded(c, maxBytes)
  if (isRefusal(bytes)) return bytes
  if (bytes.byteLength === 0) return match(schema, {}, 'the body')
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    return refuse('bad_request', `the body is ${type ?? 'untyped'}, not application/json`)
  const parsed = parseStrictJson(bytes, 'the body', 'bad_request')
  return isRefusal(parsed) ? parsed : match(schema, parsed.json, 'the body')
}

/** Query parameters; one that is given several times is a list. */
export function readQuery<Value>(c: AppContext, schema: z.ZodType<Value>): Value | Refusal {
  return match(schema, oneOrMany(Object.entries(c.req.queries())), 'the query')
}

/** The body as UTF-8 text, such as a file that a person wrote. */
export async function readText(c: AppContext, maxBytes: number): Promise<string | Refusal> {
  const bytes = await readBounded(c, maxBytes)
  if (isRefusal(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('bad_request', 'the body is not UTF-8 text')
  }
}

/** What a form of a page sends; of a file its text. A field that is left empty is not there; several of one name are a list. */
export async function readForm<Value>(
  c: AppContext,
  schema: z.ZodType<Value>,
  maxBytes = MAX_JSON_BYTES,
): Promise<Value | Refusal> {
  const bytes = await readBounded(c, maxBytes)
  if (isRefusal(bytes)) return bytes
  const form = await parseForm(bytes, c.req.header('content-type') ?? '')
  if (isRefusal(form)) return form
  const fields = new Map<string, string[]>()
  for (const [name, value] of form) {
    const text = typeof value === 'string' ? value : await value.text()
    if (text === '') continue
    const before = fields.get(name)
    if (before === undefined) fields.set(name, [text])
    else before.push(text)
  }
  const matched = schema.safeParse(oneOrMany(fields))
  return matched.success ? matched.data : badField(matched.error)
}

async function parseForm(bytes: Uint8Array, type: string): Promise<FormData | Refusal> {
  try {
    return await new Response(new Uint8Array(bytes), { headers: { 'Content-Type': type } }).formData()
  } catch {
    return refuse('bad_request', 'the body is not what a form sends')
  }
}

/** Where the label is no plain word. */
const WORDS: ReadonlyMap<string, string> = new Map([['dataCenter', 'Data Center']])

/** Whoever sees a form knows its fields by their labels, which are the words of their names; of a list, by its line. */
function badField({ issues: [issue] }: z.ZodError): Refusal {
  const path = issue?.path ?? []
  const label = String(path.findLast((step) => typeof step === 'string') ?? 'the form')
  const words = WORDS.get(label) ?? label.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  const index = path.findLast((step) => typeof step === 'number')
  const where = index === undefined ? words : `${words} ${index + 1}`
  return refuse('bad_field', `${where}: ${issue?.message ?? 'does not match'}`.slice(0, MAX_SENTENCE_CHARACTERS))
}

function oneOrMany(fields: Iterable<[string, string[]]>): Record<string, string | string[] | undefined> {
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}

/** The bytes of a body that is no large file. */
export async function readBounded(c: AppContext, maxBytes = MAX_JSON_BYTES): Promise<Uint8Array | Refusal> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytesOf(c.req.raw.body)) {
    length += chunk.byteLength
    if (length > maxBytes) return refuse('too_large', `the body is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function match<Value>(schema: z.ZodType<Value>, input: unknown, place: string): Value | Refusal {
  const matched = schema.safeParse(input)
  if (matched.success) return matched.data
  const [issue] = matched.error.issues
  const where = issue === undefined || issue.path.length === 0 ? place : `${place}, ${issue.path.join('.')}`
  return refuse('bad_request', `${where}: ${issue?.message ?? 'does not match'}`.slice(0, MAX_SENTENCE_CHARACTERS))
}
