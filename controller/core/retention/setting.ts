/**
 * Sets how many versions are kept, and pins patches. Nothing goes by it at once: what is left over is let go at the next look
 * (letting-go.ts), so a number that was a mistake can be set anew.
 */
import { isRefusal } from '../../../protocol/refusals.ts'
import type { Command } from '../effects.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'

type SetRetention = Extract<Command, { kind: 'set-retention' }>
type PinPatch = Extract<Command, { kind: 'pin-patch' | 'unpin-patch' }>

export function changeRetention(state: ServiceCenterState, command: SetRetention | PinPatch): Decision {
  return command.kind === 'set-retention' ? setRetention(state, command) : setPin(state, command)
}

function setRetention(state: ServiceCenterState, { actor, keepNewest }: SetRetention): Decision {
  const reply = { kind: 'retention-set' } as const
  if ((state.retention.set?.keepNewest ?? null) === keepNewest) return { reply, changes: [] }
  const { wallMs: at } = state.clock
  const outcome = keepNewest === null ? 'all versions are kept' : `the ${keepNewest} newest of each name are kept`
  return {
    reply,
    changes: [
      { table: 'retention', row: { keepNewest, setAt: at, setBy: actor } },
      { table: 'audit', row: { at, actor, action: 'set-retention', subject: 'patches', outcome } },
    ],
  }
}

function setPin(state: ServiceCenterState, command: PinPatch): Decision {
  const { actor, patch } = command
  const record = livePatch(state, patch)
  if (isRefusal(record)) return { reply: record, changes: [] }
  const { wallMs: at } = state.clock
  const reason = command.kind === 'pin-patch' ? command.reason : ''
  const pin = command.kind === 'pin-patch' ? { patch, reason, pinnedAt: at, pinnedBy: actor } : null
  const before = state.retention.pins.get(patch)
  const reply = { kind: 'pin-set', patch } as const
  if (pin === null ? before === undefined : before?.reason === reason) return { reply, changes: [] }
  return {
    reply,
    changes: [
      { table: 'pins', row: { patch, pin } },
      { table: 'audit', row: { at, actor, action: command.kind, subject: title(record), outcome: reason || 'done' } },
    ],
  }
}
