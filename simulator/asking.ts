/**
 * How the admins of a world reach its Service Center: they try again until it runs, and until it has answered.
 */
import type { Command, Reply } from '../controller/core/effects.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { Evidence } from './checkers/evidence.ts'
import type { World } from './world/world.ts'

const AGAIN_MS = 1_500

export function whenCenterRuns(world: World, atMs: number, act: () => void): void {
  world.at(atMs, () => {
    if (world.center.isRunning) act()
    else again(world, act)
  })
}

/** A while later. */
export function again(world: World, act: () => void): void {
  whenCenterRuns(world, world.nowMs + AGAIN_MS, act)
}

/** Asks until an answer comes; one that left the Service Center before it crashed is an answer. */
export function askUntilAnswered(
  evidence: Evidence,
  ask: () => Reply | Refusal | null,
  answered: (reply: Reply | Refusal) => void,
): void {
  evidence.takeOverheard()
  const reply = ask() ?? evidence.takeOverheard()
  if (reply === null) again(evidence.world, () => askUntilAnswered(evidence, ask, answered))
  else answered(reply)
}

/** `askUntilAnswered` of one command. */
export function askFor(evidence: Evidence, command: Command, answered: (reply: Reply | Refusal) => void): void {
  askUntilAnswered(evidence, () => evidence.world.tryAsk(command), answered)
}
