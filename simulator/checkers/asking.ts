/**
 * Nobody is asked without end: whoever has nothing to give of a patch is told that it is wanted, and a piece of it is asked
 * for, less and less often. What comes back right away would otherwise keep both ends busy.
 */
import type { Checker, Evidence } from './evidence.ts'

const WITHIN_MS = 60_000
/** Of one patch by one appliance from one source: a stream that is lost and made anew says it each time. */
const WANTS_AT_MOST = 60

export function asking(evidence: Evidence): Checker {
  const { world } = evidence
  const name = 'nobody is asked without end'
  const asked = new Map<string, number[]>()
  return {
    name,
    performed(who, effect) {
      if (effect.kind !== 'send-pieces' || effect.message.kind !== 'want') return
      const key = `${who.name} ${effect.peer} ${effect.message.patch}`
      const since = world.nowMs - WITHIN_MS
      const times = [...(asked.get(key) ?? []).filter((at) => at > since), world.nowMs]
      asked.set(key, times)
      evidence.expect(
        times.length <= WANTS_AT_MOST,
        name,
        () =>
          `${who.name} said ${times.length} times within a minute to ${evidence.nameOf(effect.peer)} that it wants a patch`,
      )
    },
  }
}
