/**
 * The libp2p node: TCP, Noise and yamux, and nothing that discovers, gossips or relays, since who talks to whom is
 * known and signed. The limits are set for a fleet: the defaults would shut out forty appliances behind one address.
 * A peer that is not on the allow-list is closed right after the Noise handshake and never reaches a message parser.
 */
import type { Socket } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { ListenAddress, type PeerId } from '../../../protocol/identifiers.ts'
import { MAX_ADDRESSES } from '../../../protocol/limits.ts'
import { keepConnectionList } from './connection-list.ts'
import { sharedPort } from './lanes/shared-port.ts'
import { PendingConnections, type PendingLimits } from './pending-connections.ts'

const MiB = 1024 * 1024

/** Every appliance of a fleet, twice: a reconnecting one may still hold its half-open predecessor. */
const MAX_CONNECTIONS = 24_000
/** Each handshake ends within `UPGRADE_TIMEOUT_MS`. A site behind one address comes back at once after an outage. */
const PENDING: PendingLimits = {
  strangers: 600,
  strangersPerSecond: 500,
  strangersPerAddress: 100,
  known: 2_000,
  knownPerAddress: 500,
  remembered: MAX_CONNECTIONS,
}
/** Of the connection manager, which does not know whose address it is: pending-connections.ts does. */
const NO_LIMIT = 1_000_000
const UPGRADE_TIMEOUT_MS = 3_000
const DIAL_TIMEOUT_MS = 10_000

export type HostOptions = {
  /** 32 bytes from which the Ed25519 identity is made. */
  readonly seed: Uint8Array
  readonly listen: readonly string[]
  readonly mayConnect: (peer: PeerId) => boolean
  /**
   * A lane is being opened on this socket; `proven` is to be told when a member has proven to be its other end. Without it
   * none is let in.
   */
  readonly acceptLane?: (socket: Socket, proven: () => void) => void
}

export async function startHost({ seed, listen, mayConnect, acceptLane = letInNone }: HostOptions): Promise<Libp2p> {
  const pending = new PendingConnections(PENDING)
  const port = sharedPort({
    pending,
    firstByteWithinMs: UPGRADE_TIMEOUT_MS,
    onLane: (socket) => acceptLane(socket, () => pending.settled(socket, true)),
  })
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen: [...listen] },
    transports: [port.transport],
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
      maxIncomingPendingConnections: NO_LIMIT,
      inboundConnectionThreshold: NO_LIMIT,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: UPGRADE_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: DIAL_TIMEOUT_MS,
      dialTimeout: DIAL_TIMEOUT_MS,
      maxParallelDials: 8,
      reconnectRetries: 0,
    },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundEncryptedConnection: (peer, connection) => {
        const isMember = mayConnect(peer.toString() as PeerId)
        const socket = port.socketOf(connection)
        if (socket !== undefined) pending.settled(socket, isMember)
        return !isMember
      },
    },
    connectionMonitor: { enabled: false },
  })
  keepConnectionList(host)
  return host
}

function letInNone(socket: Socket): void {
  socket.destroy()
}

/** Where members can dial this host, without its peer id: what was announced, else where it listens. */
export function addressesOfHost(host: Libp2p, announce: readonly string[]): ListenAddress[] {
  const own =
    announce.length > 0 ? announce : host.getMultiaddrs().map((address) => address.decapsulate('/p2p').toString())
  return own.slice(0, MAX_ADDRESSES).map((address) => ListenAddress.parse(address))
}
