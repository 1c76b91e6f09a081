/**
 * The description of the API that is made from the routes themselves, at /api/v1/openapi.json. `documented` is the
 * label each route carries; it changes nothing about how the route behaves.
 */
import type { MiddlewareHandler } from 'hono'
import { describeRoute, openAPIRouteHandler, resolver } from 'hono-openapi'
import type { z } from 'zod'
import type { App } from './context.ts'
import { ErrorAnswer } from './schemas.ts'

type Documented = {
  summary: string
  /** Of the route's path. */
  parameters?: Record<string, string>
  query?: z.ZodObject
  /** Of the request, with what each says. */
  headers?: Record<string, string>
  body?: z.ZodType | 'file'
  answers: Record<number, z.ZodType | 'event stream' | 'nothing'>
}

export function documented({
  summary,
  parameters = {},
  headers = {},
  query,
  body,
  answers,
}: Documented): MiddlewareHandler {
  const required = (place: 'path' | 'header') => (entry: [name: string, description: string]) => ({
    in: place,
    name: entry[0],
    description: entry[1],
    required: true,
    schema: { type: 'string' as const },
  })
  const inPath = Object.entries(parameters).map(required('path'))
  const inHeader = Object.entries(headers).map(required('header'))
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    in: 'query' as const,
    name,
    required: !schema.safeParse(undefined).success,
    schema: { type: 'string' as const },
  }))
  const answered = Object.entries(answers).map(([status, schema]) => [
    status,
    schema === 'nothing'
      ? { description: 'Done' }
      : schema === 'event stream'
        ? { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' as const } } } }
        : { description: 'Done', content: { 'application/json': { schema: resolver(schema) } } },
  ])
  const refused = {
    description: 'Refused; `code` says why',
    content: { 'application/json': { schema: resolver(ErrorAnswer) } },
  }
  return describeRoute({
    summary,
    parameters: [...inPath, ...inQuery, ...inHeader],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: { ...Object.fromEntries(answered), default: refused },
  })
}

function contentOf(body: z.ZodType | 'file') {
  if (body !== 'file') return { 'application/json': { schema: resolver(body) } }
  return { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } }
}

export function addOpenApiRoute(app: App): void {
  const documentation = {
    info: {
      title: 'patchmesh',
      version: '1',
      description: 'The Service Center: patches, their replication and their installs. Unknown fields are refused.',
    },
    components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ token: [] }],
  }
  app.get('/api/v1/openapi.json', openAPIRouteHandler(app, { documentation, exclude: [/^(?!\/api\/v1\/)/] }))
}
