/**
 * The lanes that readers have announced and that have not come yet. Each ticket is good once and for a moment, from
 * whatever address: who it is follows from the secret alone. What is not expected ends with the handshake.
 */
import type { Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions, type TlsOptions } from 'node:tls'
import type { LaneTicket } from '../../../../protocol/messages.ts'
import { LANE_HANDSHAKE_MS, laneContext } from './lane-security.ts'

/** A dial and the handshake, over a slow way. */
const GOOD_FOR_MS = 15_000

type Expected = {
  readonly secret: Uint8Array
  /** It is there; or it will not come any more. One of them is told, and once. */
  readonly opened: (socket: TLSSocket) => void
  readonly gone: () => void
  readonly timer: NodeJS.Timeout
}

export class ExpectedLanes {
  readonly #expected = new Map<string, Expected>()
  readonly #goodForMs: number

  constructor(goodForMs = GOOD_FOR_MS) {
    this.#goodForMs = goodForMs
  }

  /** `withdraw` makes the ticket worth nothing; neither is told then. */
  expect({ id, secret }: LaneTicket, told: Pick<Expected, 'opened' | 'gone'>): { withdraw: () => void } {
    const identity = Buffer.from(id).toString('hex')
    const timer = setTimeout(() => {
      this.#expected.delete(identity)
      told.gone()
    }, this.#goodForMs).unref()
    const expected: Expected = { secret, timer, ...told }
    this.#expected.set(identity, expected)
    return {
      withdraw: () => {
        clearTimeout(timer)
        if (this.#expected.get(identity) === expected) this.#expected.delete(identity)
      },
    }
  }

  /** A socket on which a TLS handshake begins; `proven` is told when its other end knew a secret. */
  accept(socket: Socket, proven: () => void): void {
    let found: Expected | undefined
    let isOpen = false
    const options: TLSSocketOptions & Pick<TlsOptions, 'pskCallback'> = {
      isServer: true,
      secureContext: laneContext,
      pskCallback: (_, identity) => {
        found = this.#take(identity)
        return found?.secret ?? null
      },
    }
    const secure = new TLSSocket(socket, options)
    const deadline = setTimeout(() => secure.destroy(), LANE_HANDSHAKE_MS)
    // Whatever it is, the socket closes with it.
    secure.on('error', () => secure.destroy())
    secure.once('close', () => {
      clearTimeout(deadline)
      if (!isOpen) found?.gone()
    })
    secure.once('secure', () => {
      clearTimeout(deadline)
      if (found === undefined) {
        secure.destroy()
        return
      }
      isOpen = true
      proven()
      found.opened(secure)
    })
  }

  #take(identity: string): Expected | undefined {
    const found = this.#expected.get(identity)
    if (found !== undefined) clearTimeout(found.timer)
    this.#expected.delete(identity)
    return found
  }
}
