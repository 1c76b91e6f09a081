/**
 * How far each Data Center is, looked at again and again in a virtual run. The looks are spread over the whole run,
 * whose length nobody knows beforehand: whenever there are too many, every second one is forgotten, and the next ones
 * come half as often.
 */
import { storedBytes } from '../agent/core/replica.ts'
import { SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import type { SymbolicPatch } from './world/symbolic-patch.ts'
import type { World } from './world/world.ts'

const MOST_LOOKS = 240
const FIRST_INTERVAL_MS = 20
/** More lines than these cannot be told apart. */
const FEW_DATA_CENTERS = 12

export type Progress = {
  readonly atMs: readonly number[]
  /** The share of the bytes of its copies that is stored, one a look; empty where there are many Data Centers. */
  readonly dataCenters: readonly { name: string; share: readonly number[] }[]
  /** Over all Data Centers. */
  readonly least: readonly number[]
  readonly tenth: readonly number[]
  readonly median: readonly number[]
  readonly ninetieth: readonly number[]
  readonly most: readonly number[]
}

type Look = { atMs: number; shares: number[] }

/** Begins to look; the function it gives ends that with one look more. */
export function watchProgress(world: World, patch: SymbolicPatch): () => Progress {
  const depots = Map.groupBy(
    [...world.appliances.values()].filter(({ state }) => state.membership?.kind === SERVICE_PROVIDER),
    ({ state }) => state.membership?.dataCenter ?? '',
  )
  const beganMs = world.nowMs
  let looks: Look[] = []
  let intervalMs = FIRST_INTERVAL_MS
  let isOver = false
  const look = (): void => {
    const shares = [...depots.values()].map((members) => shareOf(members, patch))
    looks.push({ atMs: Math.round(world.nowMs - beganMs), shares })
  }
  const lookAgain = (): void => {
    if (isOver) return
    look()
    if (looks.length >= MOST_LOOKS) {
      looks = looks.filter((_, at) => at % 2 === 0)
      intervalMs *= 2
    }
    world.at(world.nowMs + intervalMs, lookAgain)
  }
  lookAgain()
  return () => {
    isOver = true
    look()
    return summary([...depots.keys()], looks)
  }
}

/** Of all bytes that shall be on all Service Provider appliances. */
export function shareStored(world: World, patch: SymbolicPatch): number {
  const depots = [...world.appliances.values()].filter(({ state }) => state.membership?.kind === SERVICE_PROVIDER)
  return shareOf(depots, patch)
}

function shareOf(members: readonly SimulatedAppliance[], { publication }: SymbolicPatch): number {
  let bytes = 0
  for (const { state } of members) {
    const replica = state.replicas.get(publication.sha256)
    if (replica !== undefined) bytes += storedBytes(replica)
  }
  return bytes / (members.length * publication.bytes)
}

function summary(names: readonly string[], looks: readonly Look[]): Progress {
  const sorted = looks.map(({ shares }) => [...shares].sort((left, right) => left - right))
  const quantile = (ratio: number): number[] =>
    sorted.map((shares) => toThousandths(shares[Math.floor(ratio * (shares.length - 1))] ?? 0))
  const few = names.length <= FEW_DATA_CENTERS ? names : []
  return {
    atMs: looks.map(({ atMs }) => atMs),
    dataCenters: few.map((name, at) => ({ name, share: looks.map(({ shares }) => toThousandths(shares[at] ?? 0)) })),
    least: quantile(0),
    tenth: quantile(0.1),
    median: quantile(0.5),
    ninetieth: quantile(0.9),
    most: quantile(1),
  }
}

function toThousandths(share: number): number {
  return Math.round(share * 1000) / 1000
}
