/**
 * Nobody begins beside the canary, and then no more Data Centers at once than have shown that it goes well. A pair that
 * has begun is finished. Whoever sees a part of an install may read this, so it names nobody.
 */
import { groupKey } from '../../census.ts'
import type { Policy } from './policy.ts'

export const wave: Policy = ({ fact: { appliance }, waves }) => {
  if (waves.begun.has(groupKey(appliance)) || waves.groups.has(groupKey(appliance))) return null
  if (!waves.isProven) {
    return waves.groups.size === 0 ? null : 'waits until the first pair of its install has the patch'
  }
  // A pair that has begun and waits to be finished takes the place of its Data Center too, beside those that are at it.
  const places = new Set([...waves.dataCenters.keys(), appliance.dataCenter])
  if (places.size <= waves.width) return null
  const width = waves.width === 1 ? 'one Data Center' : `${waves.width} Data Centers`
  return `waits for others to end: ${width} of its install at a time until more have the patch`
}
