/**
 * The clock of this appliance beside that of whoever holds its uplink, which tells its own time with each pong. It is
 * noted for `patchmesh check`, which must not disturb a running agent by asking itself, and said in the log where the two
 * are more than a minute apart: every order would look late, or signed in the future.
 */
import { clockDifference } from '../../protocol/clock.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { AgentEffect } from './events.ts'
import type { AgentState } from './state.ts'

/** What the way to and fro, and a tick, can make of it. */
const WORTH_NOTING_MS = 5_000

export function clocksCompared(state: AgentState, peer: PeerId, theirsMs: number): AgentEffect[] {
  const aheadMs = state.clock.wallMs - theirsMs
  if (state.clockAheadMs !== null && Math.abs(aheadMs - state.clockAheadMs) < WORTH_NOTING_MS) return []
  state.clockAheadMs = aheadMs
  const member = state.roster?.members.find((other) => other.peer === peer)
  const whose = member === undefined ? 'the Service Center' : member.name
  const difference = clockDifference(aheadMs)
  const said: AgentEffect[] =
    difference === null
      ? []
      : [{ kind: 'log', line: `the clock here is ${difference} of that of ${whose}`, fields: {} }]
  return [...said, { kind: 'note-clock', aheadMs, theirsMs, whose }]
}
