/**
 * Whether dpkg would take a package without harm, found out before anything changes: each question has a file of its
 * own and answers with a sentence that says what stands against it and what to do, or with null. They are asked in this
 * order, so that a person reads the reason that comes first. What can be kept is kept, and told with the outcome.
 */
import type { InstallTask, Outcome } from '../../installer.ts'
import { failed, failedForNow } from '../../outcomes.ts'
import { packageName } from '../dpkg-database.ts'
import { explainFailure } from '../dpkg-run.ts'
import { expectedOf } from '../expected-entries.ts'
import { notePlaces } from '../half-unpacked.ts'
import type { PackageState } from '../package-state.ts'
import { takenOf } from '../taken-files.ts'
import { canItBeWritten } from './can-it-be-written.ts'
import { whatIsLost, whatStays } from './configuration-files.ts'
import { rehearseConfiguring, rehearseUnpacking } from './dry-run.ts'
import { rememberFindings } from './findings.ts'
import { isItHeld } from './is-it-held.ts'
import { isThereRoom } from './is-there-room.ts'
import { lookAtSituation, type PackageFacts, readFacts, type Situation } from './situation.ts'
import { whatNobodyAnswers } from './unanswered-questions.ts'
import { whatDpkgFindsTooLate } from './what-dpkg-finds-too-late.ts'
import { whatDpkgWasTold, whatIsSaidOfOptions } from './what-dpkg-was-told.ts'
import { whatDpkgWouldDelete } from './what-dpkg-would-delete.ts'
import { whatLiesInTheWay } from './what-lies-in-the-way.ts'
import { whichPackagesWouldGo } from './which-packages-would-go.ts'
import { whoHoldsTheLock } from './who-holds-the-lock.ts'

/** In the order in which a person would ask them: what was decided before, what dpkg says, what lies there, what fits. */
const QUESTIONS: readonly ((situation: Situation) => Promise<string | null>)[] = [
  isItHeld,
  whatDpkgWasTold,
  whatDpkgFindsTooLate,
  whatIsLost,
  whatLiesInTheWay,
  whatDpkgWouldDelete,
  canItBeWritten,
  isThereRoom,
]

/** What stands against it; null where nothing does, and then what was found is in the scratch folder (findings.ts). */
export async function rehearse(
  task: InstallTask,
  packageFile: string,
  state: PackageState | null,
): Promise<Outcome | null> {
  const busy = await whoHoldsTheLock(task.root)
  if (busy !== null) return failedForNow(busy)
  const [facts, unpacking] = await Promise.all([readFacts(task, packageFile), rehearseUnpacking(task, packageFile)])
  const other = whyAnotherPackage(facts)
  if (other !== null) return failed(other)
  const [situation, configuring] = await Promise.all([lookAtSituation(facts, state), rehearseConfiguring(facts)])
  const refusal = [unpacking, configuring].find(({ status }) => status !== 0)
  if (refusal !== undefined) {
    // What dpkg counts while it reads its database ends without a line feed.
    const output = `${refusal.text}\n${refusal.complaint}`.trimStart()
    return explainFailure({ how: 'exited', status: refusal.status, output })
  }
  const harm =
    (await firstAnswer(QUESTIONS, situation)) ??
    (await whichPackagesWouldGo(situation, unpacking.text + unpacking.complaint))
  if (harm !== null) return failed(harm)
  await notePlaces(task.scratch, situation)
  const remarks = [
    ...(await whatStays(situation)),
    ...whatIsSaidOfOptions(situation),
    ...(await whatNobodyAnswers(situation)),
  ]
  const conffiles = situation.conffiles.map(({ path }) => path)
  const [expected, taken] = [expectedOf(situation), takenOf(situation)]
  await rememberFindings(task.scratch, { remarks, conffiles, expected, taken })
  return null
}

function whyAnotherPackage({ task, name, version }: PackageFacts): string | null {
  const { publication } = task
  const wanted = packageName(publication)
  if (name === wanted && version === publication.version) return null
  return `the package says that it is ${name} ${version}, not ${wanted} ${publication.version}`
}

async function firstAnswer(questions: typeof QUESTIONS, situation: Situation): Promise<string | null> {
  for (const question of questions) {
    const answer = await question(situation)
    if (answer !== null) return answer
  }
  return null
}
