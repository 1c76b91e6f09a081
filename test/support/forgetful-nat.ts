/**
 * What stands between two sites, as a TCP proxy on loopback: it can forget the connections that are open, as a NAT does
 * that was started again. Nothing gets through them any more and neither end is told; new ones work.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class ForgetfulNat {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  /** Connections that were made through it. */
  made = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** Stands before `port` of loopback. */
  static async before(port: number): Promise<ForgetfulNat> {
    const nat = new ForgetfulNat(createServer((outer) => nat.#join(outer, connect({ host: '127.0.0.1', port }))))
    nat.#server.listen(0, '127.0.0.1')
    await once(nat.#server, 'listening')
    return nat
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The sockets stay open, so that nobody hears of it. */
  forget(): void {
    for (const socket of this.#open) {
      socket.unpipe()
      socket.pause()
      socket.removeAllListeners('end')
    }
    this.#open.clear()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  readonly #sockets = new Set<Socket>()

  #join(outer: Socket, inner: Socket): void {
    this.made += 1
    for (const socket of [outer, inner]) {
      this.#open.add(socket)
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#open.delete(socket))
    }
    outer.pipe(inner)
    inner.pipe(outer)
  }
}

/** Nobody listens there now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
