/**
 * Copies stay true: what a fault has changed on a disk is found by its holder within the period in which copies are read
 * again, for as long as that holder runs; its receipt is taken back with that; and in the end every copy is whole again,
 * at the appliances and at the Service Center, and is said to be so.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Checker, Evidence } from './evidence.ts'
import { forgetMended } from './good-copies.ts'

const SWEEP_MS = 1_000
/** For what stands in line before it. */
const SLACK_MS = 5_000

export function proving(evidence: Evidence): Checker {
  const name = 'what changes on a disk is found'
  const { world } = evidence
  const boundMs = world.settings.proveEveryMs + SLACK_MS
  /** By damaged copy, for how long its holder could have found it. */
  const awakeMs = new Map<string, number>()
  const heldWrong = new Set<string>()
  return {
    name,
    committed(change) {
      if (change.table !== 'ownCopies') return
      if (change.row.wrong === '') heldWrong.delete(change.row.sha256)
      else heldWrong.add(change.row.sha256)
    },
    performed(who, effect) {
      // It was found: what changes once more, before anybody looks, is another change.
      if (effect.kind === 'set-apart') awakeMs.delete(`${who.name} ${effect.patch}`)
    },
    sweep() {
      forgetMended(evidence)
      for (const key of awakeMs.keys()) if (!evidence.damaged.has(key)) awakeMs.delete(key)
      for (const key of evidence.damaged) {
        const [who = '', patch = ''] = key.split(' ')
        const host = who === world.center.name ? world.center : world.appliances.get(who)
        if (host?.isRunning !== true || host.process.isFrozen) continue
        const isBelieved = host === world.center ? !heldWrong.has(patch) : believes(host as SimulatedAppliance, patch)
        const beforeMs = isBelieved ? (awakeMs.get(key) ?? 0) + SWEEP_MS : 0
        awakeMs.set(key, beforeMs)
        evidence.expect(
          beforeMs <= boundMs,
          name,
          () =>
            `${who} has not noticed for ${beforeMs / 1000} s that its copy of ${evidence.titleOf(patch as Sha256)} changed`,
        )
      }
    },
    pending() {
      for (const sha256 of evidence.livePatches) {
        if (!evidence.patches.has(sha256)) continue
        if (!evidence.holds(world.center, sha256))
          return `the Service Center has no right copy of ${evidence.titleOf(sha256)}`
        if (heldWrong.has(sha256))
          return `the Service Center says that its copy of ${evidence.titleOf(sha256)} is wrong`
      }
      return null
    },
  }
}

/** What an appliance is sure of is in its ledger. */
function believes({ ledger }: SimulatedAppliance, patch: string): boolean {
  return ledger.read().has(`proven-${patch}`)
}
