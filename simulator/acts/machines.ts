/**
 * Faults of whole machines: crashes and losses of power at any time and at any effect, programs that stand still, and
 * clocks that are wrong.
 */
import type { AgentEffect } from '../../agent/core/events.ts'
import { ATTEMPT_PHASES, type AttemptPhase } from '../../agent/core/install/attempt.ts'
import type { ServiceCenterEffect } from '../../controller/core/effects.ts'
import { groupOf } from '../checkers/evidence.ts'
import type { Fault, FaultKind } from '../faults.ts'
import type { CrashPoint } from '../world/crash-point.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Act, type Hands, type Heal, NOTHING_TO_HEAL } from './hands.ts'

const HOUR_MS = 3_600_000
const JUMPS_MS = [-HOUR_MS, -60_000, -5_000, 5_000, 60_000, HOUR_MS, 25 * HOUR_MS]
/** A crash that waits for an effect which does not come makes room for another one after this time. */
const LAID_OUT_MS = 60_000
const MAX_DRIFT_PPM = 10_000
const START_AGAIN_MS = 1_000
/** Of a program that is starved: a tenth of the time is its own. */
const STANDS_MS = 2_700
const RUNS_MS = 300

const AGENT_EFFECTS: readonly (AgentEffect['kind'] | 'any')[] = [
  'any',
  'record',
  'record',
  'store-piece',
  'seal',
  'send-control',
  'run-step',
  'detect',
  'discard',
  'open-partial',
  'send-piece',
]
const CENTER_EFFECTS: readonly (ServiceCenterEffect['kind'] | 'any')[] = [
  'any',
  'commit',
  'reply',
  'send',
  'unseed',
  'seed',
]

const PHASES_OF_HOOKS: readonly AttemptPhase[] = ['handing-over', 'taking-back']
const PHASES_WITHOUT_HOOKS = ATTEMPT_PHASES.filter((phase) => !PHASES_OF_HOOKS.includes(phase))

