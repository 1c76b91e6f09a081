/**
 * The reader's end of a lane: pieces come out of the socket into the memory in which they are hashed and from which they
 * are stored. Only pieces come over it; what else is said goes over the stream that announced it.
 */
import type { SocketConstructorOpts } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { LaneTicket } from '../../../../protocol/messages.ts'
import type { IncomingBody } from '../message-stream.ts'
import type { Pace } from '../pace.ts'
import { Beats } from './beats.ts'
import type { LaneAddress } from './lane-addresses.ts'
import { LANE_HANDSHAKE_MS, LANE_SECURITY, laneContext } from './lane-security.ts'
import { HEADER_BYTES, type PieceHeader, readHeader } from './piece-header.ts'

/** In one turn of the event loop; what a fast link brings, so that there is no use in waiting for more. */
const MUCH_BYTES = 64 * 1024
const beats = new Beats()

export type ReceivingLaneOptions = {
  readonly address: LaneAddress
  readonly ticket: LaneTicket
  /** A piece comes in. */
  readonly onPiece: (header: PieceHeader) => IncomingBody
  readonly onBytes: () => void
  readonly pace: Pace | null
  /** Reading waits for this before each further piece. */
  readonly room: () => Promise<void> | undefined
  /** Called once, of a lane that was open. */
  readonly onEnd: (reason: string) => void
}

export class ReceivingLane {
  readonly #socket: TLSSocket
  readonly #options: ReceivingLaneOptions
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFilled = 0
  #body: IncomingBody | null = null
  #inThisTurn = 0
  /** Reasons for which it is not read. */
  #holds = 0
  #reason = 'closed by the other side'

  /** Rejects with a sentence where the other end cannot be reached, or does not know the ticket. */
  static open(options: ReceivingLaneOptions): Promise<ReceivingLane> {
    const lane = new ReceivingLane(options)
    const socket = lane.#socket
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => lane.abort('the handshake takes too long'), LANE_HANDSHAKE_MS)
      let isOpen = false
      socket.once('secureConnect', () => {
        isOpen = true
        clearTimeout(deadline)
        resolve(lane)
      })
      socket.once('close', () => {
        clearTimeout(deadline)
        lane.#body?.abandon()
        if (isOpen) options.onEnd(lane.#reason)
        else reject(new Error(lane.#reason))
      })
    })
  }

  private constructor(given: ReceivingLaneOptions) {
    this.#options = given
    const { address, ticket } = given
    const identity = Buffer.from(ticket.id).toString('hex')
    const options: ConnectionOptions & Pick<SocketConstructorOpts, 'onread'> = {
      ...address,
      ...LANE_SECURITY,
      secureContext: laneContext,
      pskCallback: () => ({ psk: ticket.secret, identity }),
      // Whoever knows the secret is the peer to which it was told over Noise; nobody has a certificate.
      checkServerIdentity: () => undefined,
      onread: { buffer: () => this.#space(), callback: (bytes) => this.#arrived(bytes) },
    }
    this.#socket = connect(options).setNoDelay(true)
    this.#socket.on('error', (error) => {
      this.#reason = error.message
    })
  }

  abort(reason: string): void {
    this.#reason = reason
    this.#socket.destroy()
  }

  /** Where the next bytes belong. */
  #space(): Uint8Array {
    return this.#body?.space() ?? this.#header.subarray(this.#headerFilled)
  }

  /** False where reading has to wait. */
  #arrived(bytes: number): boolean {
    const { onBytes, onPiece, pace, room } = this.#options
    onBytes()
    let waits: Promise<void> | undefined
    if (this.#body !== null) {
      this.#body.filled(bytes)
      if (this.#body.missingBytes === 0) {
        this.#body.complete()
        this.#body = null
        waits = room()
      }
    } else {
      this.#headerFilled += bytes
      if (this.#headerFilled === HEADER_BYTES) {
        this.#headerFilled = 0
        const header = readHeader(this.#header)
        if (header === null) {
          this.abort('a piece has an impossible length')
          return false
        }
        this.#body = onPiece(header)
      }
    }
    if (this.#inThisTurn === 0) setImmediate(() => this.#turnEnds())
    this.#inThisTurn += bytes
    const slow = pace?.take(bytes)
    if (waits === undefined && slow === undefined) return this.#holds === 0
    this.#holds += 1
    void Promise.all([waits, slow]).then(() => this.#goOn())
    return false
  }

  #turnEnds(): void {
    const hasLittle = this.#inThisTurn < MUCH_BYTES
    this.#inThisTurn = 0
    if (!hasLittle || this.#holds > 0 || this.#socket.destroyed) return
    this.#holds += 1
    this.#socket.pause()
    beats.wait(() => this.#goOn())
  }

  #goOn(): void {
    this.#holds -= 1
    if (this.#holds === 0 && !this.#socket.destroyed) this.#socket.resume()
  }
}
