import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { startHost } from '../../agent/shell/network/host.ts'
import { eventually } from '../support/eventually.ts'

const hosts: Libp2p[] = []
after(async () => {
  for (const host of hosts) await host.stop()
})

async function start(listen: string[]): Promise<Libp2p> {
  const host = await startHost({ seed: randomBytes(32), listen, mayConnect: () => true })
  hosts.push(host)
  return host
}

test('all connections are listed while they last, and those of one peer', async () => {
  const listening = await start(['/ip4/127.0.0.1/tcp/0'])
  const [address] = listening.getMultiaddrs()
  const dialling = await Promise.all(Array.from({ length: 20 }, () => start([])))
  for (const host of dialling) await host.dial(multiaddr(address?.toString()))
  const peers = await eventually('all are connected', () => {
    const found = listening.getConnections().map(({ remotePeer }) => remotePeer.toString())
    return found.length === 20 && found
  })
  assert.deepEqual(new Set(peers), new Set(dialling.map(({ peerId }) => peerId.toString())))
  for (const { peerId } of dialling) assert.equal(listening.getConnections(peerId).length, 1)
  // As libp2p does where there are too many.
  listening.getConnections().reverse()
  for (const host of dialling.slice(0, 7)) await host.hangUp(listening.peerId)
  const left = new Set(dialling.slice(7).map(({ peerId }) => peerId.toString()))
  await eventually('those that hung up are gone', () => {
    const found = listening.getConnections().map(({ remotePeer }) => remotePeer.toString())
    return found.length === left.size && found.every((peer) => left.has(peer))
  })
})

test('the list that libp2p counts at each new connection is the one that is kept', async () => {
  const { components } = (await start([])) as Libp2p & { components: { connectionManager: object } }
  assert.ok(Object.hasOwn(components.connectionManager, 'getConnections'), 'libp2p is made otherwise than it was')
})
