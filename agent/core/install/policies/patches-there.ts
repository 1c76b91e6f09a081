/**
 * What is installed on an appliance, as policies need it: each version that is there, whichever brought it.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'

export type PatchThere = {
  readonly name: string
  readonly version: string
  /** Of the patch of just this version; null where none is known, so that nothing is promised for it. */
  readonly manifest: Manifest | null
}
