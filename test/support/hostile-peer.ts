/**
 * A peer that speaks libp2p and Noise rightly and everything after that as a test wants: raw frames on any protocol,
 * with any identity, also one taken from an appliance's disk.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { decode as decodeFrames } from 'it-length-prefixed'
import { startHost } from '../../agent/shell/network/host.ts'
import { source } from '../../agent/shell/network/stream-adapters.ts'
import { encode } from '../../protocol/codec.ts'

export class HostilePeer {
  readonly #host: Libp2p

  private constructor(host: Libp2p) {
    this.#host = host
  }

  static async start(seed: Uint8Array): Promise<HostilePeer> {
    return new HostilePeer(await startHost({ seed, listen: [], mayConnect: () => false }))
  }

  get peer(): string {
    return this.#host.peerId.toString()
  }

  connect(address: string): Promise<Connection> {
    return this.#host.dial(multiaddr(address))
  }

  async open(address: string, protocol: string): Promise<Talk> {
    const connection = await this.connect(address)
    return new Talk(await connection.newStream(protocol))
  }

  async stop(): Promise<void> {
    await this.#host.stop()
  }
}

/** One stream to the other side. */
export class Talk {
  readonly stream: Stream
  /** How the stream ended, once it has. */
  readonly ended: Promise<string>
  readonly #received: Uint8Array[] = []

  constructor(stream: Stream) {
    this.stream = stream
    this.ended = this.#receive().then(
      () => 'ended',
      (error: unknown) => String(error),
    )
  }

  /** The messages so far, undecoded. */
  get received(): readonly Uint8Array[] {
    return this.#received
  }

  say(message: unknown): void {
    this.sendFrame(encode(message))
  }

  sendFrame(bytes: Uint8Array): void {
    this.sendRaw(Buffer.concat([varint(bytes.byteLength), bytes]))
  }

  sendRaw(bytes: Uint8Array): void {
    if (this.stream.status === 'open') this.stream.send(bytes)
  }

  async #receive(): Promise<void> {
    for await (const frame of decodeFrames(source(this.stream), { maxDataLength: 2 ** 26 })) {
      this.#received.push(frame.subarray())
    }
  }
}

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.from([...bytes, Number(rest)])
}

/** The secret key of an appliance, as a thief of its disk has it. */
export async function stolenIdentity(data: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(data, 'identity')))
}
