/**
 * The operations of the API as its own description names them.
 */
import type { ServedApp } from '../support/http-fixtures.ts'

type Described = { operationId: string; summary: string; tags: string[]; responses: object }
export type Description = { paths: Record<string, Record<string, Described>> }
export type Operation = Described & { where: string }

export async function fetchDescription(app: ServedApp): Promise<Description> {
  const headers = { Authorization: `Bearer ${await app.apiToken()}` }
  return (await fetch(`${app.url}/api/v1/openapi.json`, { headers })).json() as Promise<Description>
}

export function describedOperations({ paths }: Description): Operation[] {
  return Object.entries(paths).flatMap(([address, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      where: `${method.toUpperCase()} ${address}`,
    })),
  )
}
