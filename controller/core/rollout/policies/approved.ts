/**
 * Where the policy of the fleet asks for approvals, nobody is ordered before enough have approved: the appliance would refuse
 * it. Others, for whom they have, go on meanwhile.
 */
import type { Policy } from './policy.ts'

export const approved: Policy = ({ fact }) => fact.unapproved