export const machineActs = {
  crash: (fault, hands) => {
    const appliance = hands.running(fault)
    appliance?.stop()
    return appliance === null ? null : () => hands.startAgain(appliance)
  },
  'power-loss': (fault, hands) => {
    const appliance = hands.running(fault)
    appliance?.losePower()
    return appliance === null ? null : () => hands.startAgain(appliance)
  },
  'crash-at-effect': (fault, hands) => {
    const appliance = hands.running(fault)
    const wanted = AGENT_EFFECTS[fault.dice % AGENT_EFFECTS.length]
    return appliance === null
      ? null
      : crashAt<AgentEffect>(fault, hands, appliance, appliance, ({ kind }) => wanted === 'any' || kind === wanted)
  },
  'reboot-in-install': (fault, hands) => {
    const appliance = hands.running(fault)
    return appliance === null
      ? null
      : crashAt<AgentEffect>(fault, hands, appliance, appliance, ({ kind }) => kind === 'run-step')
  },
  'crash-in-phase': (fault, hands) => {
    const { center, appliances } = hands.world
    const hasHooks = hands.world.settings.hookSeconds.release !== null
    // There are fewer worlds in which they are entered, so they are wanted more often there.
    const phases = hasHooks ? [...ATTEMPT_PHASES, ...PHASES_OF_HOOKS] : PHASES_WITHOUT_HOOKS
    const phase = phases[(fault.dice >> 7) % phases.length]
    const isThere = (one: SimulatedAppliance): boolean => one.isRunning && one.state.orders.attempt?.phase === phase
    const all = [...appliances.values()]
    let hasStruck = false
    /** Whoever is there first. */
    const once = (isWanted: () => boolean) => () => {
      if (hasStruck || !isWanted()) return false
      hasStruck = true
      return true
    }
    const isPeerThere = (own: SimulatedAppliance): boolean =>
      all.some((one) => one !== own && groupOf(one.name) === groupOf(own.name) && isThere(one))
    const who = (fault.dice >> 11) % 3
    if (who === 2)
      return crashAt<ServiceCenterEffect>(
        fault,
        hands,
        center,
        center,
        once(() => all.some(isThere)),
        1,
      )
    for (const one of all)
      crashAt<AgentEffect>(
        fault,
        hands,
        one,
        one,
        once(() => (who === 0 ? isThere(one) : isPeerThere(one))),
        1,
      )
    return NOTHING_TO_HEAL
  },
  'center-crash': ({ dice }, hands) => {
    const { center } = hands.world
    if (!center.isRunning) return null
    if (dice % 2 === 0) center.stop()
    else center.losePower()
    return () => hands.startAgain(center)
  },
  'center-crash-at-effect': (fault, hands) => {
    const { center } = hands.world
    const wanted = CENTER_EFFECTS[fault.dice % CENTER_EFFECTS.length]
    return center.isRunning
      ? crashAt<ServiceCenterEffect>(fault, hands, center, center, ({ kind }) => wanted === 'any' || kind === wanted)
      : null
  },
  freeze: (fault, hands) => {
    const appliance = hands.running(fault)
    if (appliance === null || appliance.process.isFrozen) return null
    appliance.freeze()
    const { generation } = appliance.process
    return () => thaw(appliance, generation, hands)
  },
  starved: (fault, hands) => {
    const appliance = hands.running(fault)
    if (appliance === null || appliance.process.isFrozen) return null
    let isOver = false
    let heal: Heal = NOTHING_TO_HEAL
    const stand = (): void => {
      if (isOver || hands.isOver) return
      if (appliance.isRunning && !appliance.process.isFrozen) {
        const { generation } = appliance.process
        appliance.freeze()
        heal = () => thaw(appliance, generation, hands)
      }
      hands.later(STANDS_MS, () => {
        heal()
        heal = NOTHING_TO_HEAL
        hands.later(RUNS_MS, stand)
      })
    }
    stand()
    return () => {
      isOver = true
      heal()
      heal = NOTHING_TO_HEAL
    }
  },
  'clock-jump': ({ who, dice }, { world }) => {
    const jump = JUMPS_MS[dice % JUMPS_MS.length] ?? 0
    const machine = dice % 4 === 0 ? world.center : world.appliances.get(who)
    if (dice % 3 === 0 || machine === undefined) world.wall.jump(jump, world.nowMs)
    else machine.process.clock.wall.jump(jump, world.nowMs)
    return NOTHING_TO_HEAL
  },
  /** Only when its machine is new: a monotonic clock changes its pace, and never what it shows. */
  'clock-drift': ({ who, dice }, { world }) => {
    const clock = world.appliances.get(who)?.process.clock
    if (clock === undefined || clock.driftPpm !== 0) return null
    clock.driftPpm = (dice % (2 * MAX_DRIFT_PPM)) - MAX_DRIFT_PPM
    return NOTHING_TO_HEAL
  },
} satisfies Partial<Record<FaultKind, Act>>

/** Lays out a crash, before or after one of the next effects that are wanted: the `passes`-th of them. */
function crashAt<Effect extends AgentEffect | ServiceCenterEffect>(
  fault: Fault,
  hands: Hands,
  machine: Parameters<Hands['startAgain']>[0],
  place: { crashPoint: CrashPoint<Effect> | null },
  isWanted: (effect: Effect) => boolean,
  passes = 1 + ((fault.dice >> 4) % 4),
): Heal | null {
  if (place.crashPoint !== null) return null
  let left = passes
  const point: CrashPoint<Effect> = {
    moment: fault.dice % 2 === 0 ? 'before' : 'after',
    losesPower: fault.kind === 'reboot-in-install' || fault.dice % 5 === 0,
    when: (effect) => {
      const strikes = isWanted(effect) && --left <= 0
      if (!strikes || point.moment === 'after') hands.evidence.overhear(effect)
      if (!strikes) return false
      hands.count(fault.kind)
      hands.later(fault.lastsMs, () => hands.startAgain(machine))
      return true
    },
  }
  place.crashPoint = point
  hands.later(LAID_OUT_MS, () => {
    if (place.crashPoint === point) place.crashPoint = null
  })
  return NOTHING_TO_HEAL
}

/** What stood still may have been replaced since: nothing that the old process had begun goes on in the new one. */
function thaw(appliance: SimulatedAppliance, generation: number, hands: Hands): void {
  const { process } = appliance
  if (process.generation === generation) appliance.thaw()
  else if (process.isFrozen && appliance.isRunning) {
    appliance.stop()
    hands.startAgain(appliance)
  } else if (process.isFrozen) hands.later(START_AGAIN_MS, () => thaw(appliance, generation, hands))
}
