/**
 * Copies that faults have changed on disk, and those that are still good: what nobody has, nobody can get, so the last
 * good copy is neither harmed nor carried away.
 */
import { decode } from '../../protocol/codec.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { Disproof } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { World } from '../world/world.ts'
import { type Evidence, isTenant } from './evidence.ts'

/** Somebody's copy that a fault has changed can be mended from this machine only. */
export function hasLastGoodCopy(evidence: Evidence, machine: SimulatedAppliance): boolean {
  return [...evidence.patches.keys()].some((patch) => {
    const isDamagedAnywhere = [...evidence.damaged].some((key) => key.endsWith(` ${patch}`))
    return isDamagedAnywhere && !isGoodElsewhere(evidence, machine.name, patch)
  })
}

/** Whether a copy of this host that goes wrong can be mended from somebody, in the end. */
export function isGoodElsewhere(evidence: Evidence, who: string, patch: Sha256): boolean {
  const depots = evidence.fleet().filter(({ name }) => !isTenant(name))
  return [evidence.world.center, ...depots].some(
    (host) =>
      host.name !== who &&
      !evidence.isDamaged(host.name, patch) &&
      evidence.holds(host, patch) &&
      !isGoingAway(host, patch),
  )
}

/** What is to be deleted is given to nobody any more, also where the same patch was published again meanwhile. */
function isGoingAway(host: World['center'] | SimulatedAppliance, patch: Sha256): boolean {
  const { replicas } = 'seed' in host ? host.seed : host.state
  return replicas.get(patch)?.phase.name === 'discarding'
}

/** A copy that is right on disk again is a copy like any other, and one of a withdrawn patch that went is none. */
export function forgetMended(evidence: Evidence): void {
  const { center, appliances } = evidence.world
  for (const key of evidence.damaged) {
    const [who, patch] = key.split(' ') as [string, Sha256]
    const host = who === center.name ? center : appliances.get(who)
    const isGone = host?.store.disk.find({ folder: 'store', name: patch }) === undefined
    const isOver = isGone && !evidence.livePatches.has(patch)
    if (host === undefined || isOver || evidence.holds(host, patch)) evidence.damaged.delete(key)
  }
}

/** Its word that a copy is not right is on its way. */
export function hasTakenBack({ state }: SimulatedAppliance, patch: Sha256): boolean {
  return [...state.outbox.values()].some(({ envelope }) => {
    if (envelope.payloadType !== Disproof.payloadType) return false
    const disproof = decode(Disproof.schema, envelope.payload, 'a disproof')
    return !isRefusal(disproof) && disproof.sha256 === patch
  })
}
