/**
 * A key belongs to one machine: where a copy of a machine runs beside it, the key is held, and nothing that it says counts
 * and nothing is ordered to it, until a person has ended one of the two and said so; a new epoch begins then, in which
 * nothing is proven yet. Nobody is held who has no copy, however often a machine starts again.
 */
import type { ApplianceRecord, TargetRecord } from '../../controller/core/records.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { Checker, Evidence } from './evidence.ts'

export type Clone = {
  readonly copy: SimulatedAppliance
  readonly original: SimulatedAppliance
  /** When one machine was left and trusted, or no member any more; null before. */
  overMs: number | null
}

export function clones(evidence: Evidence): Checker {
  const name = 'a key belongs to one machine'
  const { world } = evidence
  const records = new Map<PeerId, ApplianceRecord>()
  const ordered = new Map<string, string>()

  const followAppliance = (row: ApplianceRecord): void => {
    const before = records.get(row.peer)
    records.set(row.peer, row)
    const clone = evidence.clones.get(row.peer)
    if (row.retiredAt !== null || before === undefined || (before.heldAt === null) === (row.heldAt === null)) return
    if (row.heldAt !== null) {
      const hasCopy = clone?.overMs === null
      evidence.expect(hasCopy, name, () => `${row.name} is held, and no other machine has its key`)
      return
    }
    evidence.expect(row.epoch > before.epoch, name, () => `${row.name} is trusted again, and no new epoch begins`)
    if (clone !== undefined) clone.overMs = world.nowMs
  }

  const followTarget = ({ install, appliance, order }: TargetRecord): void => {
    const key = `${install} ${appliance}`
    const isNew = order !== null && ordered.get(key) !== order.id
    if (order !== null) ordered.set(key, order.id)
    evidence.expect(
      !isNew || records.get(appliance)?.heldAt == null,
      name,
      () => `${evidence.nameOf(appliance)} is ordered to install while its key is held`,
    )
  }

  return {
    name,
    committed(change) {
      if (change.table === 'appliances') followAppliance(change.row)
      if (change.table === 'targets') followTarget(change.row)
    },
    sweep() {
      const { state, isRunning } = world.center
      if (!isRunning) return
      for (const { peer, name: title, heldAt, retiredAt } of records.values()) {
        if (heldAt === null || retiredAt !== null) continue
        evidence.expect(!state.sessions.has(peer), name, () => `${title} is held, and is called reachable`)
        for (const [patch, receipts] of state.receipts)
          evidence.expect(
            (receipts.get(peer)?.epoch ?? 0) === 0,
            name,
            () => `${title} is held, and its receipt for ${evidence.titleOf(patch)} counts`,
          )
      }
    },
    pending() {
      for (const [peer, { copy, original, overMs }] of evidence.clones) {
        // Of two machines whose depot is gone the Service Center hears nothing.
        if (overMs !== null || !evidence.members.has(peer) || [original, copy].some((one) => evidence.isStranded(one)))
          continue
        const isHeld = records.get(peer)?.heldAt != null
        return isHeld ? `${evidence.nameOf(peer)} is held` : `${copy.name} runs, and the key of both is not held`
      }
      return null
    },
  }
}
