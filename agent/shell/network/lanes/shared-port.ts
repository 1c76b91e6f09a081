/**
 * One listening port for libp2p and for lanes, so that no firewall needs another rule: the first byte tells which it is.
 * A socket has its place among the pending ones from the moment at which it is accepted, before anything is read of it.
 */
import type { Server, Socket } from 'node:net'
import type { MultiaddrConnection } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { PendingConnections } from '../pending-connections.ts'
import { TLS_FIRST_BYTE } from './lane-security.ts'

type Tcp = ReturnType<typeof tcp>

export type SharedPort = {
  /** In the place of libp2p's TCP transport. */
  readonly transport: Tcp
  /** The socket below a connection that came in. */
  socketOf(connection: MultiaddrConnection): Socket | undefined
}

export function sharedPort({
  pending,
  firstByteWithinMs,
  onLane,
}: {
  pending: PendingConnections
  firstByteWithinMs: number
  /** TLS begins on this socket. */
  onLane: (socket: Socket) => void
}): SharedPort {
  const sockets = new WeakMap<MultiaddrConnection, Socket>()

  const transport: Tcp = (components) => {
    const inner = tcp()(components)
    const { createListener } = inner
    inner.createListener = (options) => {
      let current: Socket | undefined
      const upgrader = Object.create(options.upgrader, {
        upgradeInbound: {
          value: (...[connection, given]: Parameters<typeof options.upgrader.upgradeInbound>) => {
            if (current !== undefined) sockets.set(connection, current)
            return options.upgrader.upgradeInbound(connection, given)
          },
        },
      })
      const listener = createListener.call(inner, { ...options, upgrader })
      const server = serverOf(listener)
      const [toLibp2p] = server.listeners('connection')
      if (toLibp2p === undefined) throw new Error('the listener of @libp2p/tcp takes no connections: see decision 0024')
      server.removeAllListeners('connection')
      /** Those that libp2p knows nothing of. */
      const own = new Set<Socket>()
      server.on('connection', (socket) => {
        if (!pending.admit(socket)) {
          socket.destroy()
          return
        }
        own.add(socket)
        socket.once('close', () => own.delete(socket))
        firstByte(socket, firstByteWithinMs, (byte) => {
          if (byte === TLS_FIRST_BYTE) {
            onLane(socket)
            return
          }
          own.delete(socket)
          current = socket
          toLibp2p.call(server, socket)
          current = undefined
        })
      })
      const { close } = listener
      listener.close = () => {
        for (const socket of own) socket.destroy()
        return close.call(listener)
      }
      return listener
    }
    return inner
  }
  return { transport, socketOf: (connection) => sockets.get(connection) }
}

/** Reads it and puts it back. */
function firstByte(socket: Socket, withinMs: number, tell: (byte: number) => void): void {
  const deadline = setTimeout(() => socket.destroy(), withinMs)
  const forget = (): void => clearTimeout(deadline)
  socket.once('close', forget)
  // Whoever gets it hears of its errors too.
  socket.on('error', () => socket.destroy())
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (first === null) return
    socket.unshift(first)
    forget()
    socket.off('close', forget)
    tell(first[0] ?? 0)
  })
}

/** It is no part of what libp2p describes of a listener. */
function serverOf(listener: object): Server {
  if ('server' in listener && isServer(listener.server)) return listener.server
  throw new Error('the listener of @libp2p/tcp has no server: see decision 0024')
}

function isServer(value: unknown): value is Server {
  return typeof value === 'object' && value !== null && 'listening' in value
}
