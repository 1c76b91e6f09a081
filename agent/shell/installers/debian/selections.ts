/**
 * What is wanted of a package: that it is there, is kept at its version, or is taken off. `dpkg --install` forgets what an
 * administrator wanted, so it is put back after the way back.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstallTask } from '../installer.ts'
import { patchedPackage } from './dpkg-database.ts'
import { runDpkg } from './dpkg-run.ts'
import { instanceOf, type PackageState, type Want } from './package-state.ts'

/** What it was before, in whatever version it is there now. */
export async function putSelectionBack(task: InstallTask, before: PackageState | null): Promise<void> {
  const state = await patchedPackage(task)
  if (state === null) return
  if (before === null && isBareWish(state)) await mark(task, state, 'purge')
  if (before !== null && (before.want === 'hold' || before.want === 'deinstall')) await select(task, state, before.want)
}

/** Somebody has marked it to be taken off, and it is ordered: it is wanted again, and need not be unpacked for that. */
export async function wantInstalled(task: InstallTask): Promise<void> {
  const state = await patchedPackage(task)
  if (state !== null) await select(task, state, 'install')
}

/** All that a first install leaves that failed in its preinst. dpkg forgets what is to be purged and is not there. */
function isBareWish({ want, status }: PackageState): boolean {
  return status === 'not-installed' && want === 'install'
}

async function select(task: InstallTask, state: PackageState, want: Want): Promise<void> {
  if (state.want !== want && state.status !== 'not-installed') await mark(task, state, want)
}

async function mark(task: InstallTask, state: PackageState, want: Want): Promise<void> {
  const input = join(task.scratch, 'selections')
  await writeFile(input, `${instanceOf(state)} ${want}\n`)
  await runDpkg(task, ['--set-selections'], input)
}
