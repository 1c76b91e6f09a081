/**
 * What a machine of a world is made of, and a second machine that is made of the same: its disk is a copy as it was at that
 * moment, with the key on it, and its processes greet with lives of their own.
 */
import type { Appliance } from '../../agent/core/state.ts'
import type { ListenAddress } from '../../protocol/identifiers.ts'
import type { Roster } from '../../protocol/trust/statements.ts'
import { SimulatedAppliance } from './simulated-appliance.ts'
import type { World } from './world.ts'

export type PlacedAgent = Omit<Appliance, 'life'>
export type Place = {
  readonly options: PlacedAgent
  readonly roster: Roster
  readonly addresses: readonly ListenAddress[]
  readonly diskBytes: number | undefined
  /** Where its processes are counted from. */
  readonly firstGeneration?: number
}

const FIRST_GENERATION = 1_000_000

/** It is not started yet. Nobody ticks it but whoever made it. */
export function copiedMachine(world: World, original: SimulatedAppliance): SimulatedAppliance {
  const name = `${original.name}-copy`
  const { place, addresses } = original
  const options = { ...place.options, random: world.randomFor(`copy ${name}`) }
  const copy = new SimulatedAppliance(world, name, {
    ...{ ...place, options, addresses },
    firstGeneration: FIRST_GENERATION,
  })
  copy.ledger.putBack(original.ledger.read())
  copy.ledger.trustFile = original.ledger.trustFile
  copy.store.disk.copy(original.store.disk)
  copy.installer.copy(original.installer)
  world.network.joinBeside(copy, original)
  return copy
}
