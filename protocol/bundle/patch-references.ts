/**
 * What a reference to other patches in a manifest means. One of `requires` or `conflicts` without a version means any;
 * with one it means that version and every later one. One of `supersedes` means that version and every earlier one.
 */
import { compareVersions } from '../version-order.ts'
import type { Manifest } from './manifest.ts'

export type PatchReference = Manifest['requires'][number]
type Versioned = { readonly name: string; readonly version: string }

/** Whether a reference of `requires` or `conflicts` means this patch. */
export function isCovered(patch: Versioned, { name, version }: PatchReference): boolean {
  return patch.name === name && (version === undefined || compareVersions(patch.version, version) >= 0)
}

/** Whether a patch takes the place of this one by its manifest. */
export function replaces({ supersedes }: Pick<Manifest, 'supersedes'>, older: Versioned): boolean {
  return supersedes.some(
    ({ name, version }) =>
      name === older.name && (version === undefined || compareVersions(older.version, version) <= 0),
  )
}

/** Whether some version that `wanted` would take is one that the patch of this manifest takes the place of. */
export function isSuperseded(wanted: PatchReference, { supersedes }: Pick<Manifest, 'supersedes'>): boolean {
  return supersedes.some(
    ({ name, version }) =>
      name === wanted.name &&
      (version === undefined || wanted.version === undefined || compareVersions(wanted.version, version) <= 0),
  )
}

/** `base`, or `base 2`. */
export function titled({ name, version }: { name: string; version?: string | undefined }): string {
  return version === undefined ? name : `${name} ${version}`
}
