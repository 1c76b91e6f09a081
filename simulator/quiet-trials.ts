/**
 * What some seeds try when all faults have ended and everything is at rest: things that take longer than a storm lasts,
 * or that can be told from a fault only where there is none.
 */
import type { TargetRecord } from '../controller/core/records.ts'
import type { InstallId } from '../protocol/identifiers.ts'
import { isRefusal } from '../protocol/refusals.ts'
import { type Evidence, groupOf, hasEnded, isTenant } from './checkers/evidence.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import { type SymbolicPatch, symbolicPatch } from './world/symbolic-patch.ts'
import type { World } from './world/world.ts'

export type Calm = {
  readonly world: World
  readonly evidence: Evidence
  /** Waits until everything is at rest; fails when that takes too long. */
  readonly rest: () => void
  /** Another machine takes its place, at once. */
  readonly replace: (who: SimulatedAppliance) => SimulatedAppliance | null
}

/** Longer than anybody is called reachable who is silent. */
const NOTICED_MS = 60_000
/** Two secondaries in turn lose their patience, and a patch crosses the slowest WAN. */
const FAILOVER_BUDGET_MS = 90_000
/** Pieces that were put in line when a link was slow leave as slowly, wanted or not: 64 of them, 8.5 s each. */
const LINE_BUDGET_MS = 64 * 8_500
const INSTALL_BUDGET_MS = 120_000
/** Longer than the Service Center waits for a word: the timeout of the patch and a quarter of an hour. */
const OUT_OF_REACH_MS = 20 * 60_000
const LOOK_EVERY_MS = 1_000

/**
 * The primary of each depot is away for good while a new patch comes: the others get it all the same. It stops, or its
 * power goes `silently`, and nobody hears that it did.
 */
export function withoutPrimaries({ world, evidence, rest }: Calm, silently: boolean): void {
  const depots = evidence.fleet().filter(({ name }) => !isTenant(name))
  const away = depots.filter((one) => evidence.members.get(one.peer)?.role === 'primary' && hasPeer(one, depots))
  if (away.length === 0) return
  emptyLines(world)
  for (const primary of away) {
    world.say(primary.name, silently ? 'HAS NO POWER FOR A WHILE' : 'STOPS FOR A WHILE')
    if (silently) primary.losePower()
    else primary.stop()
  }
  if (silently) world.run(NOTICED_MS)
  const { sha256 } = publish({ world, evidence }, 'patch-last').publication
  const others = depots.filter((appliance) => !away.includes(appliance))
  const endMs = world.nowMs + FAILOVER_BUDGET_MS
  while (world.nowMs < endMs && !others.every((other) => evidence.holds(other, sha256))) world.run(LOOK_EVERY_MS)
  for (const other of others)
    evidence.expect(
      evidence.holds(other, sha256),
      'a depot goes on without its primary',
      () => `${other.name} still waits for its primary`,
    )
  // One that stopped in the middle of a reboot has come back by itself.
  for (const primary of away) if (!primary.isRunning) primary.start()
  rest()
}

/** What a storm left in line at the Service Center would stand before the new patch, and says nothing of failing over. */
function emptyLines(world: World): void {
  const { readers } = world.center.seed
  world.runUntil(() => [...readers.values()].every(({ queue }) => queue.length === 0), world.nowMs + LINE_BUDGET_MS)
}

/**
 * The last appliance of an install stands still for so long that the install ends without it. When it goes on, it is
 * disrupted all the same, and another install that is started at that moment must leave its peer alone.
 */
export function outOfReach(calm: Calm): void {
  const { world, rest } = calm
  const silent = standStill(calm)
  if (silent === null) return
  const { who, next, isOver } = silent
  start(world, next, who)
  who.thaw()
  if (world.runUntil(() => !isOver(), world.nowMs + INSTALL_BUDGET_MS)) start(world, next, who)
  rest()
}

/** The same, but it is replaced before it goes on: its successor and its peer must not wait for it. */
export function replacedInSilence(calm: Calm): void {
  const { world, evidence, rest } = calm
  // What a person has paused waits for a person, and so does whoever needs it.
  if ([...world.center.state.installs.values()].some(({ state }) => state === 'paused')) return
  const silent = standStill(calm)
  if (silent === null) return
  const { who, next } = silent
  const install = start(world, next, who)
  const successor = calm.replace(who)
  who.thaw()
  // Its peer waits until it has what was installed there without it.
  for (const sha256 of evidence.livePatches) {
    const patch = evidence.patches.get(sha256)
    if (successor !== null && patch !== undefined) start(world, patch, successor)
  }
  rest()
  const targets = install === null ? [] : (world.center.state.targets.get(install)?.values() ?? [])
  for (const { appliance, state, reason } of targets)
    evidence.expect(
      hasEnded(state),
      'nobody waits for who was replaced',
      () => `${evidence.nameOf(appliance)} is ${state} when all is at rest: ${reason}`,
    )
}

type Silent = {
  readonly who: SimulatedAppliance
  readonly next: SymbolicPatch
  readonly isOver: () => boolean
}

/** The last appliance that an install has ordered stands still, until nothing is expected of it any more. */
function standStill({ world, evidence, rest }: Calm): Silent | null {
  const all = evidence.fleet()
  const some = all.find((one) => hasPeer(one, all))
  if (some === undefined) return null
  const patch = publish({ world, evidence }, 'patch-silent')
  const next = publish({ world, evidence }, 'patch-next')
  rest()
  const id = start(world, patch, some)
  if (id === null) return null
  const notEnded = (): TargetRecord[] =>
    [...(world.center.state.targets.get(id)?.values() ?? [])].filter(({ state }) => !hasEnded(state))
  let last: SimulatedAppliance | undefined
  world.runUntil(() => {
    const [one, ...others] = notEnded()
    const who = one === undefined || others.length > 0 ? undefined : evidence.appliances.get(one.appliance)
    if (who?.state.orders.attempt?.phase === 'installing') last = who
    return last !== undefined
  }, world.nowMs + INSTALL_BUDGET_MS)
  if (last === undefined) return null
  world.say(last.name, 'STANDS STILL FOR TWENTY MINUTES')
  last.freeze()
  world.run(OUT_OF_REACH_MS)
  return { who: last, next, isOver: () => notEnded().length === 0 }
}

export function publish(
  { world, evidence }: Pick<Calm, 'world' | 'evidence'>,
  name: string,
  pieces = 3,
): SymbolicPatch {
  const patch = symbolicPatch({ name, pieces })
  evidence.patches.set(patch.publication.sha256, patch)
  world.upload(patch)
  return patch
}

/** On the group of this appliance, now: an organization has one in each Data Center. */
export function start(world: World, { publication }: SymbolicPatch, { peer }: SimulatedAppliance): InstallId | null {
  const record = world.center.state.appliances.get(peer)
  if (record === undefined) return null
  const reply = world.ask({
    kind: 'start-install',
    actor: 'ada',
    patch: publication.sha256,
    organizations: [record.organization],
    dataCenter: record.dataCenter,
    allowOutage: false,
    outsideWindows: true,
  })
  return !isRefusal(reply) && reply.kind === 'install-started' ? reply.install : null
}

export function hasPeer({ name }: SimulatedAppliance, all: readonly SimulatedAppliance[]): boolean {
  return all.some((other) => other.name !== name && groupOf(other.name) === groupOf(name))
}
