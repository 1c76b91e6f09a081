/**
 * The last member that serves is never taken down: none begins while another member of its group cannot be reached, or has
 * taken the place of one and lacks what is installed here, unless an outage is allowed or the patch disrupts nothing.
 */
import type { Policy } from './policy.ts'

export const outage: Policy = ({ fact, install, manifest }) => {
  if (install.allowOutage || manifest.impact.restart === 'none') return null
  const [missing] = fact.missingPeers
  if (missing !== undefined)
    return `waits until its peer ${missing.name} can be reached, so that one of them always serves`
  const [lacking] = fact.lackingPeers
  if (lacking !== undefined)
    return `waits until ${lacking.peer.name}, which took the place of another appliance, has ${lacking.lacks} installed too`
  if (!fact.hasPeers)
    return 'is the only member of its group, and installing would interrupt it: it begins only in an install that allows an outage (--allow-outage)'
  return null
}
