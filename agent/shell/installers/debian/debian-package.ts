/**
 * Installs a Debian package with the real dpkg. It decides from dpkg's own database what is there, rehearses before it
 * touches anything, and believes an install only when the package is `ii`, at the version of the publication, the audit
 * of the whole database finds nothing that was in order before, and every file of the archive is there. Going back is in
 * debian-revert.ts.
 */
import { isRefusal } from '../../../../protocol/refusals.ts'
import { whatWasBefore } from '../before.ts'
import { judgeFromVersion } from '../from-versions.ts'
import type { Found, Installer, InstallTask, Outcome } from '../installer.ts'
import { failed, foundOf, outcomeOf, succeeded, untouched } from '../outcomes.ts'
import { endLeftPrograms, settleProgram } from '../program-record.ts'
import { revertDebianPackage } from './debian-revert.ts'
import { auditDatabase, describeFindings, newFindings } from './dpkg-audit.ts'
import {
  ANY_ARCHITECTURE,
  architecturesOf,
  isNewer,
  makeDatabase,
  packageArchitecture,
  packageName,
  patchedPackage,
} from './dpkg-database.ts'
import { dpkgFailure, runDpkg } from './dpkg-run.ts'
import { whatIsMissing } from './expected-entries.ts'
import {
  canBeConfigured,
  describeState,
  instanceOf,
  isInOrder,
  isInstalled,
  isMarkedToGo,
  isThere,
  type PackageState,
} from './package-state.ts'
import { BelowRoot } from './rehearsal/below-root.ts'
import { findingsOf } from './rehearsal/findings.ts'
import { rehearse } from './rehearsal/rehearse.ts'
import { tellRemarks } from './rehearsal/remarks.ts'
import { wantInstalled } from './selections.ts'
import { stagedPackage, stagePackage } from './staged-package.ts'
import { rememberPackage } from './what-was-before.ts'

export const debianPackage: Installer = {
  detect: (task) => foundOf(() => detect(task)),
  install: (task) => outcomeOf(() => install(task)),
  verify: (task) => outcomeOf(() => verify(task)),
  revert: (task) => outcomeOf(() => revertDebianPackage(task)),
  settle: (task) => settleProgram(task.scratch, task.publication.manifest.install.timeoutSeconds),
}

async function detect(task: InstallTask): Promise<Found> {
  const { publication, root } = task
  const architecture = packageArchitecture(publication)
  const name = packageName(publication)
  const architectures = await architecturesOf(root)
  if (architectures === null) {
    return { result: 'unknown', installedVersion: null, reason: 'dpkg is not on this appliance, and a .deb needs it' }
  }
  const state = await patchedPackage(task)
  const installedVersion = isInOrder(state) && isOf(state, architecture) ? state.version : null
  if (architecture !== ANY_ARCHITECTURE && !architectures.includes(architecture)) {
    const reason = `the package is for ${architecture} and this appliance takes ${architectures.join(', ')}`
    return { result: 'notApplicable', installedVersion, reason }
  }
  const reason = describeState(name, state)
  if (isThere(state) && !isInstalled(state)) return { result: 'applicable', installedVersion, reason }
  const unfinished = await whyUnfinished(task)
  if (unfinished !== null) return { result: 'applicable', installedVersion, reason: `${reason}, and ${unfinished}` }
  if (installedVersion === publication.version) return { result: 'installed', installedVersion, reason }
  if (installedVersion !== null && (await isNewer(installedVersion, publication.version))) {
    return { result: 'installed', installedVersion, reason: `${reason}, which supersedes ${publication.version}` }
  }
  return judgeFromVersion(publication.manifest, installedVersion)
}

