/**
 * `pair.maxSkewSeconds`: how long the members of a pair may be at different versions. Nothing is put back for it, and
 * no timer permits a disruption: the Service Center finishes such a pair before it begins another, and says how long
 * it has been, and that it is too long.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'

/** A sentence where a pair has been at different versions since then for longer than its patch allows, or null. */
export function judgeSkew({ pair }: Manifest, sinceWallMs: number, wallMs: number): string | null {
  const seconds = Math.floor((wallMs - sinceWallMs) / 1000)
  if (seconds <= pair.maxSkewSeconds) return null
  return (
    `the pair has been at different versions since ${new Date(sinceWallMs).toISOString()}, ` +
    `longer than the ${pair.maxSkewSeconds} seconds that the patch allows`
  )
}
