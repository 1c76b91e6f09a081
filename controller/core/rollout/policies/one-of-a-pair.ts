/**
 * Never two members of a group at once, whichever install ordered the other.
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const oneOfAPair: Policy = ({ fact: { appliance }, ongoing }) => {
  const member = ongoing.groups.get(groupKey(appliance))
  if (member === undefined) return null
  if (member.peer === appliance.peer) return `waits for another install on ${appliance.name} to finish`
  return `waits for ${member.name} of the same pair to finish`
}
