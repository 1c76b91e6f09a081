/**
 * An address that changes is learnt: by the Service Center with the greeting, and from it, within a bound, by every
 * appliance of the Data Center that can be reached.
 */
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Checker, Evidence } from './evidence.ts'

const SWEEP_MS = 1_000
/** A connection may be dead for two silences before its owner gives it up. */
const LEARNT_WITHIN_MS = 90_000

export function finding(evidence: Evidence): Checker {
  const name = 'an address that changes is learnt'
  const { world } = evidence
  const unknownMs = new Map<string, number>()
  const isThere = (one: SimulatedAppliance): boolean =>
    one.isRunning && !one.process.isFrozen && world.center.state.sessions.has(one.peer)

  /** Who should know where whom is, and does not. */
  const lost = (): { who: string; whom: string }[] => {
    if (!world.center.isRunning) return []
    return evidence.fleet().flatMap((who) => {
      if (!isThere(who) || evidence.clones.get(who.peer)?.overMs === null) return []
      const isRecorded = who.addresses.join() === evidence.members.get(who.peer)?.addresses.join()
      const ways = evidence.waysOf(who)
      const others = evidence.depotOf(who.name).filter((one) => one !== who && isThere(one) && !ways.includes(one))
      const byCenter = isRecorded ? [] : [{ who: world.center.name, whom: who.name }]
      return [...byCenter, ...others.map((one) => ({ who: who.name, whom: one.name }))]
    })
  }

  return {
    name,
    sweep() {
      const now = new Map(lost().map((pair): [string, typeof pair] => [`${pair.who} ${pair.whom}`, pair]))
      for (const key of unknownMs.keys()) if (!now.has(key)) unknownMs.delete(key)
      for (const [key, { who, whom }] of now) {
        const forMs = (unknownMs.get(key) ?? 0) + SWEEP_MS
        unknownMs.set(key, forMs)
        evidence.expect(
          forMs <= LEARNT_WITHIN_MS,
          name,
          () => `${who} does not know for ${forMs / 1000} s at which address ${whom} is`,
        )
      }
    },
    pending() {
      const [first] = lost()
      return first === undefined ? null : `${first.who} does not know at which address ${first.whom} is`
    },
  }
}
