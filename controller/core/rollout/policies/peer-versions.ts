/**
 * None begins whose peer has a version that the patch does not run beside: the manifest's `pair.peerCompat`.
 */
import { judgePeerVersions } from '../../../../agent/core/install/policies/peer-versions.ts'
import type { Policy } from './policy.ts'

export const peerVersions: Policy = ({ fact, manifest }) => {
  const odd = judgePeerVersions(manifest, fact.peerVersions)
  return odd === null ? null : `waits: ${odd}`
}
