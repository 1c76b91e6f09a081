/**
 * What can go wrong in a world, drawn from a seed as a list before the world begins: a run that leaves some of them out
 * is otherwise the same run, so a failure can be shrunk. Each seed switches on a random subset of the kinds, at random
 * rates. How each kind is done to a world is written in injecting.ts.
 */
import { nextBelow, type Random } from '../protocol/random.ts'
import { PEOPLE_KINDS } from './people-faults.ts'
import { chance, type Estate, pick, type Workload } from './workload.ts'

const FIRST_KINDS = [
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
/** Drawn beside those, from a stream of their own: a kind that is added leaves the others as they were. */
const LATER_KINDS = ['dead-connection'] as const
/** What disks do to complete copies, besides the bits of `rot-held`; from one more stream. */
const ROT_KINDS = ['cut-held', 'lose-held', 'center-rot', 'center-cut', 'center-lose'] as const
/** Depot members that offer everything and bring no piece to its end; from yet another stream. */
const SOURCE_KINDS = ['drips', 'says-gone'] as const
/** Crashes in the middle of an install, in a phase that is wanted; from a stream of their own too. */
const PHASE_KINDS = ['crash-in-phase'] as const
/** Programs that get the processor for a moment now and then, for a minute or for good; from a stream of their own. */
const STARVED_KINDS = ['starved'] as const
/** Of what the operator of a machine has put there, in worlds in which one has; from a stream of their own. */
const OPERATOR_KINDS = ['check-fails', 'check-breaks', 'hook-fails', 'hook-hangs'] as const
export const FAULT_KINDS = [
  ...FIRST_KINDS,
  ...LATER_KINDS,
  ...ROT_KINDS,
  ...SOURCE_KINDS,
  ...PEOPLE_KINDS,
  ...PHASE_KINDS,
  ...OPERATOR_KINDS,
  ...STARVED_KINDS,
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What a disk refuses, by the dice of the fault. */
export const OPERATIONS = ['read', 'write', 'sync'] as const

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
  ...OPERATOR_KINDS,
])

/** Kinds after which a source may be left alone for ten minutes. */
export const CAUSES_QUARANTINE: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'corrupt-source',
  'rot-partial',
  'rot-held',
])

const MIN_FAULTS = 130
const MORE_FAULTS = 60
const MORE_ROT = 10
const UNHELPFUL_AT_MOST = 3

const LATER_FAULTS_AT_MOST = 12
const PHASE_CRASHES_AT_MOST = 8
const OPERATOR_FAULTS_AT_MOST = 20
const STARVED_AT_MOST = 4
/** Of what another fault lasts; a minute or so, and in a small world for good. */
const STARVED_FOR = 20

export function drawFaults(random: Random, estate: Estate, safetyMs: number): Fault[] {
  const rates = new Map<FaultKind, number>()
  for (const kind of FIRST_KINDS) if (chance(random, 45)) rates.set(kind, pick(random, [1, 2, 4, 8]))
  if (rates.size === 0) rates.set('crash', 1)
  const bag = [...rates].flatMap(([kind, rate]) => Array.from({ length: rate }, () => kind))
  const count = MIN_FAULTS + nextBelow(random, MORE_FAULTS)
  return drawOf(bag, count, { random, estate, safetyMs }).map((fault, id) => ({ id, ...fault }))
}

/** In every other world. Numbered from `firstId` on. */
export function drawPhaseCrashes(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  const count = chance(random, 50) ? 1 + nextBelow(random, PHASE_CRASHES_AT_MOST) : 0
  return drawOf(PHASE_KINDS, count, { random, estate, safetyMs }).map((fault, at) => ({ id: firstId + at, ...fault }))
}

/** Where there are checks and hooks, with some more crashes in the middle of them; numbered from `firstId` on. */
export function drawOperatorFaults(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  const count = 4 + nextBelow(random, OPERATOR_FAULTS_AT_MOST - 3)
  const bag = [...OPERATOR_KINDS, ...PHASE_KINDS]
  return drawOf(bag, count, { random, estate, safetyMs }).map((fault, at) => {
    // As long as an install, so that some check is bad when it is asked.
    const lastsMs = fault.kind === 'check-fails' ? 20 * fault.lastsMs : fault.lastsMs
    return { id: firstId + at, ...fault, lastsMs }
  })
}

