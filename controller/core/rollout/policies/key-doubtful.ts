/**
 * While two machines may have the key of a member, its word does not let another member begin, nor itself: what one
 * machine has finished, the other may be about to begin. Unless an outage is allowed or the patch disrupts nothing.
 */
import type { Policy } from './policy.ts'

export const keyDoubtful: Policy = ({ fact: { doubtful }, install, manifest }) => {
  if (doubtful === null || install.allowOutage || manifest.impact.restart === 'none') return null
  return `waits until it is certain that only one machine has the key of ${doubtful.name}: two processes with it were heard in turn, as if a copy ran beside it; where none does, this passes within ten minutes`
}
