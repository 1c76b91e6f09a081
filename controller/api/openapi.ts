/**
 * The description of the API that is made from the routes themselves, at /api/v1/openapi.json. `documented` is the
 * label each route carries, with the permission that it needs; it lets nobody else through. An operation's id also names
 * it on the pages (`data-operation`) and in the command line (`operations`), so that a test can compare the three.
 */
import type { MiddlewareHandler } from 'hono'
import { describeRoute, generateSpecs, resolver } from 'hono-openapi'
import { z } from 'zod'
import { type Permission, rolesThatMay } from '../core/permissions.ts'
import type { App } from './context.ts'
import { permitted } from './permitted.ts'
import { ErrorAnswer } from './schemas.ts'

/** What the path of a route names, as people are told. */
export const NAMED_PATCH = { patch: 'An id, NAME@VERSION, or NAME@VERSION:ARCHITECTURE where there are several.' }
export const NAMED_INSTALL = { id: 'The id of an install.' }

type Documented = {
  /** Unique, in camelCase, beginning with a verb. */
  operation: string
  /** What it takes to be let through. */
  allow: Permission
  summary: string
  /** Of the route's path. */
  parameters?: Record<string, string>
  query?: z.ZodObject
  /** Request headers besides those of every operation, by name. */
  headers?: Record<string, string>
  body?: z.ZodType | 'file'
  answers: Record<number, z.ZodType | 'event stream' | 'archive' | 'file' | 'nothing'>
}

export function documented(route: Documented): MiddlewareHandler {
  const { operation, allow, summary, parameters = {}, query, headers = {}, body, answers } = route
  const named = (place: 'path' | 'header') => (entry: [string, string]) => ({
    in: place,
    name: entry[0],
    description: entry[1],
    required: place === 'path',
    schema: { type: 'string' as const },
  })
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    in: 'query' as const,
    name,
    ...described(schema),
    required: !schema.safeParse(undefined).success,
    schema: { type: 'string' as const },
  }))
  const answered = Object.entries(answers).map(([status, schema]) => [status, answerOf(schema)])
  const description = describeRoute({
    operationId: operation,
    summary,
    description: `For the roles ${rolesThatMay(allow).join(', ')}.`,
    parameters: [
      ...Object.entries(parameters).map(named('path')),
      ...inQuery,
      ...Object.entries(headers).map(named('header')),
    ],
    ...(body === undefined ? {} : { requestBody: { required: body === 'file', content: contentOf(body) } }),
    responses: { ...Object.fromEntries(answered), '4XX': REFUSED, '5XX': REFUSED },
  })
  return Object.assign(permitted(allow), description)
}

const REFUSED = {
  description: 'Refused or failed: `code` says why and never changes, `hint` says what to do.',
  content: { 'application/json': { schema: resolver(ErrorAnswer) } },
}

function answerOf(schema: Documented['answers'][number]) {
  if (schema === 'nothing') return { description: 'Done' }
  if (schema === 'archive') {
    const file = { schema: { type: 'string' as const, format: 'binary' } }
    return { description: 'The archive', content: { 'application/zstd': file, 'application/gzip': file } }
  }
  if (schema === 'file') return { description: 'The file', content: contentOf(schema) }
  if (schema !== 'event stream')
    return { description: 'Done', content: { 'application/json': { schema: resolver(schema) } } }
  return { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' as const } } } }
}

function contentOf(body: z.ZodType | 'file') {
  if (body !== 'file') return { 'application/json': { schema: resolver(body) } }
  return { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } }
}

/** What `describe` says of a part of a query. */
function described(schema: unknown): { description?: string } {
  return schema instanceof z.ZodType && schema.description !== undefined ? { description: schema.description } : {}
}

const DOCUMENTATION = {
  openapi: '3.1.0',
  info: {
    title: 'patchmesh',
    version: '1',
    license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    description:
      'The Service Center: patches, their replication and their installs. Unknown fields are refused. Lists are ' +
      'whole, or pages of `limit` entries with a `Link` to the next one and `Total-Count`. A request that changes ' +
      'something may carry an `Idempotency-Key`: sent again within 24 hours it gets the same answer and changes ' +
      'nothing. An upload needs none, since a file is known by its SHA-256.',
  },
  servers: [{ url: '/', description: 'The Service Center that answers this' }],
  components: {
    securitySchemes: {
      token: { type: 'http' as const, scheme: 'bearer', description: 'From `patchmesh api-token`.' },
      session: {
        ...{ type: 'apiKey' as const, in: 'cookie' as const, name: 'patchmesh-session' },
        description: "A browser's session; behind TLS the name begins with `__Host-`.",
      },
    },
  },
  security: [{ token: [] }, { session: [] }],
}

export function addOpenApiRoute(app: App): void {
  app.get(
    '/api/v1/openapi.json',
    documented({
      operation: 'describeApi',
      allow: 'read',
      summary: 'This description.',
      answers: { 200: z.looseObject({ openapi: z.string() }) },
    }),
    async (c) => {
      const ours = { exclude: [/^(?!\/api\/v1\/)/], excludeStaticFile: false }
      const described = await generateSpecs(app, { documentation: DOCUMENTATION, ...ours })
      return c.json(withTags(described))
    },
  )
}

/** An operation belongs to what its path names first: `/api/v1/data-centers/…` to Data Centers. */
function withTags<Described extends { paths: object }>(described: Described): Described & { tags: object[] } {
  const names = new Set<string>()
  for (const [path, operations] of Object.entries(described.paths)) {
    const [, , , place = ''] = path.split('/')
    const tag = place.replace(/\.json$/, '')
    names.add(tag)
    for (const operation of Object.values(operations as Record<string, { tags?: string[] }>)) operation.tags = [tag]
  }
  const tags = [...names].sort().map((name) => ({ name, description: `What /api/v1/${name} offers.` }))
  return { ...described, tags }
}
