/**
 * `verify.soakSeconds`: how long a new version must stay there and healthy before it counts as installed. The end is a
 * moment of the wall clock, so that it is known after a restart of the agent; while the agent runs the other clock
 * counts, and a wall clock that was set never makes a soak longer than the manifest says.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'

export function soakMs({ verify }: Manifest): number {
  return verify.soakSeconds * 1000
}

/** What is left of a soak that ends then. */
export function soakLeftMs(manifest: Manifest, endsAtWallMs: number, wallMs: number): number {
  return Math.min(soakMs(manifest), Math.max(0, endsAtWallMs - wallMs))
}
