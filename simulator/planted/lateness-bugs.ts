/**
 * Planted in what a program forgives others when it was late itself.
 */
import { LATENESS } from '../checkers/lateness.ts'
import type { PlantedBug } from './bugs.ts'

export const latenessBugs: readonly PlantedBug[] = [
  {
    name: 'own lateness counts against everybody',
    file: 'agent/core/lateness.ts',
    find: 'tickMs ? tookMs - tickMs : 0',
    replace: 'tickMs ? 0 * tookMs : 0',
    checkers: [LATENESS],
  },
  {
    name: 'a source gets no time back in which its bytes could not be read',
    file: 'agent/core/lateness.ts',
    find: 'source.lastProgressAtMs += lateMs',
    replace: 'source.lastProgressAtMs += 0 * lateMs',
    checkers: [LATENESS],
  },
  {
    name: 'three seconds are not late yet',
    file: 'agent/core/lateness.ts',
    find: 'const LATE_AFTER_TICKS = 1.5',
    replace: 'const LATE_AFTER_TICKS = 7',
    checkers: [LATENESS],
  },
  {
    name: 'who stood still for long gets nothing back',
    file: 'agent/core/step.ts',
    find: 'forgive(state, lateBy(tookMs, state.settings.tickMs))',
    replace: 'if (tookMs < 5_000) forgive(state, lateBy(tookMs, state.settings.tickMs))',
    checkers: [LATENESS],
  },
]
