/**
 * How things stand with what a bundle patches, to be remembered before it and compared after its way back. What works is
 * a version; where dpkg is asked, half a package is none and is there all the same: a way back that takes it off has
 * lost something, and only what is exactly so again is as before.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { Before } from './before.ts'
import { packageStates } from './debian/dpkg-database.ts'
import { describeState, isInOrder, isThere, leftConfigurationFiles, type PackageState } from './debian/package-state.ts'
import { whyHeld } from './debian/rehearsal/is-it-held.ts'
import { listsOf, standingOf } from './debian/what-was-before.ts'
import { architecturesWanted, installedVersion } from './installed-version.ts'

export type BundleStanding = Pick<Before, 'installedVersion' | 'package'>

export async function standingOfBundle(root: string, manifest: Manifest): Promise<BundleStanding> {
  const version = await installedVersion(root, manifest)
  const state = version === null ? await unfinishedPackage(root, manifest) : null
  return { installedVersion: version, package: state === null ? null : { ...state, ...listsOf(state) } }
}

/** Its programs would have dpkg lift the hold on the package that it brings; null where there is none. */
export async function whyBundleIsHeld(root: string, manifest: Manifest): Promise<string | null> {
  const { detect } = manifest.verify
  if (!('dpkg' in detect)) return null
  const wanted = await architecturesWanted(root, manifest)
  const states = (await packageStates(root, detect.dpkg)).filter(({ architecture }) => wanted.includes(architecture))
  return states.map((state) => whyHeld(detect.dpkg, state)).find((why) => why !== null) ?? null
}

/** What dpkg has of the package where no version of it works: half of it, or its configuration files. */
async function unfinishedPackage(root: string, manifest: Manifest): Promise<PackageState | null> {
  const { detect } = manifest.verify
  if (!('dpkg' in detect)) return null
  const wanted = await architecturesWanted(root, manifest)
  const states = (await packageStates(root, detect.dpkg)).filter(({ architecture }) => wanted.includes(architecture))
  return states.find((state) => !isInOrder(state) && (isThere(state) || leftConfigurationFiles(state))) ?? null
}

export function isSameStanding(left: BundleStanding, right: BundleStanding): boolean {
  return left.installedVersion === right.installedVersion && standingOf(left.package) === standingOf(right.package)
}

/** "version 1.0 is there", "no version is there", "hello 2.10-3 is half configured (iF)". */
export function describeStanding({ installedVersion: version, package: state }: BundleStanding): string {
  if (version === null && state !== null) return describeState(state.name, state)
  return version === null ? 'no version is there' : `version ${version} is there`
}

/** "now version 2 is there, and version 1 was before". */
export function describeBoth(now: BundleStanding, before: BundleStanding): string {
  if (before.package !== null) return `now ${describeStanding(now)}, and before the patch ${describeStanding(before)}`
  const version = before.installedVersion === null ? 'no version' : `version ${before.installedVersion}`
  return `now ${describeStanding(now)}, and ${version} was before`
}
