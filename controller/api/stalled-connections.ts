/**
 * Ends the connections of clients that let us wait: one that sends its request so slowly that it shall never end, and
 * one that does not take what is written to it. How long an exchange takes as a whole does not matter, since a large
 * patch over a slow line is an honest upload; and while we have something to read, or are at work on an answer, nobody
 * lets us wait.
 */
import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { LEAST_UPLOAD_BYTES_A_MINUTE } from '../../protocol/limits.ts'

/** Half of what is asked of an upload in each half minute, so that it is refused in words before its connection is ended. */
const LEAST_BYTES_A_MINUTE = LEAST_UPLOAD_BYTES_A_MINUTE / 2

type Look = {
  /** More of the request is to come, and what came has been read. */
  sending: boolean
  bytesRead: number
  /** Something that we wrote is still here. */
  taking: boolean
  bytesTaken: number
}

/** Looks at every connection once in `everyMs`, and ends it where nothing moves from one look to the next. */
export function endStalled(server: Server, everyMs: number): void {
  const leastBytes = (LEAST_BYTES_A_MINUTE * everyMs) / 60_000
  const last = new Map<Socket, { request: IncomingMessage; before: Look | null }>()
  server.on('request', (request: IncomingMessage) => {
    const { socket } = request
    const known = last.get(socket)
    if (known === undefined) socket.once('close', () => last.delete(socket))
    last.set(socket, { request, before: known?.before ?? null })
  })
  const timer = setInterval(() => {
    for (const [socket, { request, before }] of last) {
      const now = look(socket, request)
      if (before !== null && isStalled(before, now, leastBytes)) socket.destroy()
      else last.set(socket, { request, before: now })
    }
  }, everyMs)
  server.once('close', () => clearInterval(timer))
}

function look(socket: Socket, { complete, readableLength }: IncomingMessage): Look {
  const { bytesRead, bytesWritten, writableLength } = socket
  const sending = !complete && readableLength === 0
  return { sending, bytesRead, taking: writableLength > 0, bytesTaken: bytesWritten - writableLength }
}

function isStalled(before: Look, now: Look, leastBytes: number): boolean {
  const sends = before.sending && now.sending && now.bytesRead - before.bytesRead < leastBytes
  const takes = before.taking && now.taking && now.bytesTaken === before.bytesTaken
  return sends || takes
}
