/**
 * The socket in the data folder at which people on this machine speak to the running agent. Only its owner may open it,
 * each connection is one request and one answer, and few may be open. An agent that cannot have one says so in its log
 * and runs all the same.
 */
import { chmodSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { pEvent } from 'p-event'
import { causes } from '../causes.ts'
import { line } from './receive-import.ts'
import { MAX_REQUEST_BYTES } from './requests.ts'
import { SOCKET, socketPath } from './socket-path.ts'
import type { Visitors } from './visitors.ts'

const MAX_VISITORS = 8
/** Whoever has connected asks at once. */
const ASK_WITHIN_MS = 5_000

type VisitLog = { warn(fields: Record<string, unknown>, line: string): void }

/** Returns what ends it. */
export async function listenForVisitors(folder: string, visitors: Visitors, log: VisitLog): Promise<() => void> {
  const server = createServer((socket) => receive(socket, visitors, log))
  server.maxConnections = MAX_VISITORS
  const cannot = (error: unknown): void =>
    log.warn({ error: causes(error) }, 'nobody on this machine can ask this agent: its socket cannot be opened')
  try {
    // Whoever has left one there does not run any more: this process holds the lock of the folder.
    await rm(join(folder, SOCKET), { force: true })
    await listen(server, folder)
  } catch (error) {
    cannot(error)
    return () => {}
  }
  server.on('error', cannot)
  server.unref()
  return () => {
    server.close()
    // A socket that was opened through the folder is taken away by nobody else.
    rmSync(join(folder, SOCKET), { force: true })
  }
}

async function listen(server: ReturnType<typeof createServer>, folder: string): Promise<void> {
  const { path, close } = socketPath(folder)
  // Nobody else may open it from its first moment on, whoever may look into the folder.
  const mask = process.umask(0o177)
  try {
    const listening = pEvent(server, 'listening')
    server.listen(path)
    process.umask(mask)
    await listening
    chmodSync(path, 0o600)
  } finally {
    process.umask(mask)
    close()
  }
}

function receive(socket: Socket, visitors: Visitors, log: VisitLog): void {
  let asked = Buffer.alloc(0)
  socket.unref()
  const notAsked = (): void => void socket.destroy()
  socket.setTimeout(ASK_WITHIN_MS, notAsked)
  socket.on('error', (error) => log.warn({ error: causes(error) }, 'somebody who asked on this machine has gone'))
  const hear = (part: Buffer): void => {
    asked = Buffer.concat([asked, part])
    const end = asked.indexOf('\n')
    if (end === -1 && asked.byteLength <= MAX_REQUEST_BYTES) return
    socket.off('data', hear).pause()
    socket.setTimeout(0)
    if (end >= 0) socket.unshift(asked.subarray(end + 1))
    visitors.ask(asked.subarray(0, Math.max(0, end)).toString(), socket).then(
      (answer) => (answer === null ? socket.destroy() : socket.resume().end(line(answer))),
      (error: unknown) => {
        log.warn({ error: causes(error) }, 'could not answer somebody who asked on this machine')
        socket.destroy()
      },
    )
  }
  socket.on('data', hear)
}
