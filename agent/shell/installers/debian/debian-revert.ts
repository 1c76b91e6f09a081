/**
 * Goes back from a Debian package to what was there before, with dpkg's own means and as far as they reach; then lets
 * dpkg configure whoever was in order before and is not now, processes triggers again that failed, and puts back
 * configuration files and a hold. Whether going back has worked is judged at the end, from dpkg's database, never from
 * what a command returned. A failure says what is there now and what to do; one that may pass is for now, and the record
 * of what was before is kept until it is back.
 */
import { isBug } from '../../../../protocol/assert.ts'
import { causes } from '../../causes.ts'
import { type Before, forgetBefore, recordLeft, whatWasBefore } from '../before.ts'
import type { InstallTask, Outcome } from '../installer.ts'
import { failed, failedForNow, succeeded } from '../outcomes.ts'
import { endLeftPrograms, settleProgram } from '../program-record.ts'
import type { ProgramEnd } from '../run-program.ts'
import { auditDatabase, newFindings } from './dpkg-audit.ts'
import { shippedConffiles } from './dpkg-conffiles.ts'
import { allPackageStates, packageName, patchedPackage, wasInterrupted } from './dpkg-database.ts'
import { runDpkg } from './dpkg-run.ts'
import { earlierPackage } from './earlier-package.ts'
import { processTriggersAgain } from './failed-triggers.ts'
import { describeReturn, goBack, isAsBefore } from './going-back.ts'
import { clearHalfUnpacked } from './half-unpacked.ts'
import { restoreConffiles, type Unlike } from './kept-conffiles.ts'
import { whatIsLeft } from './left-standing.ts'
import { canBeConfigured, describeState, isInOrder } from './package-state.ts'
import { putSelectionBack } from './selections.ts'
import { restoreLists, restoreTaken } from './taken-files.ts'
import { standingOf } from './what-was-before.ts'

/** What may pass: somebody frees room on the disk, and a script that somebody killed is not killed again. */
const PASSING =
  /No space left on device|Disk quota exceeded|Cannot allocate memory|script subprocess was killed by signal \((Killed|Terminated)\)/

/** What the machine is in the way of (a disk, a process that does not end) may pass: the way goes on from what is there. */
export async function revertDebianPackage(task: InstallTask): Promise<Outcome> {
  try {
    return await goAllTheWay(task)
  } catch (error) {
    if (isBug(error)) throw error
    return failedForNow(`the way back was interrupted: ${causes(error)}`)
  }
}

async function goAllTheWay(task: InstallTask): Promise<Outcome> {
  const { publication, scratch } = task
  const name = packageName(publication)
  await settleProgram(scratch, publication.manifest.install.timeoutSeconds)
  await endLeftPrograms(scratch)
  const before = await whatWasBefore(scratch)
  if (before === null) return succeeded('nothing of the patch is left to put back')
  const state = await patchedPackage(task)
  if (isInOrder(state) && ![before.installedVersion, publication.version].includes(state.version)) {
    await recordLeft(scratch, before, standingOf(state))
    return failed(
      `${describeState(name, state)}, which is neither the patch nor what was there before it: somebody installed it meanwhile, and it stays`,
    )
  }
  const runs = new Runs(task)
  const shipped = await shippedConffiles(task.root, state)
  const obstacle = isAsBefore(state, before) ? null : await goBack(task, before, state, runs.run)
  if (obstacle === null || !isForNow(obstacle, runs)) await mendOthers(task, before, name, runs)
  const unlike = await restoreConffiles(task.root, scratch, before.files, shipped)
  await restoreTaken(task.root, scratch, before.taken.entries)
  await putSelectionBack(task, before.package)
  return judge(task, before, { obstacle, unlike, runs })
}

type Gone = { readonly obstacle: Outcome | null; readonly unlike: Unlike; readonly runs: Runs }

async function judge(task: InstallTask, before: Before, { obstacle, unlike, runs }: Gone): Promise<Outcome> {
  const { root, scratch, publication } = task
  const name = packageName(publication)
  const state = await patchedPackage(task)
  const broken = newFindings(before.audit, await auditDatabase(root))
  if (isAsBefore(state, before)) {
    await clearHalfUnpacked(task)
    await restoreLists(root, scratch, before.taken.lists)
  }
  if (isAsBefore(state, before) && broken.length === 0) {
    await forgetBefore(scratch)
    const { changed } = unlike
    const word = changed.length === 0 ? '' : `; changed meanwhile by somebody, and left so: ${changed.join(', ')}`
    return succeeded(`${name} ${describeReturn(state, before, unlike)}${word}`, runs.output)
  }
  await recordLeft(scratch, before, standingOf(state))
  const version = before.installedVersion
  const architecture = before.package?.architecture ?? ''
  const earlier = version === null ? null : await earlierPackage(task, { name, version, architecture })
  const why = obstacle?.reason ?? `${name} could not be brought back whole`
  const reason = `${why}; ${whatIsLeft(task, before, { state, broken, earlier })}`
  const failedSo = obstacle !== null && isForNow(obstacle, runs) ? failedForNow : failed
  return failedSo(reason, runs.output)
}

/** Whoever was in order before and is not now is configured; the package itself only by the way back. */
async function mendOthers(task: InstallTask, before: Before, name: string, runs: Runs): Promise<void> {
  const { root } = task
  const broken = newFindings(before.audit, await auditDatabase(root)).map(({ package: found }) => found)
  const others = (await allPackageStates(root))
    .filter((state) => state.name !== name && canBeConfigured(state))
    .map(({ name: other, architecture }) => [other, `${other}:${architecture}`])
    .flatMap(([other = '', full = '']) => broken.filter((found) => found === other || found === full))
  if (others.length > 0) {
    await runs.run('--configure', ...others)
    await processTriggersAgain(task, others, runs.run)
    // Merges what an interrupted dpkg has left, and configures nothing of others.
  } else if (await wasInterrupted(root)) await runs.run('--set-selections')
}

/** A lock, a full disk, or a dpkg or a script of it that was killed: the same steps may work later. */
function isForNow(obstacle: Outcome, { last }: Runs): boolean {
  return obstacle.temporary || last?.how === 'signalled' || PASSING.test(obstacle.reason)
}

/** The runs of dpkg of one revert. */
class Runs {
  last: ProgramEnd | null = null
  output = ''
  readonly #task: InstallTask

  constructor(task: InstallTask) {
    this.#task = task
  }

  readonly run = async (...words: string[]): Promise<ProgramEnd> => {
    const end = await runDpkg(this.#task, words)
    this.last = end
    if (end.output !== '') this.output = end.output
    return end
  }
}
