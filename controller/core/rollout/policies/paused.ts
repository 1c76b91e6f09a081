/**
 * While an install is paused no pair begins; one that has begun is finished, so that its members do not stay unequal.
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const paused: Policy = ({ fact, install, waves }) =>
  install.state !== 'paused' || waves.begun.has(groupKey(fact.appliance))
    ? null
    : 'waits until somebody resumes its install'
