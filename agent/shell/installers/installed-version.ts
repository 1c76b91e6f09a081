/**
 * Which version an appliance has of what a bundle patches, by the declaration in its manifest and without running
 * anything of the bundle: a file below the root that holds the version, or dpkg's database.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { ANY_ARCHITECTURE, architecturesOf, packageStates } from './debian/dpkg-database.ts'
import { isInOrder } from './debian/package-state.ts'
import { readFileBelowRoot } from './file-below-root.ts'

/** A version is a short line; whatever is longer is another file. */
const MAX_VERSION_FILE_BYTES = 4 * 1024
const VERSION = /^[\x21-\x7e]{1,100}$/

/** Null where none is there; an `Error` where it cannot be found out. */
export async function installedVersion(root: string, { verify, appliesTo }: Manifest): Promise<string | null> {
  if ('dpkg' in verify.detect) {
    const wanted = await architecturesWanted(root, { appliesTo })
    const states = await packageStates(root, verify.detect.dpkg)
    return states.find((state) => isInOrder(state) && wanted.includes(state.architecture))?.version ?? null
  }
  const { versionFile } = verify.detect
  const content = await readFileBelowRoot(root, versionFile, MAX_VERSION_FILE_BYTES)
  if (content === null) return null
  const version = content.toString().trim()
  if (!VERSION.test(version))
    throw new Error(`${versionFile} does not hold a version: one word of at most 100 characters`)
  return version
}

/** Of a package for another architecture a bundle knows nothing. */
export async function architecturesWanted(root: string, { appliesTo }: Pick<Manifest, 'appliesTo'>) {
  return [appliesTo.architecture ?? (await architecturesOf(root))?.[0], ANY_ARCHITECTURE]
}
