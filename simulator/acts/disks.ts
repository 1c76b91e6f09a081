/**
 * Faults of disks, and of what is on them: full, failing, losing power in the middle of a write, and bytes that change
 * by themselves. A source that sends wrong bytes belongs here too.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type FaultKind, OPERATIONS } from '../faults.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Act, type Hands, NOTHING_TO_HEAL } from './hands.ts'

const LOOK_EVERY_MS = 200
const LOOKS = 100

export const diskActs = {
  'disk-full': ({ who }, { world }) => {
    const store = world.appliances.get(who)?.store
    if (store === undefined) return null
    store.isFull = true
    return () => {
      store.isFull = false
    }
  },
  'disk-error': ({ who, dice }, { world }) => {
    const disk = world.appliances.get(who)?.store.disk
    const operation = OPERATIONS[dice % OPERATIONS.length]
    if (disk === undefined || operation === undefined) return null
    disk.failing.add(operation)
    return () => disk.failing.delete(operation)
  },
  'power-loss-in-write': (fault, hands) => {
    const appliance = hands.running(fault)
    if (appliance === null) return null
    const { disk } = appliance.store
    disk.operationsToPowerLoss = 1 + (fault.dice % 12)
    const heal = (): void => {
      if (disk.operationsToPowerLoss === Number.POSITIVE_INFINITY) hands.count(fault.kind)
      disk.operationsToPowerLoss = Number.POSITIVE_INFINITY
      hands.startAgain(appliance)
    }
    return heal
  },
  /** The next unfinished file on this disk loses a bit of a piece that was stored. */
  'rot-partial': ({ who, dice, kind }, hands) => {
    const look = (left: number): void => {
      if (hands.isOver || left === 0) return
      const appliance = hands.world.appliances.get(who)
      const patch = appliance === undefined ? undefined : hands.evidence.unfinishedOn(appliance)[0]
      if (appliance === undefined || patch === undefined) {
        hands.world.at(hands.world.nowMs + LOOK_EVERY_MS, () => look(left - 1))
        return
      }
      rot(hands, appliance, patch, dice)
      hands.evidence.spoiled.add(`${who} ${patch}`)
      hands.count(kind)
    }
    look(LOOKS)
    return NOTHING_TO_HEAL
  },
  'corrupt-source': (fault, hands) => {
    const appliance = hands.running(fault)
    if (appliance === null) return null
    appliance.corruptsPieces = true
    return () => {
      appliance.corruptsPieces = false
    }
  },
} satisfies Partial<Record<FaultKind, Act>>

function rot({ evidence }: Hands, { store }: SimulatedAppliance, patch: Sha256, dice: number): void {
  const pieces = [...(evidence.patches.get(patch)?.pieces.keys() ?? [])]
  const there = pieces.filter((index) => evidence.onDisk(store, patch, index) === 'right')
  store.rot(patch, there[dice % Math.max(1, there.length)] ?? 0)
}
