/**
 * libp2p 3.3.11 asks for the list of all connections at each one that comes, twice, to count them, and makes it by copying
 * what it has so far for each peer: with 10,000 peers 50 million steps for each that comes. Here the list is kept, and
 * copied once for whoever asks: libp2p sorts what it is given, and its connections end while others look at it.
 */
import type { Connection, Libp2p, PeerId } from '@libp2p/interface'

/** Where libp2p is made otherwise than it was, it stays as it is. */
export function keepConnectionList(host: Libp2p): void {
  const { components } = host as { components?: { connectionManager?: Pick<Libp2p, 'getConnections'> } }
  const connections = components?.connectionManager
  if (connections === undefined) return
  const list: Connection[] = []
  const places = new Map<Connection, number>()
  host.addEventListener('connection:open', ({ detail }) => {
    // The other side may have ended it already.
    if (detail.status !== 'open') return
    places.set(detail, list.length)
    list.push(detail)
  })
  host.addEventListener('connection:close', ({ detail }) => {
    const place = places.get(detail)
    const last = list.at(-1)
    if (place === undefined || last === undefined) return
    list[place] = last
    places.set(last, place)
    list.pop()
    places.delete(detail)
  })
  const ofPeer = connections.getConnections.bind(connections)
  connections.getConnections = (peer?: PeerId) => (peer === undefined ? list.slice() : ofPeer(peer))
}
