/**
 * Where lanes to a peer may be dialled: where it answered, or, where it has dialled us, where it says that it listens; none
 * where it only dials. Whoever answers there has to know the secret, so a wrong address costs a try.
 */
import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { DialAddress } from '../../../../protocol/identifiers.ts'

export type LaneAddress = { readonly host: string; readonly port: number }

export function laneAddresses(
  { direction, remoteAddr }: Pick<Connection, 'direction' | 'remoteAddr'>,
  addresses: readonly DialAddress[],
): LaneAddress[] {
  const known = direction === 'outbound' ? [remoteAddr] : addresses.map((address) => multiaddr(address))
  return known.flatMap((address) => laneAddress(address) ?? [])
}

function laneAddress(address: Multiaddr): LaneAddress | null {
  const parts = address.getComponents()
  const host = parts.find(({ name }) => ['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(name))?.value
  const port = Number(parts.find(({ name }) => name === 'tcp')?.value)
  return host === undefined || Number.isNaN(port) ? null : { host, port }
}
