/**
 * Faults for a virtual run of a topology, drawn from its seed: some of what a bad night brings (crashes, cut and slow
 * links, full disks), or every kind that the seeds know. They strike while the patch replicates; after a while all of
 * them end, so that what can converge does.
 */
import { SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import { nextBelow, type Random } from '../protocol/random.ts'
import { Evidence } from './checkers/evidence.ts'
import { FAULT_KINDS, type Fault, type FaultKind, isOfDepot, isOfLink } from './faults.ts'
import { Injector } from './injecting.ts'
import { LetterTampering } from './letter-tampering.ts'
import type { Topology } from './topology.ts'
import { pick } from './workload.ts'
import type { World } from './world/world.ts'

const SOME: readonly FaultKind[] = ['crash', 'cut', 'flap', 'slow-link', 'drop-streams', 'disk-full', 'center-crash']
/** Faults begin while a perfect distribution would go on, or a little longer, and end by themselves or after this. */
const STORM_AT_LEAST_MS = 5_000
const LAST_AT_MOST_MS = 8_000
/** One fault for each so many appliances, and at least a few. */
const APPLIANCES_PER_FAULT = 2
const FAULTS_AT_LEAST = 5

/** Lays the faults out in the world; how many there are. `boundMs` is the fluid bound of the transfer. */
export function applyFaults(
  world: World,
  { topology, seed, level, boundMs }: { topology: Topology; seed: number; level: 'some' | 'all'; boundMs: number },
): number {
  const stormMs = Math.max(STORM_AT_LEAST_MS, boundMs)
  const random = world.randomFor(`faults ${seed}`)
  const kinds = level === 'some' ? SOME : FAULT_KINDS
  const count = Math.max(FAULTS_AT_LEAST, Math.ceil(topology.appliances.length / APPLIANCES_PER_FAULT))
  const faults = Array.from({ length: count }, (_, id) => {
    const fault = drawFault(random, topology, pick(random, kinds))
    return {
      ...fault,
      id,
      atMs: world.nowMs + nextBelow(random, stormMs),
      lastsMs: 500 + nextBelow(random, LAST_AT_MOST_MS),
    }
  })
  const evidence = new Evidence(world)
  const injector = new Injector(world, evidence, new LetterTampering(world, evidence, () => {}), random)
  injector.arm(faults)
  world.at(world.nowMs + stormMs + LAST_AT_MOST_MS, () => injector.calm())
  return faults.length
}

type Drawn = Omit<Fault, 'id' | 'atMs' | 'lastsMs'>

function drawFault(random: Random, topology: Topology, kind: FaultKind): Drawn {
  const depots = topology.appliances.filter((appliance) => appliance.kind === SERVICE_PROVIDER)
  const anyone = pick(random, isOfDepot(kind) ? depots : topology.appliances)
  const fault = { kind, dice: nextBelow(random, 1_000_000) }
  if (kind.startsWith('center')) return { ...fault, who: 'service-center', other: '' }
  if (!isOfLink(kind)) return { ...fault, who: anyone.name, other: '' }
  const near = depots.filter(({ name, dataCenter }) => name !== anyone.name && dataCenter === anyone.dataCenter)
  const others = near.map(({ name }): string => name)
  if (anyone.kind === SERVICE_PROVIDER) others.push('service-center')
  return others.length === 0
    ? { ...fault, who: anyone.name, other: 'service-center' }
    : { ...fault, who: anyone.name, other: pick(random, others) }
}
