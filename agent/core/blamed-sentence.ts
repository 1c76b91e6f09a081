/**
 * Why nothing comes where sources are blamed (blame.ts), in words for a person: who sent something wrong, and until when
 * nothing is asked of it. Null where nobody is blamed.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { blamedUntil } from './blame.ts'
import type { AgentState } from './state.ts'

/** Null for `patch` asks for those only that are left alone altogether. */
export function blamedSentence(state: AgentState, patch: Sha256 | null): string | null {
  const now = state.clock.monotonicMs
  for (const source of state.sources.values()) {
    const name = nameOf(state, source.peer)
    if (source.quarantinedUntilMs > now)
      return `${name} sent what is wrong and is left alone until ${timeOf(state, source.quarantinedUntilMs)} UTC`
    const blamed = patch === null ? null : blamedUntil(source.blame, patch, now)
    if (blamed !== null)
      return `${name} sent a wrong piece ${blamed.index + 1}, which is asked of it again at ${timeOf(state, blamed.againAtMs)} UTC`
  }
  return null
}

function nameOf({ membership, roster }: AgentState, peer: PeerId): string {
  if (peer === membership?.serviceCenter) return 'the Service Center'
  return roster?.members.find((member) => member.peer === peer)?.name ?? peer
}

function timeOf({ clock }: AgentState, monotonicMs: number): string {
  return new Date(clock.wallMs + monotonicMs - clock.monotonicMs).toISOString().slice(11, 19)
}