async function install(task: InstallTask): Promise<Outcome> {
  const { publication, scratch } = task
  const { version } = publication
  const name = packageName(publication)
  await debianPackage.settle(task)
  await endLeftPrograms(scratch)
  const prepared = await outcomeOf(() => prepare(task))
  // An earlier try of the same attempt may have changed something.
  if (!prepared.ok) return (await whatWasBefore(scratch)) === null ? untouched(prepared) : prepared
  const state = await patchedPackage(task)
  const found = await findingsOf(scratch)
  if (found === null) return failed('what the rehearsal has found is not in the scratch folder any more')
  await rememberPackage(task, state, found)
  if (isMarkedToGo(state) && isOf(state, packageArchitecture(publication)) && state.version === version) {
    await wantInstalled(task)
    return succeeded(`${name} ${version} was there, marked to be removed, and is wanted again`)
  }
  if (canBeConfigured(state)) {
    // No other: what somebody has left unpacked is not ours to configure, and might fail.
    const configured = dpkgFailure(await runDpkg(task, ['--configure', instanceOf(state)]))
    if (configured?.temporary === true) return configured
    const after = await patchedPackage(task)
    const backwardsAfter = await whyBackwards(task, after)
    if (backwardsAfter !== null) return failed(backwardsAfter)
    if (isInstalled(after) && isOf(after, packageArchitecture(publication)) && after.version === version) {
      return succeeded(`${name} ${version} was unpacked already, and dpkg has configured it`)
    }
  }
  const end = await runDpkg(task, ['--install', stagedPackage(task)])
  return dpkgFailure(end) ?? succeeded(`dpkg installed ${name} ${version}`, end.output)
}

/** Everything that is found out before the first change: a failure here leaves the appliance as it was. */
async function prepare(task: InstallTask): Promise<Outcome> {
  const { publication, root } = task
  const name = packageName(publication)
  const packageFile = await stagePackage(task)
  if (isRefusal(packageFile)) return failed(packageFile.message)
  await makeDatabase(root)
  const state = await patchedPackage(task)
  const backwards = await whyBackwards(task, state)
  if (backwards !== null) return failed(backwards)
  const obstacle = await rehearse(task, packageFile, state)
  return obstacle ?? succeeded(`nothing stands against installing ${name} ${publication.version}`)
}

/** In whatever state a newer version is there, its files and its data may be: the older one never goes over them. */
async function whyBackwards({ publication }: InstallTask, state: PackageState | null): Promise<string | null> {
  if (!isThere(state) || !(await isNewer(state.version, publication.version))) return null
  const name = packageName(publication)
  return `${describeState(name, state)} already; installing ${publication.version} would go back`
}

/** A failed attempt that could not be put back is not made good by what dpkg says of its package alone. */
async function whyUnfinished({ root, scratch }: InstallTask): Promise<string | null> {
  const before = await whatWasBefore(scratch)
  if (before === null) return null
  const broken = newFindings(before.audit, await auditDatabase(root))
  return broken.length === 0 ? null : `an earlier attempt left: ${describeFindings(broken)}`
}

async function verify(task: InstallTask): Promise<Outcome> {
  const { publication, root, scratch } = task
  const { version } = publication
  const name = packageName(publication)
  const architecture = packageArchitecture(publication)
  const state = await patchedPackage(task)
  if (!isInstalled(state)) return failed(`${name} ${version} is not installed: ${describeState(name, state)}`)
  if (state.version !== version) return failed(`${name} ${state.version} is installed instead of ${version}`)
  if (!isOf(state, architecture)) {
    return failed(`${name} ${version} is installed for ${state.architecture} instead of ${architecture}`)
  }
  const before = await whatWasBefore(scratch)
  const broken = newFindings(before?.audit ?? [], await auditDatabase(root))
  if (broken.length > 0)
    return failed(`dpkg finds what was in order before and is not now: ${describeFindings(broken)}`)
  const [findings, below] = await Promise.all([findingsOf(scratch), BelowRoot.open(root)])
  const missing = findings === null ? null : await whatIsMissing(task, findings.expected, below)
  if (missing !== null) return failed(missing)
  const remarks = tellRemarks(findings?.remarks ?? [], below)
    .map((sentence) => `; ${sentence}`)
    .join('')
  return succeeded(`${name} ${version} is installed and dpkg finds nothing wrong that was not before${remarks}`)
}

function isOf(state: PackageState, architecture: string): boolean {
  return state.architecture === architecture
}
