/**
 * Installs a Debian package with the real dpkg. It decides from dpkg's own database what is there, rehearses before it
 * touches anything, and believes an install only when the package is `ii`, at the version of the publication, and the
 * audit of the whole database finds nothing. Going back is in debian-revert.ts.
 */
import { isRefusal } from '../../../../protocol/refusals.ts'
import { rememberBefore } from '../before.ts'
import { judgeFromVersion } from '../from-versions.ts'
import type { Found, Installer, InstallTask, Outcome } from '../installer.ts'
import { causes, failed, outcomeOf, succeeded } from '../outcomes.ts'
import { settleProgram } from '../program-record.ts'
import { stageCopy } from '../staged-copy.ts'
import { revertDebianPackage } from './debian-revert.ts'
import {
  architecturesOf,
  auditDatabase,
  field,
  fieldsOf,
  isInstalled,
  isNewer,
  makeDatabase,
  packageName,
  packageState,
  wasInterrupted,
} from './dpkg-database.ts'
import { whyNotInstallable } from './dpkg-rehearsal.ts'
import { dpkgFailure, explainFailure, runDpkg } from './dpkg-run.ts'

export const debianPackage: Installer = {
  detect: async (task) => {
    try {
      return await detect(task)
    } catch (error) {
      return { result: 'unknown', installedVersion: null, reason: causes(error) }
    }
  },
  install: (task) => outcomeOf(() => install(task)),
  verify: (task) => outcomeOf(() => verify(task)),
  revert: (task) => outcomeOf(() => revertDebianPackage(task)),
  settle: (task) => settleProgram(task.scratch, task.publication.manifest.install.timeoutSeconds),
}

async function detect(task: InstallTask): Promise<Found> {
  const { publication, root } = task
  const { architecture } = publication.manifest.appliesTo
  const name = packageName(publication)
  const architectures = await architecturesOf(root)
  if (architectures === null) {
    return { result: 'unknown', installedVersion: null, reason: 'dpkg is not on this appliance, and a .deb needs it' }
  }
  const state = await packageState(root, name, architecture)
  const installedVersion = isInstalled(state) ? state.version : null
  if (architecture !== undefined && architecture !== 'all' && !architectures.includes(architecture)) {
    const reason = `the package is for ${architecture} and this appliance takes ${architectures.join(', ')}`
    return { result: 'notApplicable', installedVersion, reason }
  }
  if (state !== null && !isInstalled(state) && !/^(rc|un)/.test(state.words)) {
    const reason = `${name} ${state.version} is neither installed nor removed: dpkg says "${state.words.trim()}"`
    return { result: 'applicable', installedVersion, reason }
  }
  if (installedVersion === publication.version) {
    return { result: 'installed', installedVersion, reason: `${name} ${installedVersion} is installed` }
  }
  if (installedVersion !== null && (await isNewer(installedVersion, publication.version))) {
    const reason = `${name} ${installedVersion} is installed, which supersedes ${publication.version}`
    return { result: 'installed', installedVersion, reason }
  }
  return judgeFromVersion(publication.manifest, installedVersion)
}

async function install(task: InstallTask): Promise<Outcome> {
  const { publication, root, scratch } = task
  const { manifest, version } = publication
  const name = packageName(publication)
  await debianPackage.settle(task)
  const packageFile = await stageCopy(task)
  if (isRefusal(packageFile)) return failed(packageFile.message)
  const fields = await fieldsOf(packageFile)
  if (field(fields, 'Package') !== name || field(fields, 'Version') !== version) {
    return failed(
      `the package says that it is ${field(fields, 'Package')} ${field(fields, 'Version')}, not ${name} ${version}`,
    )
  }
  await makeDatabase(root)
  const state = await packageState(root, name, manifest.appliesTo.architecture)
  if (isInstalled(state) && (await isNewer(state.version, version))) {
    return failed(`${name} ${state.version} is installed already; installing ${version} would go back`)
  }
  await rememberBefore(scratch, {
    installedVersion: state === null || state.words.startsWith('rc') ? null : state.version,
    configurationFiles: state?.words.startsWith('rc') === true,
  })
  if (await wasInterrupted(root)) {
    const configured = await runDpkg(task, ['--configure', '--pending'])
    const refused = dpkgFailure(configured)
    if (refused?.temporary === true) return refused
  }
  const obstacle = await whyNotInstallable(root, scratch, packageFile, fields)
  if (obstacle !== null) {
    return explainFailure({ how: 'exited', status: obstacle.status, output: obstacle.text + obstacle.complaint })
  }
  const end = await runDpkg(task, ['--install', packageFile])
  return dpkgFailure(end) ?? succeeded(`dpkg installed ${name} ${version}`, end.output)
}

async function verify({ publication, root }: InstallTask): Promise<Outcome> {
  const { version, manifest } = publication
  const name = packageName(publication)
  const state = await packageState(root, name, manifest.appliesTo.architecture)
  if (state === null) return failed(`${name} is not installed`)
  if (!isInstalled(state)) return failed(`${name} ${state.version} is not installed: dpkg says "${state.words.trim()}"`)
  if (state.version !== version) return failed(`${name} ${state.version} is installed instead of ${version}`)
  const complaint = await auditDatabase(root)
  if (complaint !== '') return failed('dpkg --audit finds packages that are not in order', complaint)
  return succeeded(`${name} ${version} is installed and dpkg finds nothing wrong`)
}
