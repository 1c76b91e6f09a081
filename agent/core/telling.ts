/**
 * Telling the Service Center how far each copy is: for people to look at, never counted. Every state that waits says why.
 */
import { unreachable } from '../../protocol/assert.ts'
import { SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import type { Progress } from '../../protocol/messages.ts'
import { clockTime } from '../../protocol/wan-limits.ts'
import { blamedSentence } from './blamed-sentence.ts'
import type { AgentEffect } from './events.ts'
import { type Replica, storedBytes } from './replica.ts'
import type { AgentState, Source } from './state.ts'

const RECENTLY_MS = 5_000

/** Once a tick: what has changed since it was told. */
export function tellProgress(state: AgentState): AgentEffect[] {
  if (state.uplink.phase !== 'up' || state.membership?.kind !== SERVICE_PROVIDER) return []
  const effects: AgentEffect[] = []
  for (const replica of state.replicas.values()) {
    const { told, phase } = replica
    if (phase.name === 'held' && told?.state === 'replicated') continue
    const progress = progressOf(state, replica)
    const isNew = told?.state !== progress.state || told.bytes !== progress.bytes || told.reason !== progress.reason
    if (!isNew) continue
    replica.told = progress
    effects.push({
      kind: 'send-control',
      channel: 'uplink',
      peer: state.uplink.peer,
      message: { kind: 'progress', progress },
    })
  }
  return effects
}

function progressOf(state: AgentState, replica: Replica): Progress {
  const { phase, publication, wanBytes } = replica
  const { sha256: patch, bytes } = publication
  const still = { patch, bytesPerSecond: 0, wanBytes, sources: [] }
  switch (phase.name) {
    case 'described':
    case 'discarding':
      return { ...still, state: 'waiting', bytes: 0, reason: 'not wanted here' }
    case 'waiting':
      return { ...still, state: 'waiting', bytes: 0, reason: because(replica, quietReason(state) ?? phase.reason) }
    case 'blocked':
      return { ...still, state: 'waiting', bytes: 0, reason: because(replica, phase.reason) }
    case 'opening':
      return {
        ...{ ...still, state: 'waiting', bytes: 0 },
        reason: because(replica, replica.wrong === '' ? 'looks for pieces of an earlier transfer' : ''),
      }
    case 'transferring': {
      const giving = [...state.sources.values()].filter((source) => gives(state, source, patch))
      const bytesPerMs = giving.reduce((sum, source) => sum + source.bytesPerMs, 0)
      return {
        patch,
        state: 'transferring',
        bytes: storedBytes(replica),
        reason: because(replica, giving.length > 0 || isAsked(state, patch) ? '' : whyNothingComes(state, replica)),
        bytesPerSecond: Math.round(bytesPerMs * 1000),
        wanBytes,
        sources: giving.map(({ peer }) => peer),
      }
    }
    case 'verifying':
      return { ...still, state: 'verifying', bytes, reason: 'reads the whole file back from disk' }
    case 'held':
      return { ...still, state: 'replicated', bytes, reason: '' }
    default:
      return unreachable(phase)
  }
}

function isAsked(state: AgentState, patch: Sha256): boolean {
  return [...state.sources.values()].some(({ requested }) => requested.some((one) => one.patch === patch))
}

/** What came last from it was of this patch, and is not long ago. */
function gives({ clock }: AgentState, { lastPatch, lastPieceAtMs }: Source, patch: Sha256): boolean {
  return lastPatch === patch && clock.monotonicMs - lastPieceAtMs < RECENTLY_MS
}

/** A copy that was whole before: what was wrong with it is why it is pulled at all. */
function because({ wrong }: Replica, reason: string): string {
  if (wrong === '') return reason
  const again = `${wrong}; what is wrong is pulled again`
  return reason === '' ? again : `${again}: ${reason}`
}

function whyNothingComes(state: AgentState, replica: Replica): string {
  const quiet = quietReason(state)
  if (quiet !== null) return quiet
  const blamed = blamedSentence(state, replica.publication.sha256)
  if (blamed !== null) return blamed
  if (state.limits.downBitsPerSecond !== null && state.wanBudgetBytes <= 0)
    return `keeps to the limit of ${state.limits.downBitsPerSecond / 1e6} Mbit/s on the WAN link`
  const open = [...state.sources.values()].filter(({ phase }) => phase === 'open')
  return open.length === 0
    ? 'cannot reach a source: it is dialled again and again'
    : 'no source has offered a further piece yet'
}

function quietReason({ quiet }: AgentState): string | null {
  return quiet === null ? null : `quiet hours: nothing is transferred over the WAN until ${clockTime(quiet.to)} UTC`
}
