/**
 * An appliance that was ordered and of which nothing is heard any more may be in the middle of it. It holds what its
 * organization has in its Data Center, and its group in every install that allows no outage; it holds nobody else.
 */
import { groupKey } from '../../census.ts'
import { siteKey } from '../ongoing.ts'
import type { Policy } from './policy.ts'

export const unheardMembers: Policy = ({ fact: { appliance }, ongoing }) => {
  const silent = ongoing.silent.get(siteKey(appliance)) ?? ongoing.silent.get(groupKey(appliance))
  return silent === undefined ? null : `waits until something is heard of ${silent.name}, which was ordered to install`
}
