/**
 * Where the way back of a Debian package leads, and the runs of dpkg that lead there. Whether it worked is judged by
 * debian-revert.ts, from dpkg's database.
 */
import { isRefusal } from '../../../../protocol/refusals.ts'
import type { Before } from '../before.ts'
import type { InstallTask, Outcome } from '../installer.ts'
import { failed } from '../outcomes.ts'
import type { ProgramEnd } from '../run-program.ts'
import { packageName } from './dpkg-database.ts'
import { dpkgFailure } from './dpkg-run.ts'
import { earlierPackage } from './earlier-package.ts'
import type { Unlike } from './kept-conffiles.ts'
import {
  canBeConfigured,
  describeState,
  instanceOf,
  isInOrder,
  isThere,
  leftConfigurationFiles,
  lettersOf,
  type PackageState,
} from './package-state.ts'
import { stagePackage } from './staged-package.ts'

export type RunDpkg = (...words: string[]) => Promise<ProgramEnd>

/** Whether the package is as it was, or better: what was half done then may be whole now. */
export function isAsBefore(state: PackageState | null, before: Before): boolean {
  if (before.installedVersion !== null) return isInOrder(state) && state.version === before.installedVersion
  if (before.configurationFiles) return leftConfigurationFiles(state)
  if (isHalfDone(before.package) && isThere(state)) {
    return state.version === before.package.version && state.status === before.package.status
  }
  return !isThere(state) && (!leftConfigurationFiles(state) || isHalfDone(before.package))
}

/** "is 1.0, as before"; of what was half done, what it was. */
export function describeReturn(state: PackageState | null, before: Before, { brought }: Unlike): string {
  if (before.installedVersion !== null) return `is ${before.installedVersion}, as before`
  if (before.configurationFiles) return describeLeftFiles(state, before)
  if (!isHalfDone(before.package)) return 'is not installed, as before'
  if (isThere(state)) {
    const standing = describeState(state.name, state)
    return brought.length === 0
      ? `is as before: ${standing}`
      : `is back: ${standing}; ${brought.join(', ')}, which the patch has brought, stays`
  }
  const but = leftConfigurationFiles(state) ? ` but for its configuration files (${lettersOf(state)})` : ''
  return `is taken off${but}; before the patch ${describeState(before.package.name, before.package)}`
}

/** dpkg does not go back to an earlier version of what it calls the configuration files of a removed package. */
function describeLeftFiles(state: PackageState | null, { package: known }: Before): string {
  const [was = '', is = ''] = [known?.version, state?.version]
  if (was === is) return 'is removed and its configuration files are there, as before'
  const letters = state === null ? '' : ` (${lettersOf(state)})`
  return `is removed and its configuration files are there${letters} with what they held; dpkg calls them those of ${is} now, and of ${was} before`
}

/** Files of it were there, and no version of it had ever worked. */
function isHalfDone(known: PackageState | null): known is PackageState {
  return isThere(known) && known.status !== 'installed' && known.configVersion === ''
}

/** Null when every step ended well. */
export async function goBack(
  task: InstallTask,
  before: Before,
  state: PackageState | null,
  run: RunDpkg,
): Promise<Outcome | null> {
  const name = packageName(task.publication)
  const architecture = before.package?.architecture ?? state?.architecture ?? ''
  const instance = state === null ? name : instanceOf(state)
  if (before.installedVersion !== null) {
    // Killed while it configured the version that was there: finishing is going back.
    if (state?.version === before.installedVersion && canBeConfigured(state)) {
      return dpkgFailure(await run('--configure', instance))
    }
    const earlier = await earlierPackage(task, { name, version: before.installedVersion, architecture })
    if (earlier !== null) return dpkgFailure(await run('--install', earlier))
    return failed(
      `${name} ${before.installedVersion} was installed before, and its package file is not on this appliance, so dpkg cannot bring it back`,
    )
  }
  if (isHalfDone(before.package) && before.package.status !== 'half-installed') {
    const earlier = await earlierPackage(task, { name, version: before.package.version, architecture })
    if (earlier !== null) return dpkgFailure(await run('--unpack', earlier))
  }
  if (state?.mustBeUnpackedAgain === true) {
    const packageFile = await stagePackage(task)
    if (isRefusal(packageFile))
      return failed(`${name} is half installed and can only be removed whole: ${packageFile.message}`)
    const unpacked = dpkgFailure(await run('--unpack', packageFile))
    if (unpacked !== null) return unpacked
  }
  const keeps = before.configurationFiles || isHalfDone(before.package)
  return dpkgFailure(await run(keeps ? '--remove' : '--purge', instance))
}
