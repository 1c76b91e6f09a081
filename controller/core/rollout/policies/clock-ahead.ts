/**
 * A clock that is so far ahead that every order has expired there makes every order useless: it is set first.
 */
import { whyLate } from '../../clock-difference.ts'
import type { Policy } from './policy.ts'

export const clockAhead: Policy = ({ fact, install }, { wallMs }) =>
  whyLate(fact.clockAheadMs, install.deadlineAt, wallMs)
