/**
 * Planted in how wide an install goes, in what ends it, and in what people pause and resume.
 */
import type { PlantedBug } from './bugs.ts'

const rollout = 'controller/core/rollout'

export const rolloutBugs: readonly PlantedBug[] = [
  {
    name: 'other pairs begin beside the first one',
    file: `${rollout}/policies/wave.ts`,
    find: 'if (!waves.isProven) {',
    replace: 'if (!waves.isProven && waves.width > 1) {',
    checkers: ['the first pair goes alone'],
  },
  {
    name: 'a Data Center begins while that of the first pair is at it',
    file: `${rollout}/policies/wave.ts`,
    find: 'places.size <= waves.width',
    replace: 'places.size <= waves.width + 1',
    checkers: ['no wider than what went well'],
  },
  {
    name: 'whoever begins takes no place in its wave',
    file: `${rollout}/plan.ts`,
    find: '      takePlace(waves, fact.appliance)\n',
    replace: '',
    checkers: ['the first pair goes alone', 'no wider than what went well'],
  },
  {
    name: 'the first pair that fails ends nothing',
    file: `${rollout}/budgets.ts`,
    find: 'asCanary: 1',
    replace: 'asCanary: 2',
    checkers: ['a failure halts its install'],
  },
  {
    name: 'a failure does not end its Data Center',
    file: `${rollout}/advancing.ts`,
    find: 'endDataCenters(state, install, members) :',
    replace: 'endDataCenters(state, install, members).slice(0, 0) :',
    checkers: ['a failure halts its install'],
  },
  {
    name: 'pairs begin while their install is paused',
    file: `${rollout}/policies/paused.ts`,
    find: "install.state !== 'paused' ||",
    replace: "install.state !== 'planned' ||",
    checkers: ['nothing begins while it is paused'],
  },
  {
    name: 'whoever resumes has what failed tried again',
    file: `${rollout}/resuming.ts`,
    find: 'if (hasFailed && !retryFailed) return []',
    replace: '',
    checkers: ['what failed is not tried again by itself'],
  },
  {
    name: 'a paused install waits for ever',
    file: `${rollout}/advancing.ts`,
    find: 'return cancelPaused(state, install)',
    replace: 'return []',
    checkers: ['every install ends'],
  },
  {
    name: 'a wave has stood when it has begun to stand',
    file: `${rollout}/standing.ts`,
    find: '.every((ms) => ms >= soakMs)',
    replace: '.every((ms) => ms >= 0)',
    checkers: ['a wave stands before the next begins'],
  },
  {
    name: 'a Data Center that stands with the patch holds no place',
    file: `${rollout}/policies/wave-soak.ts`,
    find: 'if (isProven && places.size <= width) return null',
    replace: 'if (isProven) return null',
    checkers: ['a wave stands before the next begins'],
  },
  {
    name: 'the first pair need not stand before more begin',
    file: `${rollout}/waves.ts`,
    find: 'if (hasEndedWell(group) && !waits) well.add(dataCenter)',
    replace: 'if (hasEndedWell(group)) well.add(dataCenter)',
    checkers: ['a wave stands before the next begins'],
  },
]
