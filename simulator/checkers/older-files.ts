/**
 * A ledger that was put back to an older one is noticed: while the Service Center has heard what that ledger does not know,
 * an appliance that can be reached says within a minute that it was put back. Until then it may be counted for copies of
 * which its ledger has no word; from then on for none that is not on its disk. And nobody says so whose ledger nobody has
 * put back.
 */
import type { ServiceCenterState } from '../../controller/core/state.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { Checker, Evidence } from './evidence.ts'

const SWEEP_MS = 1_000
const NOTICED_WITHIN_MS = 60_000

export type SetBack = {
  readonly atMs: number
  /** Counters of the newest statement in that ledger, and of the newest that the Service Center had heard. */
  readonly known: number
  readonly heard: number
  /** Copies on its disk of which that ledger has no word. */
  readonly forgotten: ReadonlySet<Sha256>
  isNoticed: boolean
}

export function olderFiles(evidence: Evidence): Checker {
  const name = 'an older ledger is noticed'
  const { world } = evidence
  const reachableMs = new Map<SetBack, number>()
  const isUnnoticed = (peer: PeerId, setBack: SetBack): boolean => !setBack.isNoticed && isHeard(peer, setBack)
  const isHeard = (peer: PeerId, { known, heard }: SetBack): boolean =>
    heardOf(world.center.state, peer).some((counter) => counter > known && counter <= heard)
  return {
    name,
    committed(change) {
      if (change.table !== 'appliances') return
      const { peer, name: title, ledgerLostAt } = change.row
      const setBack = evidence.setBack.get(peer)
      evidence.expect(
        ledgerLostAt === 0 || setBack !== undefined || evidence.clones.has(peer),
        name,
        () => `${title} is told to have an older ledger, and nobody has put it back`,
      )
      if (setBack !== undefined && change.row.ledgerLostCounter > setBack.heard) setBack.isNoticed = true
    },
    sweep() {
      const { state, isRunning } = world.center
      for (const [peer, setBack] of evidence.setBack) {
        const appliance = evidence.appliances.get(peer)
        const isAwake = appliance?.isRunning === true && !appliance.process.isFrozen
        const isReachable = isRunning && state.sessions.has(peer) && isAwake
        const forMs = isReachable && isUnnoticed(peer, setBack) ? (reachableMs.get(setBack) ?? 0) + SWEEP_MS : 0
        reachableMs.set(setBack, forMs)
        evidence.expect(
          forMs <= NOTICED_WITHIN_MS,
          name,
          () =>
            `${evidence.nameOf(peer)} is reachable for ${forMs / 1000} s, and nobody noticed that its ledger is older`,
        )
      }
    },
    pending() {
      for (const [peer, setBack] of evidence.setBack) {
        const appliance = evidence.appliances.get(peer)
        // Its ledger may be from before its whole depot was replaced.
        if (appliance === undefined || !evidence.isMember(appliance) || evidence.isStranded(appliance)) continue
        if (isUnnoticed(peer, setBack)) return `nobody noticed that the ledger of ${evidence.nameOf(peer)} is older`
      }
      return null
    },
  }
}

/** Counters of what the Service Center has written down of an appliance. */
export function heardOf({ appliances, receipts, detections, targets }: ServiceCenterState, peer: PeerId): number[] {
  const { lookedCounter = 0, ledgerLostCounter = 0 } = appliances.get(peer) ?? {}
  const of = [...receipts.values(), ...detections.values(), ...targets.values()]
  return [lookedCounter, ledgerLostCounter, ...of.map((rows) => rows.get(peer)?.counter ?? 0)]
}
