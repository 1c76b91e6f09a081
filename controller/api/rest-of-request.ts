/**
 * What of a request is still on its way when it was answered, as with an upload that is refused at its first bytes, is
 * read and thrown away, however long it takes. Were the connection ended instead, the answer would be lost to a client
 * that is still sending, or its next request would meet the end. Who sends more than the largest patch is ended after
 * all, and so is who stops sending: that is judged in stalled-connections.ts, and by Node's limit on idle connections.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { MAX_PATCH_BYTES } from '../../protocol/limits.ts'

export function discardRests(server: Server): void {
  server.on('request', (request: IncomingMessage, answer: ServerResponse) => {
    answer.once('finish', () => discard(request))
  })
}

function discard(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return
  // Whoever read the body has stopped: their listener would pause the stream for good.
  request.removeAllListeners('data')
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes > MAX_PATCH_BYTES) request.socket.destroy()
  })
  request.resume()
}
