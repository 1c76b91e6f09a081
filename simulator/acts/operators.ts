/**
 * Faults of what an operator has put on a machine: a check that is bad for a while, or as long as a version is there that
 * has broken it, and hooks that fail, or take as long as they may.
 */
import type { Hook } from '../../agent/core/events.ts'
import type { Fault, FaultKind } from '../faults.ts'
import { CHECK_NAMES } from '../operators.ts'
import { type Act, type Hands, type Heal, NOTHING_TO_HEAL } from './hands.ts'

const HANG_MS = 30_000
const USUAL_MS = 2_000
const FAILURE = { ok: false, output: 'no', temporary: false }
const HOOKS = ['release', 'takeBack'] as const

export const operatorActs = {
  'check-fails': ({ who, dice }, { world }) => {
    const bad = world.appliances.get(who)?.operator.bad
    const name = CHECK_NAMES[dice % CHECK_NAMES.length]
    if (bad === undefined || name === undefined) return null
    bad.set(name, 'it does not answer')
    return () => {
      bad.delete(name)
    }
  },
  'check-breaks': ({ who, dice }, { world }) => {
    const operator = world.appliances.get(who)?.operator
    const name = CHECK_NAMES[dice % CHECK_NAMES.length]
    if (operator === undefined || name === undefined) return null
    operator.breakWithNext.add(name)
    return NOTHING_TO_HEAL
  },
  'hook-fails': (fault, hands) => next(fault, hands, 'it ended with status 1'),
  'hook-hangs': (fault, hands) => {
    const operator = hands.world.appliances.get(fault.who)?.operator
    if (operator === undefined) return null
    const hook = hookOf(fault)
    operator.durationsMs[hook] = HANG_MS
    next(fault, hands, 'it did not end within 30 s')
    return () => {
      operator.durationsMs[hook] = USUAL_MS
    }
  },
} satisfies Partial<Record<FaultKind, Act>>

/** Giving up twice as often as taking back. */
function hookOf({ dice }: Fault): Hook {
  return HOOKS[dice % 3 === 0 ? 1 : 0] ?? 'release'
}

function next(fault: Fault, { world }: Hands, reason: string): Heal | null {
  const operator = world.appliances.get(fault.who)?.operator
  operator?.outcomes[hookOf(fault)].push({ ...FAILURE, reason })
  return operator === undefined ? null : NOTHING_TO_HEAL
}
