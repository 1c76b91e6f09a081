/**
 * Reachable is who is heard: the Service Center calls nobody reachable from whom nothing has come for longer than its
 * silence, itself or the depot at which the control stream ends. What the network of the world delivered is the truth; time
 * in which whoever listens stood still does not count, since it hears nobody then, nor does time since a depot was heard
 * last: what it says of its appliances does not get through, and after the same silence all of them have left with it.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import { SILENCE_MS } from '../../protocol/limits.ts'
import type { Checker, Evidence } from './evidence.ts'

/** Of two sweeps, a tick, and a pause of a machine that is too short to be forgiven. */
const SLACK_MS = 10_000

type Silence = { readonly via: PeerId; readonly heardMs: number | undefined; readonly forMs: number }

export function hearing(evidence: Evidence): Checker {
  const { world } = evidence
  const name = 'reachable is who is heard'
  const silences = new Map<PeerId, Silence>()
  let sweptMs = 0
  return {
    name,
    sweep() {
      const { center, network, nowMs } = world
      const tookMs = nowMs - sweptMs
      sweptMs = nowMs
      if (!center.isRunning) silences.clear()
      if (!center.isRunning || center.process.isFrozen) return
      for (const [peer, { via }] of center.state.sessions) {
        const listener = via === peer ? center : [...world.appliances.values()].find((one) => one.peer === via)
        if (listener === undefined || !listener.isRunning || listener.process.isFrozen) {
          silences.delete(peer)
          continue
        }
        const heardMs = network.heardMs(listener, peer)
        const before = silences.get(peer)
        const isSame = before !== undefined && before.via === via && before.heardMs === heardMs
        const forMs = isSame ? before.forMs + tookMs : 0
        silences.set(peer, { via, heardMs, forMs })
        const unheardDepotMs = via === peer ? 0 : nowMs - (network.heardMs(center, via) ?? nowMs)
        evidence.expect(
          forMs - unheardDepotMs <= SILENCE_MS + SLACK_MS,
          name,
          () => `${evidence.nameOf(peer)} is called reachable, and nothing has come from it for ${forMs / 1000} s`,
        )
      }
    },
  }
}
