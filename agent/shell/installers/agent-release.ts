/**
 * Installs a release of this agent itself, from its Debian package: the tree in it goes to the slot that does not run, and
 * only when it is whole there the process becomes the updater, which tries it (agent/shell/updater/). So `install` has no
 * end in this process, and what came of it is found by the next one: by the release that it is. dpkg and its database are
 * not asked, so they go on to tell what was installed by hand.
 */
import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { AGENT_PACKAGE } from '../../../protocol/bundle/manifest.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { compareVersions } from '../../../protocol/version-order.ts'
import { refuseWithoutSpace } from '../disk-space.ts'
import { ifThere } from '../if-there.ts'
import { removeTree } from '../remove-tree.ts'
import { launcherOf, releaseOf } from '../updater/becoming.ts'
import type { OwnRelease } from '../updater/own-release.ts'
import type { SlotName } from '../updater/release-slots.ts'
import { stagePackage } from './debian/staged-package.ts'
import { judgeFromVersion } from './from-versions.ts'
import type { Found, Installer, InstallTask, Outcome } from './installer.ts'
import { failed, foundOf, outcomeOf, succeeded, untouched } from './outcomes.ts'
import { settleProgram } from './program-record.ts'
import { describeEnd, runProgram } from './run-program.ts'

const EXECUTABLE = 0o111
const WITHOUT_UPDATER = 'this agent was not started by its launcher, so no other release takes its place'

/** Where there is nothing that could exchange the agent. */
export const notExchanged: Installer = {
  detect: async () => ({ result: 'unknown', installedVersion: null, reason: WITHOUT_UPDATER }),
  install: async () => untouched(failed(WITHOUT_UPDATER)),
  verify: async () => failed(WITHOUT_UPDATER),
  revert: async () => succeeded('nothing of the release is left to put back'),
  settle: async () => undefined,
}

/** `seconds`: how long a release may take now until it is seen. */
export function agentRelease(own: OwnRelease, seconds: () => number): Installer {
  if (own.base === null) return notExchanged
  const { base } = own
  return {
    detect: (task) => foundOf(() => detect(own, task)),
    install: (task) => outcomeOf(() => install({ own, base, seconds: seconds() }, task)),
    verify: (task) => outcomeOf(() => verify(own, task)),
    revert: (task) => outcomeOf(() => revert(own, task)),
    settle: (task) => settleProgram(task.scratch, task.publication.manifest.install.timeoutSeconds),
  }
}

async function detect({ release }: OwnRelease, { publication: { manifest, version } }: InstallTask): Promise<Found> {
  const found = { result: 'installed', installedVersion: release } as const
  if (release === version) return { ...found, reason: `release ${release} of the agent runs` }
  if (compareVersions(release, version) > 0)
    return { ...found, reason: `release ${release} of the agent runs, which supersedes ${version}` }
  return judgeFromVersion(manifest, release)
}

async function install(
  { own, base, seconds }: { own: OwnRelease; base: string; seconds: number },
  task: InstallTask,
): Promise<Outcome> {
  const { version: release, sha256: patch } = task.publication
  const before = await own.slots.current()
  const slot = await own.slots.free()
  // What lies in the free slot is of no use to anybody, so nothing has changed until the trial is noted.
  const prepared = await outcomeOf(() => prepare({ own, base, slot, before }, task))
  return prepared.ok ? own.exchange({ patch, release, slot, seconds }) : untouched(prepared)
}

type Preparing = {
  readonly own: OwnRelease
  readonly base: string
  readonly slot: SlotName
  readonly before: SlotName | null
}

/** The release is whole in its slot, and durable. */
async function prepare({ own: { slots }, base, slot, before }: Preparing, task: InstallTask): Promise<Outcome> {
  const { scratch, publication } = task
  const { version, sha256, bytes, manifest } = publication
  await mkdir(slots.folder, { recursive: true, mode: 0o700 })
  const freed = await bytesBelow(slots.treeOf(slot))
  refuseWithoutSpace(slots.folder, manifest.diskBytes + bytes - freed)
  await slots.clear(slot)
  const packageFile = await stagePackage(task)
  if (isRefusal(packageFile)) return failed(packageFile.message)
  const unpacked = slots.unproven(slot)
  await mkdir(unpacked, { mode: 0o700 })
  const end = await runProgram({
    program: 'dpkg-deb',
    words: ['--extract', packageFile, unpacked],
    workingFolder: scratch,
    scratch,
    timeoutSeconds: manifest.install.timeoutSeconds,
  })
  if (end.how !== 'exited' || end.status !== 0) return failed(`dpkg-deb ${describeEnd(end)}`, end.output)
  const tree = path.join(unpacked, 'usr/lib', AGENT_PACKAGE)
  const wrong = await whyNoRelease(tree, version)
  if (wrong !== null) return failed(`the package ${wrong}`)
  const whole = `${slots.unproven(slot)}.whole`
  await removeTree(whole)
  await rename(tree, whole)
  await slots.place(whole, slot, { release: version, base: await releaseOf(base), before, patch: sha256 })
  await removeTree(unpacked)
  return succeeded(`release ${version} is whole in slot ${slot}`)
}

async function whyNoRelease(tree: string, version: string): Promise<string | null> {
  const release = await ifThere(releaseOf(tree))
  if (release === null) return `has nothing in usr/lib/${AGENT_PACKAGE} that says which release it is`
  if (release !== version) return `says that it is ${version}, and the agent in it that it is ${release}`
  const launcher = await ifThere(stat(launcherOf(tree)))
  const starts = launcher?.isFile() === true && (launcher.mode & EXECUTABLE) !== 0
  return starts ? null : 'has no program that starts the agent'
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = (await ifThere(readdir(folder, { recursive: true, withFileTypes: true }))) ?? []
  let bytes = 0
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await ifThere(stat(path.join(entry.parentPath, entry.name))))?.size ?? 0
  }
  return bytes
}

/** Of a release that is tried, that it is here is not enough: it is kept when the updater has heard that it was seen. */
async function verify(own: OwnRelease, { publication: { version, sha256 } }: InstallTask): Promise<Outcome> {
  if (own.release === version) {
    if (own.isTried) return own.say({ word: 'seen' })
    return succeeded(`release ${version} of the agent runs`)
  }
  const trial = await own.slots.trial()
  const why = trial?.patch === sha256 ? trial.wentBack : null
  return failed(why ?? `release ${own.release} of the agent runs, and not ${version}`)
}

async function revert(own: OwnRelease, { publication: { version } }: InstallTask): Promise<Outcome> {
  if (own.release !== version) return succeeded(`release ${own.release} of the agent runs, as before`)
  if (own.isTried) return own.say({ word: 'gave-up', reason: 'asked to be taken back' })
  const current = await own.slots.current()
  const label = current === null ? null : await own.slots.label(current)
  if (label === null) return failed(`release ${version} was installed by hand, and nobody knows what was before`)
  const { before } = label
  if (before !== null && (await own.slots.label(before)) === null)
    return failed(`release ${version} stays, since the release before is not whole in slot ${before} any more`)
  await own.slots.switchTo(before)
  return own.restart()
}
