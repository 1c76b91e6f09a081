/**
 * Goes back from a Debian package to what was there before, with dpkg's own means and as far as they reach. Where
 * nothing was installed before, the package is taken off again, also when dpkg was killed in the middle of it. Where an
 * earlier version was, its package file is needed; apt's cache below the root may hold it. Whether going back has
 * worked is judged at the end, from dpkg's database, never from what a command returned.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal } from '../../../../protocol/refusals.ts'
import { type Before, whatWasBefore } from '../before.ts'
import type { InstallTask, Outcome } from '../installer.ts'
import { failed, succeeded } from '../outcomes.ts'
import { endLeftPrograms, settleProgram } from '../program-record.ts'
import type { ProgramEnd } from '../run-program.ts'
import { stageCopy } from '../staged-copy.ts'
import { auditDatabase, describeFindings, newFindings } from './dpkg-audit.ts'
import { exists, packageName, patchedPackage } from './dpkg-database.ts'
import { dpkgFailure, runDpkg } from './dpkg-run.ts'
import {
  canBeConfigured,
  describeState,
  isInOrder,
  isThere,
  leftConfigurationFiles,
  type PackageState,
} from './package-state.ts'

export async function revertDebianPackage(task: InstallTask): Promise<Outcome> {
  const { publication, root, scratch } = task
  const name = packageName(publication)
  await settleProgram(scratch, publication.manifest.install.timeoutSeconds)
  await endLeftPrograms(scratch)
  const before = await whatWasBefore(scratch)
  if (before === null) return succeeded('nothing had been changed')
  const state = await patchedPackage(task)
  if (isInOrder(state) && ![before.installedVersion, publication.version].includes(state.version)) {
    return failed(`${name} ${state.version} is installed, which is neither the patch nor what was there before it`)
  }
  let output = ''
  const run = async (...words: string[]): Promise<ProgramEnd> => {
    const end = await runDpkg(task, words)
    output = end.output === '' ? output : end.output
    return end
  }
  const obstacle = isAsBefore(state, before) ? null : await goBack(task, before, state, run)
  if (obstacle !== null) return obstacle
  const broken = async () => newFindings(before.audit, await auditDatabase(root))
  if ((await broken()).length > 0) await run('--configure', '--pending')
  const left = await broken()
  if (left.length > 0) return failed(`dpkg still finds what was in order before and is not: ${describeFindings(left)}`)
  if (!isAsBefore(await patchedPackage(task), before)) return failed(`${name} could not be brought back`, output)
  const was =
    before.installedVersion === null ? 'is not installed, as before' : `is ${before.installedVersion}, as before`
  return succeeded(`${name} ${was}`, output)
}

type RunDpkg = (...words: string[]) => Promise<ProgramEnd>

/** Null when every step ended well. */
async function goBack(
  task: InstallTask,
  before: Before,
  state: PackageState | null,
  run: RunDpkg,
): Promise<Outcome | null> {
  const name = packageName(task.publication)
  const { version } = task.publication
  if (before.installedVersion !== null) {
    // Killed while it configured the version that was there: finishing is going back.
    if (state?.version === before.installedVersion && canBeConfigured(state)) {
      return dpkgFailure(await run('--configure', name))
    }
    const earlier = await cachedPackage(task.root, name, before.installedVersion)
    if (earlier !== null) return dpkgFailure(await run('--install', earlier))
    return failed(
      `${name} ${before.installedVersion} was installed before, and its package file is not on this appliance: dpkg cannot bring it back, and now ${describeState(name, state)}. Install ${before.installedVersion} by its own patch, or ${version} once what it needs is there.`,
    )
  }
  if (state?.mustBeUnpackedAgain === true) {
    const packageFile = await stageCopy(task)
    if (isRefusal(packageFile))
      return failed(`${name} is half installed and can only be removed whole: ${packageFile.message}`)
    const unpacked = dpkgFailure(await run('--unpack', packageFile))
    if (unpacked !== null) return unpacked
  }
  return dpkgFailure(await run(before.configurationFiles ? '--remove' : '--purge', name))
}

function isAsBefore(state: PackageState | null, before: Before): boolean {
  if (before.installedVersion !== null) return isInOrder(state) && state.version === before.installedVersion
  return before.configurationFiles ? leftConfigurationFiles(state) : !isThere(state) && !leftConfigurationFiles(state)
}

/** apt keeps what it fetched as NAME_VERSION_ARCHITECTURE.deb, with %3a for the colon of an epoch. */
async function cachedPackage(root: string, name: string, version: string): Promise<string | null> {
  const cache = join(root, 'var/cache/apt/archives')
  if (!(await exists(cache))) return null
  const start = `${name}_${version.replaceAll(':', '%3a')}_`
  const file = (await readdir(cache)).find((entry) => entry.startsWith(start) && entry.endsWith('.deb'))
  return file === undefined ? null : join(cache, file)
}
