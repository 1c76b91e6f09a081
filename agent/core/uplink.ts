/**
 * The one outgoing control stream. A Service Provider appliance keeps it to the Service Center; any other appliance to
 * a member of its depot, the primary first, the next one after each failure. It is pinged every 10 seconds and given up
 * after 30 seconds of silence (a setting), since a half-open connection looks alive from one end, and a depot that does
 * not reach the Service Center itself does not answer. What is given up for its silence is hung up as a whole: a dial
 * would use what is left of the dead connection again. Where pieces still come from that depot, only the stream ends.
 */
import type { DialAddress, PeerId } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { MAX_KNOWN_PATCHES } from '../../protocol/limits.ts'
import { type Greeting, PROTOCOL_VERSION } from '../../protocol/messages.ts'
import { backoffMs } from './backoff.ts'
import type { AgentEffect } from './events.ts'
import { heldVersion } from './held-policy.ts'
import { resendUp } from './letters.ts'
import { addressesOf } from './neighbours.ts'
import { isGivenUp } from './replica.ts'
import { giveUp } from './silence.ts'
import type { AgentState } from './state.ts'

const PING_EVERY_MS = 10_000

export function tendUplink(state: AgentState): AgentEffect[] {
  const { uplink, membership } = state
  const now = state.clock.monotonicMs
  if (membership === null) return []
  if (uplink.phase === 'up') {
    const { silenceMs } = state.settings
    if (now - uplink.lastHeardAtMs > silenceMs) {
      const { peer } = uplink
      const reason = `nothing was heard for ${silenceMs / 1000} seconds`
      return [giveUp(state, 'uplink', peer), ...uplinkClosed(state, peer, reason)]
    }
    if (now < uplink.pingAtMs) return []
    uplink.pingAtMs = now + PING_EVERY_MS
    return [{ kind: 'send-control', channel: 'uplink', peer: uplink.peer, message: { kind: 'ping' } }]
  }
  if (uplink.phase === 'dialling' || now < uplink.retryAtMs) return []
  const target = nextTarget(state, uplink.last)
  if (target === undefined) return []
  const { failures, reason } = uplink
  // A process that has just started knows the time since its first tick.
  state.uplink = { phase: 'dialling', peer: target.peer, failures, reason, since: uplink.since || state.clock.wallMs }
  return [{ kind: 'open', channel: 'uplink', peer: target.peer, addresses: target.addresses }]
}

export function uplinkOpened(state: AgentState, peer: PeerId): AgentEffect[] {
  const now = state.clock.monotonicMs
  state.uplink = { phase: 'up', peer, lastHeardAtMs: now, pingAtMs: now + PING_EVERY_MS, since: state.clock.wallMs }
  for (const replica of state.replicas.values()) replica.told = null
  const attached = [...state.attached].flatMap(([tenant, greeting]): AgentEffect[] =>
    greeting === null
      ? []
      : [{ kind: 'send-control', channel: 'uplink', peer, message: { kind: 'attached', peer: tenant, greeting } }],
  )
  return [
    { kind: 'send-control', channel: 'uplink', peer, message: { kind: 'greeting', greeting: greeting(state) } },
    ...attached,
    ...resendUp(state),
  ]
}

export function uplinkClosed(state: AgentState, peer: PeerId, reason: string): AgentEffect[] {
  const { uplink } = state
  if (uplink.phase === 'down' || uplink.peer !== peer) return []
  const failures = uplink.phase === 'dialling' ? uplink.failures + 1 : 1 + state.timesHeld
  const waitMs = backoffMs(state.random, failures)
  const since = uplink.phase === 'dialling' ? uplink.since : state.clock.wallMs
  state.uplink = { phase: 'down', retryAtMs: state.clock.monotonicMs + waitMs, failures, reason, last: peer, since }
  return [{ kind: 'log', line: `uplink lost: ${reason}`, fields: { peer, retryInMs: waitMs } }]
}

/** The Service Center wants to hear no more of this key before a person has decided: it is asked again, less and less often. */
export function uplinkHeld(state: AgentState, peer: PeerId, reason: string): AgentEffect[] {
  state.timesHeld += 1
  const line = `the Service Center holds this appliance: ${reason}`
  return [
    { kind: 'log', line, fields: { peer } },
    { kind: 'close', channel: 'uplink', peer },
    ...uplinkClosed(state, peer, 'this appliance is held'),
  ]
}

function greeting(state: AgentState): Greeting {
  return {
    version: PROTOCOL_VERSION,
    addresses: state.addresses,
    rosterVersion: state.roster?.version ?? 0,
    counters: { gaps: state.gaps, newest: state.counter },
    known: [...state.replicas]
      .filter(([, replica]) => !isGivenUp(replica))
      .map(([patch]) => patch)
      .slice(-MAX_KNOWN_PATCHES),
    life: state.life,
    // A setting in seconds may be a fraction.
    silenceMs: Math.ceil(state.settings.silenceMs),
    ...heldVersion(state),
  }
}

/** The one after the last that was tried; the first, where nobody was or that one is not there any more. */
function nextTarget(state: AgentState, last: PeerId | null) {
  const targets = uplinkTargets(state)
  return targets[(targets.findIndex(({ peer }) => peer === last) + 1) % Math.max(1, targets.length)]
}

function uplinkTargets(state: AgentState): { peer: PeerId; addresses: DialAddress[] }[] {
  if (state.membership?.kind === SERVICE_PROVIDER) {
    return [{ peer: state.membership.serviceCenter, addresses: addressesOf(state, state.membership.serviceCenter) }]
  }
  const depot = (state.roster?.members ?? []).filter(({ kind }) => kind === SERVICE_PROVIDER)
  return depot
    .sort((left, right) => Number(left.role === 'secondary') - Number(right.role === 'secondary'))
    .map(({ peer }) => ({ peer, addresses: addressesOf(state, peer) }))
    .filter(({ addresses }) => addresses.length > 0)
}
