/**
 * All that a seed draws before its world begins, each from a stream of its own, so that one that is drawn later, or more
 * often, leaves the others as they were.
 */
import { nextBelow, nextWord, type Random, seededRandom } from '../protocol/random.ts'
import {
  drawFaults,
  drawLaterFaults,
  drawOperatorFaults,
  drawPhaseCrashes,
  drawRot,
  drawStarved,
  drawStuckDisks,
  drawUnhelpful,
  type Fault,
} from './faults.ts'
import { drawOperators, type OperatorSettings } from './operators.ts'
import { drawPeopleFaults } from './people-faults.ts'
import { drawPlaceChanges, type PlaceChange } from './place-changes.ts'
import { withWindows } from './window-deeds.ts'
import {
  drawEstate,
  drawWorkload,
  type Estate,
  type Workload,
  withCompanions,
  withSoaks,
  withWaveSoaks,
} from './workload.ts'

export type Plan = {
  readonly safetyMs: number
  readonly estate: Estate
  readonly workload: Workload
  readonly faults: readonly Fault[]
  readonly placeChanges: readonly PlaceChange[]
  /** What the operators of its appliances have put there. */
  readonly operators: OperatorSettings
}

export function planOf(seed: number): Plan {
  const random = seededRandom(seed)
  const stream = (): Random => seededRandom(nextWord(random))
  const safetyMs = 100_000 + nextBelow(stream(), 100_000)
  const estate = drawEstate(stream(), safetyMs)
  const workload = drawWorkload(stream(), estate, safetyMs)
  const storm = drawFaults(stream(), estate, safetyMs)
  const placeChanges = drawPlaceChanges(stream(), estate, workload, safetyMs)
  const later = drawLaterFaults(stream(), estate, safetyMs, storm)
  const rot = drawRot(stream(), estate, safetyMs, storm.length + later.length)
  const numbered = storm.length + later.length + rot.length
  const unhelpful = drawUnhelpful(stream(), estate, safetyMs, numbered)
  const people = drawPeopleFaults(stream(), estate, safetyMs, numbered + unhelpful.length)
  const stuck = drawStuckDisks(stream(), estate, workload, numbered + unhelpful.length + people.length)
  const drawn = [...storm, ...later, ...rot, ...unhelpful, ...people, ...stuck]
  const planned = withSoaks(withWindows(stream(), workload, estate, safetyMs), stream())
  const crashes = drawPhaseCrashes(stream(), estate, safetyMs, drawn.length)
  const waited = withWaveSoaks(planned, stream())
  const operators = drawOperators(stream())
  const first = [...drawn, ...crashes]
  const ofOperators = stream()
  const before =
    operators.checks.length === 0
      ? first
      : [...first, ...drawOperatorFaults(ofOperators, estate, safetyMs, first.length)]
  const together = withCompanions(waited, stream())
  const faults = [...before, ...drawStarved(stream(), estate, safetyMs, before.length)]
  return { safetyMs, estate, workload: together, faults, placeChanges, operators }
}
