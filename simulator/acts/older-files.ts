/**
 * A file of an appliance is what it was some time ago: a backup was put back, or a machine was set back to a snapshot of
 * its disk. Its power goes for that. Only where nothing is forgotten that nobody else has.
 */
import { readLedger } from '../../agent/core/ledger.ts'
import { newAgent } from '../../agent/core/state.ts'
import { isGoodElsewhere } from '../checkers/good-copies.ts'
import { heardOf } from '../checkers/older-files.ts'
import type { FaultKind } from '../faults.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Act, NOTHING_TO_HEAL } from './hands.ts'

type Records = ReadonlyMap<string, Uint8Array>

const AGO_AT_LEAST_MS = 3_000
const AGO_MORE_MS = 60_000

export const olderFilesActs = {
  'older-ledger': (fault, hands) => {
    const appliance = hands.running(fault)
    if (appliance === null) return null
    const { evidence, world } = hands
    const before = appliance.ledger.read()
    world.at(world.nowMs + AGO_AT_LEAST_MS + (fault.dice % AGO_MORE_MS), () => {
      const { name, peer, ledger } = appliance
      // A copied disk is a fault of its own.
      if (hands.isOver || !evidence.isMember(appliance) || evidence.clones.has(peer)) return
      const forgotten = [...evidence.patches.keys()].filter(
        (patch) => appliance.store.held().has(patch) && !before.has(`proven-${patch}`),
      )
      if (forgotten.some((patch) => !isGoodElsewhere(evidence, name, patch))) return
      world.say(name, 'LOSES POWER, and its ledger is put back to an older one')
      if (appliance.isRunning) appliance.losePower()
      ledger.putBack(before)
      evidence.setBack.set(peer, {
        atMs: world.nowMs,
        known: knownIn(appliance, before),
        heard: Math.max(...heardOf(world.center.state, peer)),
        forgotten: new Set([...forgotten, ...(evidence.setBack.get(peer)?.forgotten ?? [])]),
        isNoticed: false,
      })
      hands.count(fault.kind)
      hands.later(fault.lastsMs, () => hands.startAgain(appliance))
    })
    return NOTHING_TO_HEAL
  },
} satisfies Partial<Record<FaultKind, Act>>

/** The counter of the newest statement that it knows of. */
function knownIn({ place, process }: SimulatedAppliance, records: Records): number {
  const state = newAgent({ ...place.options, life: process.life })
  readLedger(state, records)
  return state.counter
}
