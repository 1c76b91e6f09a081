/**
 * A member of a depot is not interrupted while others of its Data Center take a patch from it. Whoever sees the depot may
 * see none of those, so none is named. One that comes after another member does not begin now: it looks itself when it
 * does (agent/core/install/policies/relaying.ts).
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const relaying: Policy = ({ fact, manifest, ongoing }) => {
  if (!fact.isRelaying || manifest.impact.restart === 'none') return null
  if (ongoing.begun.has(groupKey(fact.appliance))) return null
  return 'waits until another appliance of its Data Center, which takes a patch from it, has that'
}
