/**
 * Never two members of a group for two installs at once. For one install they are ordered together, and each waits at the
 * appliance for the one before it; but nobody is ordered after one that waits for a third.
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const oneOfAPair: Policy = ({ fact: { appliance }, ongoing }) => {
  const member = ongoing.groups.get(groupKey(appliance))
  if (member === undefined) return null
  if (member.peer === appliance.peer) return `waits for another install on ${appliance.name} to finish`
  return `waits for ${member.name} of the same pair to finish`
}
