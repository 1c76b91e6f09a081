/**
 * The libp2p node: TCP, Noise and yamux, and nothing that discovers, gossips or relays, since who talks to whom is
 * known and signed. The limits are set for a fleet: the defaults would shut out forty appliances behind one address.
 * A peer that is not on the allow-list is closed right after the Noise handshake and never reaches a message parser.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Libp2p, MultiaddrConnection } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { ListenAddress, type PeerId } from '../../../protocol/identifiers.ts'
import { MAX_ADDRESSES } from '../../../protocol/limits.ts'

const MiB = 1024 * 1024

/** Every appliance of a fleet, twice: a reconnecting one may still hold its half-open predecessor. */
const MAX_CONNECTIONS = 24_000
/** Handshakes at once, from everywhere and from one address; each ends within `UPGRADE_TIMEOUT_MS`. */
const MAX_PENDING = 1_000
const MAX_PENDING_PER_ADDRESS = 100
/** A site behind one address comes back at once after an outage. */
const MAX_NEW_PER_ADDRESS_AND_SECOND = 200
const UPGRADE_TIMEOUT_MS = 3_000
const DIAL_TIMEOUT_MS = 10_000

export type HostOptions = {
  /** 32 bytes from which the Ed25519 identity is made. */
  readonly seed: Uint8Array
  readonly listen: readonly string[]
  readonly mayConnect: (peer: PeerId) => boolean
}

export async function startHost({ seed, listen, mayConnect }: HostOptions): Promise<Libp2p> {
  const pending = new PendingByAddress()
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: 16,
        maxEarlyStreams: 4,
        streamOptions: {
          initialStreamWindowSize: 2 * MiB,
          maxReadBufferLength: 4 * MiB,
          maxStreamWindowSize: 4 * MiB,
          maxWriteBufferLength: 16 * MiB,
        },
      }),
    ],
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      maxIncomingPendingConnections: MAX_PENDING,
      inboundConnectionThreshold: MAX_NEW_PER_ADDRESS_AND_SECOND,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: UPGRADE_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: DIAL_TIMEOUT_MS,
      dialTimeout: DIAL_TIMEOUT_MS,
      maxParallelDials: 8,
      reconnectRetries: 0,
    },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundConnection: (connection) => !pending.admit(connection),
      denyInboundEncryptedConnection: (peer, connection) => {
        pending.settled(connection)
        return !mayConnect(peer.toString() as PeerId)
      },
    },
    connectionMonitor: { enabled: false },
  })
}

/** Where members can dial this host, without its peer id: what was announced, else where it listens. */
export function addressesOfHost(host: Libp2p, announce: readonly string[]): ListenAddress[] {
  const own =
    announce.length > 0 ? announce : host.getMultiaddrs().map((address) => address.decapsulate('/p2p').toString())
  return own.slice(0, MAX_ADDRESSES).map((address) => ListenAddress.parse(address))
}

/** Counts handshakes under way by remote address, so that one address cannot take every place. */
class PendingByAddress {
  readonly #counts = new Map<string, number>()
  readonly #open = new WeakMap<MultiaddrConnection, string>()

  admit(connection: MultiaddrConnection): boolean {
    const address = connection.remoteAddr.getComponents()[0]?.value ?? ''
    const count = this.#counts.get(address) ?? 0
    if (count >= MAX_PENDING_PER_ADDRESS) return false
    this.#counts.set(address, count + 1)
    this.#open.set(connection, address)
    connection.addEventListener('close', () => this.settled(connection))
    return true
  }

  settled(connection: MultiaddrConnection): void {
    const address = this.#open.get(connection)
    if (address === undefined) return
    this.#open.delete(connection)
    const count = (this.#counts.get(address) ?? 1) - 1
    if (count <= 0) this.#counts.delete(address)
    else this.#counts.set(address, count)
  }
}
