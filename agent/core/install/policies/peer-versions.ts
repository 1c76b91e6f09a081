/**
 * `pair.peerCompat`: beside which versions of its peer a patch can run. An appliance does not see its peer, so the
 * Service Center judges it by what the peers have signed, before it orders: a pair that would not run together is held as
 * it is. An empty list tolerates every version; else one that nobody has told of is not tolerated.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'

export type PeerVersion = { readonly name: string; readonly version: string | null; readonly isKnown: boolean }

/** Why an install may not begin beside these peers, or null. */
export function judgePeerVersions({ version, pair }: Manifest, peers: readonly PeerVersion[]): string | null {
  const tolerated: readonly string[] = pair.peerCompat
  if (tolerated.length === 0) return null
  const odd = peers.find((peer) => peer.version !== version && !tolerated.includes(peer.version ?? ''))
  if (odd === undefined) return null
  const has = !odd.isKnown ? 'has not told what it has' : odd.version === null ? 'has none' : `has ${odd.version}`
  return `the patch runs beside ${tolerated.join(', ')} only, and its peer ${odd.name} ${has}`
}
