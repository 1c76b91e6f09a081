/**
 * A member of a depot is not interrupted while others of its Data Center take a patch from it. Whoever sees the depot may
 * see none of those, so none is named.
 */
import type { Policy } from './policy.ts'

export const relaying: Policy = ({ fact, manifest }) => {
  if (!fact.isRelaying || manifest.impact.restart === 'none') return null
  return 'waits until another appliance of its Data Center, which takes a patch from it, has that'
}
