/**
 * What can go wrong in a world, drawn from a seed as a list before the world begins: a run that leaves some of them out
 * is otherwise the same run, so a failure can be shrunk. Each seed switches on a random subset of the kinds, at random
 * rates. How each kind is done to a world is written in injecting.ts.
 */
import { nextBelow, type Random } from '../protocol/random.ts'
import { chance, type Estate, pick } from './workload.ts'

export const FAULT_KINDS = [
  'crash',
  'crash-at-effect',
  'center-crash',
  'center-crash-at-effect',
  'power-loss',
  'power-loss-in-write',
  'freeze',
  'cut',
  'cut-one-way',
  'isolate',
  'flap',
  'slow-link',
  'drop-streams',
  'swizzle-clog',
  'disk-full',
  'disk-error',
  'rot-partial',
  'rot-held',
  'corrupt-source',
  'clock-jump',
  'clock-drift',
  'install-fails',
  'health-fails',
  'revert-fails',
  'temporary-error',
  'installer-hangs',
  'reboot-in-install',
  'duplicate-letter',
  'late-letter',
  'replayed-letter',
  'depot-drops-letters',
  'forged-letter',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export type Fault = {
  /** Its place in the list that the seed drew; it stays when others are left out. */
  readonly id: number
  readonly atMs: number
  readonly kind: FaultKind
  /** An appliance, or `service-center`. */
  readonly who: string
  /** The other end, for a fault of a link. */
  readonly other: string
  readonly lastsMs: number
  /** Chooses among what is there when it happens. */
  readonly dice: number
}

/** Faults that touch no transfer: they excuse no second copy over the WAN. */
export const HARMLESS_FOR_TRANSFERS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'clock-jump',
  'install-fails',
  'health-fails',
  'revert-fails',
  'temporary-error',
  'installer-hangs',
  'duplicate-letter',
  'replayed-letter',
  'forged-letter',
])

/** Kinds after which a source may be left alone for ten minutes. */
export const CAUSES_QUARANTINE: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'corrupt-source',
  'rot-partial',
  'rot-held',
])

const MIN_FAULTS = 130
const MORE_FAULTS = 60

export function drawFaults(random: Random, estate: Estate, safetyMs: number): Fault[] {
  const rates = new Map<FaultKind, number>()
  for (const kind of FAULT_KINDS) if (chance(random, 45)) rates.set(kind, pick(random, [1, 2, 4, 8]))
  if (rates.size === 0) rates.set('crash', 1)
  const bag = [...rates].flatMap(([kind, rate]) => Array.from({ length: rate }, () => kind))
  const links = linksOf(estate)
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
  const count = MIN_FAULTS + nextBelow(random, MORE_FAULTS)
  const drawn = Array.from({ length: count }, () => {
    const kind = pick(random, bag)
    const [who, other] = pick(random, links)
    const atMs = 1_000 + nextBelow(random, safetyMs - 1_000)
    const lastsMs = 200 + nextBelow(random, chance(random, 15) ? 40_000 : 6_000)
    const dice = nextBelow(random, 1_000_000)
    const fault = { kind, lastsMs, dice, atMs: kind === 'clock-drift' ? 0 : atMs }
    if (isOfLink(kind)) return { ...fault, who, other }
    if (kind.startsWith('center')) return { ...fault, who: 'service-center', other: '' }
    return { ...fault, who: pick(random, isOfDepot(kind) ? depots : estate.appliances), other: '' }
  })
  return drawn.sort((left, right) => left.atMs - right.atMs).map((fault, id) => ({ id, ...fault }))
}

/** Every pair of hosts that ever talk to each other. */
export function linksOf(estate: Estate): [string, string][] {
  return estate.appliances.flatMap((name): [string, string][] => {
    const [site = '', ...rest] = name.split('/')
    const depot = estate.appliances.filter((other) => other.split('/').length === 2 && other.startsWith(`${site}/`))
    const near = depot.filter((other) => other !== name).map((other): [string, string] => [name, other])
    return rest.length > 1 ? near : [[name, 'service-center'], ...near]
  })
}

/** Its other end matters. */
export function isOfLink(kind: FaultKind): boolean {
  return ['cut', 'cut-one-way', 'flap', 'drop-streams', 'duplicate-letter', 'late-letter'].includes(kind)
}

/** It strikes those that others take pieces or letters from. */
export function isOfDepot(kind: FaultKind): boolean {
  return ['rot-held', 'corrupt-source', 'replayed-letter', 'depot-drops-letters', 'forged-letter'].includes(kind)
}
