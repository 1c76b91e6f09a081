/**
 * What has the patch stands with it for as long as the install asks before more begin, and holds its place until then: the
 * first pair that of its install, and later each Data Center its own. Whoever sees a part of an install may read this, so
 * it names nobody.
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const waveSoak: Policy = ({ fact: { appliance }, install, waves }, { wallMs }) => {
  const { begun, groups, dataCenters, standing, isProven, width } = waves
  if (standing.size === 0 || begun.has(groupKey(appliance)) || groups.has(groupKey(appliance))) return null
  const places = new Set([...dataCenters.keys(), ...standing.keys(), appliance.dataCenter])
  if (isProven && places.size <= width) return null
  const endsAt = Math.min(...standing.values()) + install.waveSoakSeconds * 1000
  return endsAt > wallMs
    ? `waits until ${new Date(endsAt).toISOString()}: until then whoever has the patch stands with it, before more begin`
    : 'waits until all that have the patch are heard and have it still: only then do more begin'
}
