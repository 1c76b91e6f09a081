/**
 * Within one organization never two Data Centers at once, whichever installs ordered there.
 */
import type { Policy } from './policy.ts'

export const oneDataCenter: Policy = ({ fact, ongoing }) => {
  const { organization, dataCenter } = fact.appliance
  const elsewhere = [...(ongoing.sites.get(organization) ?? [])].find((site) => site !== dataCenter)
  return elsewhere === undefined ? null : `waits for ${elsewhere}: one Data Center of an organization at a time`
}
