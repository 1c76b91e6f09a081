/**
 * n/m: what is counted is on the disks. An appliance is counted only while its disk durably holds the right bytes, or
 * until a fault changes them afterwards and its word of that has arrived; the count that is kept is the count; m is every Service Provider appliance that
 * is enrolled and not retired, and no receipt counts but under the key and epoch of one of them; and in the end every
 * live patch is counted everywhere.
 */

import { countReplications, isReplicated } from '../../controller/core/replications.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { Checker, Evidence } from './evidence.ts'
import { hasTakenBack } from './good-copies.ts'

export function counting(evidence: Evidence): Checker {
  const name = 'n/m is the truth'
  const { world } = evidence
  const epochs = new Map<string, number>()
  /** By the records that were committed, and not by what the Service Center makes of them. */
  const recount = (): void => {
    const { state, isRunning } = world.center
    if (!isRunning) return
    const depots = [...evidence.members.values()].filter(({ kind }) => kind === SERVICE_PROVIDER)
    for (const { sha256, withdrawal } of state.patches.values()) {
      if (withdrawal !== null) continue
      const { complete, total } = countReplications(state, sha256)
      const proven = depots.filter(({ peer, epoch }) => epochs.get(`${peer} ${sha256}`) === epoch)
      evidence.expect(
        complete === proven.length && total === depots.length,
        name,
        () =>
          `${evidence.titleOf(sha256)} is said to be at ${complete}/${total}, and by receipts and members is at ${proven.length}/${depots.length}`,
      )
    }
  }
  const look = (): void => {
    const { state } = world.center
    for (const patch of state.patches.values()) {
      if (patch.withdrawal !== null) continue
      let proven = 0
      for (const record of state.appliances.values()) {
        if (record.kind !== SERVICE_PROVIDER || !isReplicated(state, patch.sha256, record)) continue
        proven += 1
        const who = evidence.appliances.get(record.peer)
        if (who === undefined || evidence.isDamaged(who.name, patch.sha256)) continue
        if (hasTakenBack(who, patch.sha256)) continue
        // Nobody can tell yet on which of two machines that copy is, or has heard yet that its ledger is older.
        if (evidence.clones.get(record.peer)?.overMs === null) continue
        const setBack = evidence.setBack.get(record.peer)
        if (setBack?.isNoticed === false && setBack.forgotten.has(patch.sha256)) continue
        evidence.expect(
          evidence.holds(who, patch.sha256),
          name,
          () => `${who.name} is counted for ${evidence.titleOf(patch.sha256)}, and its disk does not hold it`,
        )
      }
      const { complete } = countReplications(state, patch.sha256)
      const told = () => `${evidence.titleOf(patch.sha256)} is said to be complete ${complete} times, and is ${proven}`
      evidence.expect(complete === proven, name, told)
    }
  }
  return {
    name,
    committed(change) {
      if (change.table !== 'receipts') return
      const { peer, sha256, epoch } = change.row
      epochs.set(`${peer} ${sha256}`, epoch)
      look()
    },
    sweep() {
      look()
      recount()
    },
    pending() {
      const { state } = world.center
      for (const patch of state.patches.values()) {
        if (patch.withdrawal !== null) continue
        const { complete, total } = countReplications(state, patch.sha256)
        if (complete < total) return `${evidence.titleOf(patch.sha256)} is at ${complete}/${total}`
      }
      return null
    },
  }
}
