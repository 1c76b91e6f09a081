/**
 * What disks do by themselves to complete copies, at an appliance or at the Service Center: a bit of one piece changes,
 * the file is cut short, or it is gone. Only where another good copy can be reached from there: what nobody has, nobody
 * can get.
 */

import type { Sha256 } from '../../protocol/identifiers.ts'
import { isGoodElsewhere } from '../checkers/good-copies.ts'
import type { Fault, FaultKind } from '../faults.ts'
import type { SimulatedStore } from '../world/simulated-store.ts'
import { type Act, type Hands, NOTHING_TO_HEAL } from './hands.ts'

type Harm = (store: SimulatedStore, patch: Sha256, dice: number) => void

const rot: Harm = (store, patch, dice) => store.rot(patch, dice % store.piecesOf(patch))
const cut: Harm = (store, patch, dice) => store.cutShort(patch, dice % store.piecesOf(patch))
const lose: Harm = (store, patch) => store.lose(patch)

export const rotActs = {
  'rot-held': (fault, hands) => harm(fault, hands, rot),
  'cut-held': (fault, hands) => harm(fault, hands, cut),
  'lose-held': (fault, hands) => harm(fault, hands, lose),
  'center-rot': (fault, hands) => harm(fault, hands, rot),
  'center-cut': (fault, hands) => harm(fault, hands, cut),
  'center-lose': (fault, hands) => harm(fault, hands, lose),
} satisfies Partial<Record<FaultKind, Act>>

function harm({ who, dice }: Fault, { evidence, world }: Hands, does: Harm): ReturnType<Act> {
  const host = who === world.center.name ? world.center : world.appliances.get(who)
  if (host === undefined) return null
  for (const patch of host.store.held().keys()) {
    if (evidence.isDamaged(who, patch) || !isGoodElsewhere(evidence, who, patch)) continue
    does(host.store, patch, dice)
    evidence.damaged.add(`${who} ${patch}`)
    return NOTHING_TO_HEAL
  }
  return null
}
