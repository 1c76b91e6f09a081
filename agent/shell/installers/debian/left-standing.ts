/**
 * What a person is told when the way back could not be gone to its end: what is there now, in words and in dpkg's own
 * letters, and a command or an order that mends it.
 */
import { join } from 'node:path'
import type { Before } from '../before.ts'
import type { InstallTask } from '../installer.ts'
import { type AuditFinding, describeFindings } from './dpkg-audit.ts'
import { rootOptions } from './dpkg-database.ts'
import {
  canBeConfigured,
  describeState,
  isInOrder,
  isThere,
  leftConfigurationFiles,
  type PackageState,
} from './package-state.ts'

export function whatIsLeft(
  task: InstallTask,
  before: Before,
  now: {
    readonly state: PackageState | null
    readonly broken: readonly AuditFinding[]
    readonly earlier: string | null
  },
): string {
  const name = before.package?.name ?? now.state?.name ?? task.publication.name
  const others = now.broken.filter(({ package: broken }) => broken.split(':')[0] !== name)
  const also = others.length === 0 ? '' : `; not in order any more: ${describeFindings(others)}`
  return `now ${describeState(name, now.state)}${also}; ${advice(task, before, name, now)}`
}

function advice(
  task: InstallTask,
  { installedVersion, configurationFiles }: Before,
  name: string,
  { state, broken, earlier }: Parameters<typeof whatIsLeft>[2],
): string {
  const dpkg = ['dpkg', ...rootOptions(task.root)].join(' ')
  const others = broken.map(({ package: other }) => other).filter((other) => other !== '' && other !== name)
  const isGone = !isThere(state) && leftConfigurationFiles(state) === configurationFiles
  const isBack = installedVersion === null ? isGone : isInOrder(state) && state.version === installedVersion
  if (isBack) {
    return others.length === 0
      ? 'order the patch again to have it tried once more'
      : `mend what the scripts of ${others.join(', ')} complain of, then run: ${dpkg} --configure ${others.join(' ')}`
  }
  if (installedVersion !== null) {
    if (earlier !== null) return `mend what is in the way, then run: ${dpkg} --install ${earlier}`
    return `to have ${name} ${installedVersion} again, order the patch that brings it, or copy its package file here and run: ${dpkg} --install FILE`
  }
  if (state?.mustBeUnpackedAgain === true) {
    return `mend what is in the way, then run: ${dpkg} --install ${join(task.scratch, 'package.deb')}`
  }
  const taking = configurationFiles ? '--remove' : '--purge'
  const finish = canBeConfigured(state) ? `; to keep it instead: ${dpkg} --configure ${name}` : ''
  return `mend what is in the way, then run: ${dpkg} ${taking} ${name}${finish}`
}
