/**
 * Faults of letters: twice, late, again, dropped or forged, all by letter-tampering.ts.
 */
import type { FaultKind } from '../faults.ts'
import { type Act, NOTHING_TO_HEAL } from './hands.ts'

/** A depot that drops what it should forward does so for a while. */
const DROPS_MS = 20_000

const tamper: Act = (fault, hands) => hands.tampering.lay(fault, (kind) => hands.count(kind))

export const letterActs = {
  'duplicate-letter': tamper,
  'late-letter': tamper,
  'replayed-letter': tamper,
  'forged-letter': tamper,
  'depot-drops-letters': (fault, hands) => {
    const depot = hands.running(fault)
    const heal = depot === null ? null : hands.tampering.lay(fault, (kind) => hands.count(kind))
    if (depot === null || heal === null) return null
    // An honest program takes its place, and a new process sends again what is kept.
    hands.later(DROPS_MS, () => {
      heal()
      if (depot.isRunning) depot.stop()
      hands.startAgain(depot)
    })
    return NOTHING_TO_HEAL
  },
} satisfies Partial<Record<FaultKind, Act>>
