/**
 * The body of a request that is a file, or a part of one: as it streams in, with the length that was declared. A body
 * that is packed for the way would not be the file.
 */
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

/**
 * Whoever stops reading early leaves the connection alone: the refusal still has to travel back on it. What still comes is
 * thrown away, so that the connection can be used again; the server cuts one on which more comes for half a second.
 */
export async function* bytesOf(body: ReadableStream<Uint8Array> | null): AsyncIterable<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  let isWhole = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isWhole = done
      if (done) return
      yield value
    }
  } finally {
    if (!isWhole) readOn(reader)
  }
}

function readOn(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  const goOn = ({ done }: { done: boolean }): void => {
    if (!done) reader.read().then(goOn, ended)
  }
  // Where the connection has ended there is nothing left to read.
  const ended = () => goOn({ done: true })
  reader.read().then(goOn, ended)
}
