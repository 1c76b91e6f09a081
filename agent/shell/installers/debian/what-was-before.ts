/**
 * Gathers what a Debian package's way back needs, before the first act that changes anything: dpkg's whole state of the
 * package, the audit, the package files of what is there, and every configuration file that could be lost.
 */
import { type Before, rememberBefore } from '../before.ts'
import type { InstallTask } from '../installer.ts'
import { auditDatabase } from './dpkg-audit.ts'
import { shippedConffiles } from './dpkg-conffiles.ts'
import { keepEarlierPackages } from './earlier-package.ts'
import { keepPlaces } from './half-unpacked.ts'
import { keepConffiles } from './kept-conffiles.ts'
import { readableName } from './package-contents.ts'
import { lastWorkingVersion, leftConfigurationFiles, lettersOf, type PackageState } from './package-state.ts'
import type { Findings } from './rehearsal/findings.ts'
import { keepTaken } from './taken-files.ts'

/** `found` is what the rehearsal has found of the patch. */
export function rememberPackage(task: InstallTask, state: PackageState | null, found: Findings): Promise<Before> {
  const { root, scratch } = task
  return rememberBefore(scratch, standingOf(state), async () => {
    await keepPlaces(scratch)
    const { name, architecture } = state ?? { name: '', architecture: '' }
    const versions = new Set([state?.configVersion ?? '', state?.version ?? ''].filter((version) => version !== ''))
    const keeping = keepEarlierPackages(
      task,
      [...versions].map((version) => ({ name, version, architecture })),
    )
    const [shipped, audit] = await Promise.all([shippedConffiles(root, state), auditDatabase(root), keeping])
    const paths = [...shipped.keys(), ...found.conffiles.map(readableName)]
    return {
      installedVersion: lastWorkingVersion(state),
      configurationFiles: leftConfigurationFiles(state),
      audit,
      package: state === null ? null : { ...state, ...listsOf(state) },
      files: await keepConffiles(root, scratch, paths),
      taken: await keepTaken(root, scratch, found.taken),
    }
  })
}

/** By which a later attempt knows that nobody has touched the package since. */
export function standingOf(state: PackageState | null): string {
  return state === null ? 'nothing' : `${lettersOf(state)} ${state.version}`
}

/** A state as a record holds it. */
export function listsOf({ pendingTriggers, awaitedPackages }: PackageState) {
  return { pendingTriggers: [...pendingTriggers], awaitedPackages: [...awaitedPackages] }
}
