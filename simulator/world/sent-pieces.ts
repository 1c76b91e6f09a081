/**
 * A piece that leaves the store of a machine of a world: read when it is its turn on the way, and wrong where a fault has
 * made its machine a source of wrong bytes.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, pieceRange } from '../../protocol/pieces.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedStore } from './simulated-store.ts'
import type { Host } from './streams.ts'

type Sender = Host & { readonly store: SimulatedStore; readonly corruptsPieces: boolean }
type Asked = { readonly peer: PeerId; readonly patch: Sha256; readonly index: number }

/** `cut` is how the patch is cut into pieces, where the sender still knows it. */
export function sendPiece(
  network: SimulatedNetwork,
  sender: Sender,
  { peer, patch, index }: Asked,
  cut: Cut | undefined,
): void {
  const bytes = cut === undefined ? 0 : pieceRange(cut, index).length
  network.sendPiece(sender, peer, { patch, index, bytes }, () => {
    const read = sender.store.readPiece({ sha256: patch }, index)
    return sender.corruptsPieces ? Buffer.from('bad') : read
  })
}
