/**
 * Bugs to plant, each a small exact change of the text of one file, made while a process loads it. `checkers` are those
 * that should fire: a bug that is caught by accident is not caught.
 */
import { agentBugs } from './agent-bugs.ts'
import { copyBugs } from './copy-bugs.ts'
import { fleetBugs } from './fleet-bugs.ts'
import { latenessBugs } from './lateness-bugs.ts'
import { machineBugs } from './machine-bugs.ts'
import { operatorBugs } from './operator-bugs.ts'
import { pairBugs } from './pair-bugs.ts'
import { rolloutBugs } from './rollout-bugs.ts'
import { serviceCenterBugs } from './service-center-bugs.ts'
import { storeBugs } from './store-bugs.ts'
import type { TextChange } from './text-change.ts'
import { upgradeBugs } from './upgrade-bugs.ts'
import { windowBugs } from './window-bugs.ts'

export type PlantedBug = TextChange & {
  readonly name: string
  readonly checkers: readonly string[]
}

export const plantedBugs: readonly PlantedBug[] = [
  ...storeBugs,
  ...copyBugs,
  ...agentBugs,
  ...serviceCenterBugs,
  ...rolloutBugs,
  ...fleetBugs,
  ...pairBugs,
  ...operatorBugs,
  ...machineBugs,
  ...windowBugs,
  ...upgradeBugs,
  ...latenessBugs,
]
