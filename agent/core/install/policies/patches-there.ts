/**
 * What is installed on an appliance, as policies need it, and what a reference in a manifest means of it. A reference of
 * `requires` or `conflicts` without a version means any; with one it means that version and every later one. One of
 * `supersedes` means that version and every earlier one.
 */
import type { Manifest } from '../../../../protocol/manifest.ts'
import { compareVersions } from '../../../../protocol/version-order.ts'

export type PatchReference = Manifest['requires'][number]

export type PatchThere = {
  readonly name: string
  readonly version: string
  /** Of the patch of just this version; null where none is known, so that nothing is promised for it. */
  readonly manifest: Manifest | null
}

/** Whether a reference of `requires` or `conflicts` means this patch. */
export function isCovered(patch: { name: string; version: string }, { name, version }: PatchReference): boolean {
  return patch.name === name && (version === undefined || compareVersions(patch.version, version) >= 0)
}

/** Whether some version that `wanted` would take is one that the patch of this manifest takes the place of. */
export function isSuperseded(wanted: PatchReference, manifest: Manifest | null): boolean {
  if (manifest === null) return false
  return manifest.supersedes.some(
    ({ name, version }) =>
      name === wanted.name &&
      (version === undefined || wanted.version === undefined || compareVersions(wanted.version, version) <= 0),
  )
}

export function titled({ name, version }: { name: string; version?: string | undefined }): string {
  return version === undefined ? name : `${name} ${version}`
}
