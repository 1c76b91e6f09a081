/**
 * Every place of the API that takes a text, as its own description names them, each in a request that is right but for
 * this text.
 */
import type { Description } from './operations.ts'

type Schema = {
  type?: string
  format?: string
  pattern?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  minimum?: number
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
}
type Parameter = { in: 'path' | 'query' | 'header'; name: string; schema: Schema }
type Taking = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: Schema }> } }

export type Field = { where: string; name: string; schema: Schema; place: Parameter['in'] | 'body' | 'file' }
export type TextRequest = {
  field: Field
  method: string
  path: string
  headers: Record<string, string>
  body?: string
}

/** Each field that takes a text, and the request that has `text` there. */
export function textRequests({ paths }: Description, text: string): TextRequest[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => fillEach(method, path, operation as Taking, text)),
  )
}

function fillEach(verb: string, path: string, { parameters = [], requestBody }: Taking, text: string): TextRequest[] {
  const method = verb.toUpperCase()
  const where = `${method} ${path}`
  const [content] = Object.entries(requestBody?.content ?? {})
  const type = content?.[0]
  const schema = content?.[1].schema ?? {}
  const takesJson = type === 'application/json'
  const whole = type === undefined ? {} : { body: takesJson ? JSON.stringify(sampleOf(schema)) : 'sample' }
  const headers = type === undefined ? {} : { 'Content-Type': type }
  const plain = path.replaceAll(/\{\w+\}/g, 'sample')

  const inHead = parameters.map((parameter): TextRequest => {
    const { in: place, name } = parameter
    const field = { where, name, schema: parameter.schema, place }
    if (place === 'header') return { field, method, path: plain, headers: { ...headers, [name]: text }, ...whole }
    const escaped = encodeURIComponent(text)
    const filled = place === 'query' ? `${plain}?${name}=${escaped}` : path.replace(`{${name}}`, escaped)
    return { field, method, path: filled.replaceAll(/\{\w+\}/g, 'sample'), headers, ...whole }
  })
  if (type === undefined) return inHead
  if (!takesJson) {
    const field: Field = { where, name: 'body', schema, place: 'file' }
    return [...inHead, { field, method, path: plain, headers, body: text }]
  }
  const inBody = Object.entries(schema.properties ?? {}).flatMap(([name, property]): TextRequest[] => {
    const filled = textIn(property, text)
    if (filled === undefined) return []
    const body = JSON.stringify({ ...(sampleOf(schema) as object), [name]: filled })
    return [{ field: { where, name, schema: property, place: 'body' }, method, path: plain, headers, body }]
  })
  return [...inHead, ...inBody]
}

/** The text where this takes one, alone or in a list. */
function textIn(schema: Schema, text: string): string | string[] | undefined {
  const [taking] = (schema.anyOf ?? [schema]).filter(({ type }) => type === 'string' || type === 'array')
  if (taking?.type === 'string') return text
  return taking?.items?.type === 'string' ? [text] : undefined
}

function sampleOf({ type, anyOf, properties, minimum, ...schema }: Schema): unknown {
  const [given] = [schema.default, schema.const, ...(schema.enum ?? [])].filter((value) => value !== undefined)
  if (given !== undefined) return given
  if (anyOf !== undefined) return sampleOf(anyOf[0] ?? {})
  if (type === 'object')
    return Object.fromEntries(Object.entries(properties ?? {}).map(([name, property]) => [name, sampleOf(property)]))
  if (type === 'array') return []
  if (type === 'integer') return minimum ?? 1
  return type === 'boolean' ? false : 'sample'
}
