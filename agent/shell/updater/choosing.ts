/**
 * Which release runs: asked by the base, the release that was installed by hand, each time when the agent is started. It is
 * the one in the slot that the link names, unless somebody has installed another base since; and a trial that was cut
 * off is gone back from. Whatever is wrong with the slots, some release is started: the base is always there.
 */
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isBug } from '../../../protocol/assert.ts'
import { CUT_OFF } from '../../core/install/policies/trial.ts'
import { causes } from '../causes.ts'
import { AGENT } from '../config/agent-config.ts'
import { configFileOf } from '../config/places.ts'
import { endAtOnce, isAlive } from '../installers/process-tree.ts'
import { become, isTried, launcherOf, ownTrees, ownWords, releaseOf } from './becoming.ts'
import { ReleaseSlots, type Trial } from './release-slots.ts'

export type Warn = (line: string) => void

/** Becomes the release that is to run, where that is not the one that asks. */
export async function becomeChosen(data: string, warn: Warn): Promise<void> {
  const trees = ownTrees()
  if (trees === null || isTried() || trees.home !== trees.base) return
  const tree = await chosenTree(data, trees.base, warn)
  if (tree === null) return
  try {
    become(tree, ['agent', ...ownWords()])
  } catch (error) {
    warn(`the release in ${tree} cannot be started, so the one that was installed by hand runs: ${causes(error)}`)
  }
}

/**
 * The same for a command that asks the agent: both are of one release then. It changes nothing, and from a folder that
 * belongs to somebody else nothing is run: who looks into it does not yet trust what is there.
 */
export async function becomeRunning(args: readonly string[]): Promise<void> {
  const trees = ownTrees()
  if (trees === null || trees.home !== trees.base) return
  const { values } = parseArgs({ args: args.slice(1), options: { data: { type: 'string' } }, strict: false })
  const data = typeof values.data === 'string' ? values.data : await dataFolderIn(configFileOf(AGENT))
  if (data === null) return
  const slots = new ReleaseSlots(path.resolve(data))
  try {
    if ((await stat(data)).uid !== process.geteuid?.()) return
    const current = await slots.current()
    const label = current === null ? null : await slots.label(current)
    if (current === null || label?.base !== (await releaseOf(trees.base))) return
    become(slots.treeOf(current), args)
  } catch (error) {
    // Who may not look, or finds something else there, is told so by the command itself.
    if (isBug(error)) throw error
  }
}

/** Null for the base itself. */
async function chosenTree(data: string, base: string, warn: Warn): Promise<string | null> {
  const slots = new ReleaseSlots(data)
  if (!existsSync(slots.folder)) return null
  try {
    await endCutOff(slots)
  } catch (error) {
    if (error instanceof UpdaterAtWork) throw error
    warn(`what the updater has noted is of no use: ${causes(error)}`)
  }
  try {
    const current = await slots.current()
    if (current === null) return null
    const label = await slots.label(current)
    const tree = slots.treeOf(current)
    if (label === null || !existsSync(launcherOf(tree))) {
      warn(`${tree} holds no whole release, so the one that was installed by hand runs`)
      return null
    }
    const release = await releaseOf(base)
    if (label.base === release) return tree
    warn(`release ${release} was installed by hand, so it runs in place of ${label.release}`)
    await slots.switchTo(null)
  } catch (error) {
    warn(`cannot tell which release is to run, so the one that was installed by hand does: ${causes(error)}`)
  }
  return null
}

class UpdaterAtWork extends Error {}

/** Nothing of it runs any more when this returns, and that it was gone back from is noted. */
async function endCutOff(slots: ReleaseSlots): Promise<void> {
  const trial = await slots.trial()
  if (trial === null || !(await slots.isUnderWay(trial))) return
  if (isTriedNow(trial))
    throw new UpdaterAtWork(
      `another agent is running on the data folder: its updater tries release ${trial.release}. Wait until that has ended.`,
    )
  if (trial.tried !== null) await endAtOnce(trial.tried)
  await slots.note({ ...trial, wentBack: `release ${trial.release} was not kept: ${CUT_OFF}` })
}

/** By a process that is not this one, which has been the updater itself. */
function isTriedNow({ updater }: Trial): boolean {
  return updater !== null && updater.pid !== process.pid && isAlive(updater)
}

/** The data folder that a configuration names, also one in which this release does not know every word. */
export async function dataFolderIn(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null
  try {
    const { parseDocument } = await import('../config/yaml-parts.ts')
    const data: unknown = parseDocument(await readFile(file, 'utf8'), { prettyErrors: false }).get('data')
    return typeof data === 'string' && data !== '' ? data : null
  } catch (error) {
    // Whoever reads it as a configuration says what is wrong with it.
    if (isBug(error)) throw error
    return null
  }
}
