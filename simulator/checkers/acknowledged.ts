/**
 * What an admin was told stays so: an upload, a withdrawal, an install, a cancellation or a retirement that was answered
 * is never lost, whatever crashes; and what the Service Center once wrote down never goes back.
 */
import type { Change } from '../../controller/core/records.ts'
import type { Checker, Evidence } from './evidence.ts'

export function acknowledged(evidence: Evidence): Checker {
  const name = 'what was answered is never lost'
  const { world, told } = evidence
  const highest = new Map<string, number>()
  return {
    name,
    committed(change) {
      // What was told with a key that is held is void, and counted anew from the next epoch on.
      if (change.table === 'appliances' && change.row.heldAt !== null)
        for (const what of highest.keys()) if (what.includes(` counter of ${change.row.peer} `)) highest.delete(what)
      // Who is to be ordered again has reported nothing of that order yet.
      if (change.table === 'targets' && change.row.order === null)
        for (const [what] of rising(change)) highest.delete(what)
      for (const [what, number] of rising(change)) {
        const before = highest.get(what) ?? -1
        evidence.expect(number >= before, 'counters never go back', () => `${what} was ${before} and is now ${number}`)
        highest.set(what, number)
      }
    },
    sweep() {
      if (!world.center.isRunning) return
      const { state, store } = world.center
      for (const patch of told.published) {
        if (evidence.isDoubtful(patch)) continue
        const record = state.patches.get(patch)
        const title = evidence.titleOf(patch)
        evidence.expect(record?.withdrawal === null, name, () => `${title} was accepted, and there is no record of it`)
        evidence.expect(
          store.held().has(patch) || evidence.isDamaged(world.center.name, patch),
          name,
          () => `${title} was accepted, and the Service Center does not have its bytes`,
        )
      }
      for (const patch of told.withdrawn) {
        if (evidence.isDoubtful(patch)) continue
        const isLive = state.patches.get(patch)?.withdrawal === null
        evidence.expect(!isLive, name, () => `${evidence.titleOf(patch)} was withdrawn, and is there again`)
      }
      for (const id of told.installs)
        evidence.expect(state.installs.has(id), name, () => `install ${id} was accepted, and there is no record of it`)
      for (const id of told.cancelled) {
        const reached = state.installs.get(id)?.state
        evidence.expect(reached === 'cancelled', name, () => `install ${id} was cancelled, and is now ${reached}`)
      }
      for (const peer of told.retired)
        evidence.expect(
          !state.appliances.has(peer),
          name,
          () => `${evidence.nameOf(peer)} was retired, and is there again`,
        )
    },
  }
}

/** The numbers of a record that only rise. */
function rising(change: Change): [string, number][] {
  switch (change.table) {
    case 'appliances':
      return [[`the order sequence of ${change.row.peer}`, change.row.orderSequence]]
    case 'rosters':
      return [[`the roster version of ${change.row.dataCenter}`, change.row.version]]
    case 'receipts':
      return [[`the receipt counter of ${change.row.peer} for ${change.row.sha256}`, change.row.counter]]
    case 'targets':
      return [
        [
          `the report counter of ${change.row.appliance} in run ${change.row.run} of ${change.row.install}`,
          change.row.counter,
        ],
      ]
    case 'detections':
      return [[`the detection counter of ${change.row.peer} for ${change.row.sha256}`, change.row.counter]]
    default:
      return []
  }
}
