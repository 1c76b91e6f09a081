/**
 * Nobody is ordered who is not heard: nobody would know when its order reaches it.
 */
import type { Policy } from './policy.ts'

export const reachable: Policy = ({ fact }) => (fact.reachable ? null : `${fact.appliance.name} is not reachable`)
