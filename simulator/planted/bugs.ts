/**
 * Bugs to plant, each a small exact change of the text of one file, in a copy of the sources. `checkers` are those that
 * should fire: a bug that is caught by accident is not caught.
 */
import { agentBugs } from './agent-bugs.ts'
import { serviceCenterBugs } from './service-center-bugs.ts'
import { storeBugs } from './store-bugs.ts'

export type PlantedBug = {
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  readonly checkers: readonly string[]
}

export const plantedBugs: readonly PlantedBug[] = [...storeBugs, ...agentBugs, ...serviceCenterBugs]
