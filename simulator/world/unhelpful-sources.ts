/**
 * Sources that offer all that they have and bring no piece to its end: one sends a byte now and then, the other says each
 * time that there is nothing any more.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

const A_BYTE_EVERY_MS = 1_000

type Asked = { readonly peer: PeerId; readonly patch: Sha256; readonly index: number }

export function giveNothing(world: World, source: SimulatedAppliance, asked: Asked): void {
  const { network } = world
  const { peer, patch, index } = asked
  if (source.gives === 'drips') {
    drip(world, source, peer)
    return
  }
  network.sendPieces(source, 'reader', peer, { kind: 'gone', patch })
  source.hear({ kind: 'piece-sent', peer, patch, index })
}

/** As long as the stream is there. */
function drip(world: World, source: SimulatedAppliance, peer: PeerId): void {
  world.at(world.nowMs + A_BYTE_EVERY_MS, () => {
    if (source.gives === 'drips' && world.network.tellReceiving(source, peer)) drip(world, source, peer)
  })
}