/** In one world of four, numbered from `firstId` on. */
export function drawStarved(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  const count = chance(random, 25) ? 1 + nextBelow(random, STARVED_AT_MOST) : 0
  return drawOf(STARVED_KINDS, count, { random, estate, safetyMs }).map((fault, at) => ({
    id: firstId + at,
    ...fault,
    lastsMs: STARVED_FOR * fault.lastsMs,
  }))
}

/** Numbered after the first ones. */
export function drawLaterFaults(random: Random, estate: Estate, safetyMs: number, first: readonly Fault[]): Fault[] {
  const bag = LATER_KINDS.filter(() => chance(random, 45))
  const count = bag.length === 0 ? 0 : 1 + nextBelow(random, LATER_FAULTS_AT_MOST)
  return drawOf(bag, count, { random, estate, safetyMs }).map((fault, at) => ({ id: first.length + at, ...fault }))
}

type Draw = { readonly random: Random; readonly estate: Estate; readonly safetyMs: number }

function drawOf(bag: readonly FaultKind[], count: number, { random, estate, safetyMs }: Draw): Omit<Fault, 'id'>[] {
  const links = linksOf(estate)
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
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
  return drawn.sort((left, right) => left.atMs - right.atMs)
}

/** In most worlds; numbered from `firstId` on. */
export function drawRot(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  const kinds = ROT_KINDS.filter(() => chance(random, 50))
  if (kinds.length === 0 || chance(random, 25)) return []
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
  return Array.from({ length: 2 + nextBelow(random, MORE_ROT) }, (_, at) => {
    const kind = pick(random, kinds)
    const who = kind.startsWith('center') ? 'service-center' : pick(random, depots)
    const atMs = 5_000 + nextBelow(random, safetyMs - 5_000)
    return { id: firstId + at, kind, who, other: '', atMs, lastsMs: 0, dice: nextBelow(random, 1_000_000) }
  })
}

/** In every third world; numbered from `firstId` on. */
export function drawUnhelpful(random: Random, estate: Estate, safetyMs: number, firstId: number): Fault[] {
  if (!chance(random, 33)) return []
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
  return Array.from({ length: 1 + nextBelow(random, UNHELPFUL_AT_MOST) }, (_, at) => ({
    id: firstId + at,
    ...{ kind: pick(random, SOURCE_KINDS), who: pick(random, depots), other: '' },
    ...{ atMs: 1_000 + nextBelow(random, safetyMs - 1_000), lastsMs: 20_000 + nextBelow(random, 300_000) },
    dice: nextBelow(random, 1_000_000),
  }))
}

/** Disks that cannot write, nor delete, just when a patch is withdrawn; numbered from `firstId` on. */
export function drawStuckDisks(random: Random, estate: Estate, { deeds }: Workload, firstId: number): Fault[] {
  const depots = estate.appliances.filter((name) => name.split('/').length === 2)
  const struck = deeds.filter(({ kind }) => kind === 'withdraw' && chance(random, 30))
  return struck.map(({ atMs: withdrawnAtMs }, at) => ({
    ...{ id: firstId + at, kind: 'disk-error', who: pick(random, depots), other: '' },
    ...{ atMs: Math.max(0, withdrawnAtMs - nextBelow(random, 2_000)), lastsMs: 2_000 + nextBelow(random, 10_000) },
    dice: OPERATIONS.indexOf('write'),
  }))
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
  return ['cut', 'cut-one-way', 'flap', 'drop-streams', 'dead-connection', 'duplicate-letter', 'late-letter'].includes(
    kind,
  )
}

/** It strikes those that others take pieces or letters from. */
export function isOfDepot(kind: FaultKind): boolean {
  return ['rot-held', 'corrupt-source', 'replayed-letter', 'depot-drops-letters', 'forged-letter'].includes(kind)
}
