/**
 * What some seeds try when everything is at rest: the agents of one pair are upgraded through the fleet, by a release that is
 * good or has a flaw, and now and then the power of the first goes in the middle of its trial.
 */
import { type Calm, hasPeer, start } from './quiet-trials.ts'
import { FLAWS } from './world/simulated-updater.ts'
import { agentPatch } from './world/symbolic-patch.ts'

const VERSION = '2'
/** Both members of a pair, each with its trial. */
const BUDGET_MS = 10 * 60_000
const AWAY_MS = 10_000

export function upgradeAgents({ world, evidence, rest }: Calm, dice: number): void {
  const all = evidence.fleet()
  const one = all.find((other) => hasPeer(other, all))
  if (one === undefined) return
  const flaw = [undefined, ...FLAWS][dice % (FLAWS.length + 1)]
  if (flaw !== undefined) world.flaws.set(VERSION, flaw)
  const patch = agentPatch(VERSION)
  evidence.patches.set(patch.publication.sha256, patch)
  world.upload(patch)
  rest()
  const install = start(world, patch, one)
  if (install === null) return
  const isTried = (): boolean => all.some(({ updater }) => updater.everTried.length > 0)
  if (dice % 4 === 0 && world.runUntil(isTried, world.nowMs + BUDGET_MS)) {
    const tried = all.find(({ updater }) => updater.everTried.length > 0)
    world.run((dice * 137) % AWAY_MS)
    tried?.losePower()
    world.run(AWAY_MS)
    if (tried?.isRunning === false) tried.start()
  }
  world.runUntil(() => world.center.state.installs.get(install)?.state !== 'running', world.nowMs + BUDGET_MS)
  rest()
}
