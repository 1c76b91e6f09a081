/**
 * The body of a request that is a file, or a part of one: as it streams in, with the length that was declared. A body
 * that is packed for the way would not be the file.
 */
import type { HttpBindings } from '@hono/node-server'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { AppContext } from './context.ts'

/** From Content-Length. */
export function declaredLength(c: AppContext): number | undefined | Refusal {
  const encoding = c.req.header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse('bad_request', `the file was sent with Content-Encoding ${encoding.slice(0, 40)}; send it as it is`)
  }
  const length = c.req.header('content-length')
  return length === undefined ? undefined : Number(length)
}

/** Whoever stops reading early leaves the connection alone: the refusal still has to travel back on it. */
export async function* bytesOf(body: ReadableStream<Uint8Array> | null): AsyncIterable<Uint8Array> {
  if (body !== null) yield* body.values({ preventCancel: true })
}

/** The same of a body that is one file, as the socket gives it: a stream of the web around it costs more than to hash it. */
export function fileOf(c: AppContext): AsyncIterable<Uint8Array> {
  return (c.env as HttpBindings).incoming.iterator({ destroyOnReturn: false })
}
