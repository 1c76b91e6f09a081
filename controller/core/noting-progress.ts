/**
 * What appliances tell of copies that are on their way; it is shown, and nothing is decided by it.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Progress } from '../../protocol/messages.ts'
import { inner } from './nested-maps.ts'
import type { ServiceCenterState } from './state.ts'

/** False for a patch that there is not: nobody shall fill the memory by naming some. */
export function noteProgress(state: ServiceCenterState, peer: PeerId, progress: Progress): boolean {
  if (!state.patches.has(progress.patch)) return false
  const told = inner(state.progress, progress.patch)
  // An appliance counts from its start: what came before is kept here.
  const before = told.get(peer)?.wanBytes ?? 0
  if (progress.wanBytes < before) {
    const kept = inner(state.wanBytesBefore, progress.patch)
    kept.set(peer, (kept.get(peer) ?? 0) + before)
  }
  told.set(peer, progress)
  return true
}
