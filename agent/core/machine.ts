/**
 * What the machine is that an appliance runs on, as its shell finds it: facts that policies judge by and that people are
 * shown. They are looked at when the agent starts, once a minute, and before each detection and each step of an install,
 * so whatever is decided is decided by what is so now. Nothing here is written down: the next look finds it again.
 */
import type { AgentEffect } from './events.ts'
import type { AgentState } from './state.ts'

export type Machine = {
  /** Whose packages it takes, in Debian's names, its own first; empty where that cannot be found out. */
  readonly architectures: readonly string[]
  /** Another one after each start of the machine; null where that cannot be found out. */
  readonly bootId: string | null
  /** Something that was installed wants the machine restarted: since when, and what. */
  readonly restartDue: RestartDue | null
  /** Of the file systems that patches are installed to, each by a folder on it. */
  readonly rooms: readonly Room[]
}
export type RestartDue = { readonly sinceMs: number; readonly wantedBy: readonly string[] }
export type Room = { readonly folder: string; readonly freeBytes: number }

const LOOK_EVERY_MS = 60_000

export function tendMachine(state: AgentState): AgentEffect[] {
  if (state.membership === null || state.clock.monotonicMs < state.surveyAtMs) return []
  state.surveyAtMs = state.clock.monotonicMs + LOOK_EVERY_MS
  return [{ kind: 'survey' }]
}

/** `a restart is due since 2026-11-29T10:00:00.000Z, for libc6`, or nothing. */
export function restartSentence(machine: Machine | null): string {
  const due = machine?.restartDue ?? null
  if (due === null) return ''
  const wanted = due.wantedBy.length === 0 ? '' : `, for ${due.wantedBy.join(', ')}`
  return `a restart is due since ${new Date(due.sinceMs).toISOString()}${wanted}`
}
