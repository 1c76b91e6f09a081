/**
 * The description of the API that is made from the routes themselves, at /api/v1/openapi.json. `documented` is the
 * label each route carries, with the permission that it needs; it lets nobody else through.
 */
import type { MiddlewareHandler } from 'hono'
import { describeRoute, openAPIRouteHandler, resolver } from 'hono-openapi'
import type { z } from 'zod'
import { type Permission, rolesThatMay } from '../core/permissions.ts'
import type { App } from './context.ts'
import { permitted } from './permitted.ts'
import { ErrorAnswer } from './schemas.ts'

type Documented = {
  /** What it takes to be let through. */
  allow: Permission
  summary: string
  /** Of the route's path. */
  parameters?: Record<string, string>
  query?: z.ZodObject
  body?: z.ZodType | 'file'
  answers: Record<number, z.ZodType | 'event stream'>
}

export function documented({ allow, summary, parameters = {}, query, body, answers }: Documented): MiddlewareHandler {
  const inPath = Object.entries(parameters).map(([name, description]) => ({
    in: 'path' as const,
    name,
    description,
    required: true,
    schema: { type: 'string' as const },
  }))
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    in: 'query' as const,
    name,
    required: !schema.safeParse(undefined).success,
    schema: { type: 'string' as const },
  }))
  const answered = Object.entries(answers).map(([status, schema]) => [
    status,
    schema === 'event stream'
      ? { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' as const } } } }
      : { description: 'Done', content: { 'application/json': { schema: resolver(schema) } } },
  ])
  const refused = {
    description: 'Refused; `code` says why',
    content: { 'application/json': { schema: resolver(ErrorAnswer) } },
  }
  const description = describeRoute({
    summary,
    description: `For the roles ${rolesThatMay(allow).join(', ')}.`,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: { ...Object.fromEntries(answered), default: refused },
  })
  return Object.assign(permitted(allow), description)
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
  app.get(
    '/api/v1/openapi.json',
    permitted('read'),
    openAPIRouteHandler(app, { documentation, exclude: [/^(?!\/api\/v1\/)/] }),
  )
}
