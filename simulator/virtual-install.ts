/**
 * The second half of a virtual run: the patch installed for every organization in all Data Centers, and what that did to
 * each appliance and each pair, as plain data with times counted from the start of the install.
 */

import { groupKey } from '../controller/core/census.ts'
import { isFinal, isUnderWay } from '../controller/core/rollout/install-states.ts'
import { nextBelow } from '../protocol/random.ts'
import type { Disruption } from './world/disruptions.ts'
import { runToEnd, seconds, type Tell } from './world/run-to-end.ts'
import type { SymbolicPatch } from './world/symbolic-patch.ts'
import type { World } from './world/world.ts'

/** An installer takes from the first to the sum of both. */
const INSTALL_MS = 20_000
const INSTALL_MORE_MS = 20_000
const VERIFY_MS = 5_000
/** An install in which nothing has begun or ended for so long waits for what a run does not bring. */
const STANDS_STILL_MS = 10 * 60_000

export type InstallRun = {
  readonly state: string
  readonly reason: string
  /** Until its last target has ended; null if that never came. */
  readonly tookMs: number | null
  readonly installed: number
  readonly total: number
  /** Those that did not install it, or wait for what never came, with why. */
  readonly others: readonly { appliance: string; state: string; reason: string }[]
  /** One for each appliance on which something ran, from the installer's start to the end of its verification. */
  readonly runs: readonly {
    appliance: string
    dataCenter: string
    organization: string
    fromMs: number
    toMs: number
  }[]
  /** How long each group of two and more had one member fewer to serve. */
  readonly unprotected: readonly { group: string; dataCenter: string; minutes: number }[]
  /** Times at which two members of a group were disrupted at once: there must be none. */
  readonly bothDisrupted: number
}

export function installRun(
  world: World,
  patch: SymbolicPatch,
  { allowOutage, progress }: { allowOutage: boolean; progress: Tell },
): InstallRun {
  const random = world.randomFor('durations of installs')
  for (const { installer } of world.appliances.values()) {
    installer.durationsMs.install = INSTALL_MS + nextBelow(random, INSTALL_MORE_MS)
    installer.durationsMs.verify = VERIFY_MS
  }
  const { state } = world.center
  const organizations = [...new Set([...state.appliances.values()].map(({ organization }) => organization))]
  const beganMs = world.nowMs
  const id = world.install(patch, organizations, { allowOutage })
  const targets = () => [...(state.targets.get(id)?.values() ?? [])]
  const installed = () => targets().filter((target) => target.state === 'installed').length
  const isRunning = () => isUnderWay(state.installs.get(id)?.state ?? 'done')
  const hasEnded = () => !isRunning() && targets().every((target) => isFinal(target.state))
  const standsStill = watchStandstill(world)
  runToEnd(world, {
    isOver: () => hasEnded() || standsStill(),
    line: () => `${seconds(world.nowMs - beganMs)} s of virtual time: installed ${installed()} of ${targets().length}`,
    progress,
  })
  const runs = runsOf(world, beganMs)
  return {
    state: state.installs.get(id)?.state ?? '',
    reason: state.installs.get(id)?.reason ?? '',
    tookMs: hasEnded() ? Math.round(world.nowMs - beganMs) : null,
    installed: installed(),
    total: targets().length,
    others: targets()
      .filter((target) => target.state !== 'installed')
      .map(({ appliance, state: reached, reason }) => ({
        appliance: state.appliances.get(appliance)?.name ?? '',
        state: reached,
        reason,
      })),
    runs,
    unprotected: unprotected(world, runs),
    bothDisrupted: bothDisrupted(world),
  }
}

/** Whether no installer has begun to run for long; a last one that still ran would have ended by then. */
function watchStandstill(world: World): () => boolean {
  let [begun, sinceMs] = [world.disruptions.all.length, world.nowMs]
  return () => {
    const now = world.disruptions.all.length
    if (now !== begun) [begun, sinceMs] = [now, world.nowMs]
    return world.nowMs - sinceMs > STANDS_STILL_MS
  }
}

function runsOf({ disruptions, nowMs, center }: World, beganMs: number): InstallRun['runs'] {
  const runs = new Map<string, InstallRun['runs'][number]>()
  for (const { appliance, fromMs, toMs } of disruptions.all) {
    const before = runs.get(appliance.name)
    const record = center.state.appliances.get(appliance.peer)
    runs.set(appliance.name, {
      appliance: appliance.name,
      dataCenter: record?.dataCenter ?? '',
      organization: record?.organization ?? '',
      fromMs: before?.fromMs ?? Math.round(fromMs - beganMs),
      toMs: Math.round((toMs ?? nowMs) - beganMs),
    })
  }
  return [...runs.values()]
}

function unprotected(world: World, runs: InstallRun['runs']): InstallRun['unprotected'] {
  const groups = Map.groupBy(world.center.state.appliances.values(), groupKey)
  const byName = new Map(runs.map((run) => [run.appliance, run]))
  return [...groups.values()].flatMap((members) => {
    const [first] = members
    if (first === undefined || members.length < 2) return []
    const ms = members.reduce((sum, { name }) => {
      const run = byName.get(name)
      return sum + (run === undefined ? 0 : run.toMs - run.fromMs)
    }, 0)
    const group = `${first.organization} in ${first.dataCenter}`
    return [{ group, dataCenter: first.dataCenter, minutes: Math.round((ms / 60_000) * 100) / 100 }]
  })
}

function bothDisrupted({ disruptions, center, nowMs }: World): number {
  const groupOf = (run: Disruption): string => {
    const record = center.state.appliances.get(run.appliance.peer)
    return record === undefined ? '' : groupKey(record)
  }
  const byGroup = Map.groupBy(
    disruptions.all.filter(({ disrupts }) => disrupts),
    groupOf,
  )
  let count = 0
  for (const runs of byGroup.values()) {
    for (const [at, run] of runs.entries()) {
      const until = run.toMs ?? nowMs
      count += runs.slice(at + 1).filter((other) => other.appliance !== run.appliance && other.fromMs < until).length
    }
  }
  return count
}
