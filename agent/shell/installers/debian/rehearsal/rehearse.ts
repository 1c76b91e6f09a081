/**
 * Whether dpkg would take a package without harm, found out before anything changes: each question has a file of its
 * own and answers with a sentence that says what stands against it and what to do, or with null. They are asked in this
 * order, so that a person reads the reason that comes first. What can be kept is kept, and told with the outcome.
 */
import type { InstallTask, Outcome } from '../../installer.ts'
import { failed, failedForNow } from '../../outcomes.ts'
import { packageName } from '../dpkg-database.ts'
import { explainFailure } from '../dpkg-run.ts'
import { rememberExpected } from '../expected-entries.ts'
import { notePlaces } from '../half-unpacked.ts'
import { canItBeWritten } from './can-it-be-written.ts'
import { whatIsLost, whatStays } from './configuration-files.ts'
import { dryRun } from './dry-run.ts'
import { isItHeld } from './is-it-held.ts'
import { isThereRoom } from './is-there-room.ts'
import type { Remark } from './remarks.ts'
import { lookAtSituation, type PackageFacts, readFacts, type Situation } from './situation.ts'
import { whatNobodyAnswers } from './unanswered-questions.ts'
import { whatDpkgWasTold, whatIsSaidOfOptions } from './what-dpkg-was-told.ts'
import { whatLiesInTheWay } from './what-lies-in-the-way.ts'
import { whichPackagesWouldGo } from './which-packages-would-go.ts'
import { whoHoldsTheLock } from './who-holds-the-lock.ts'

/** In the order in which a person would ask them: what was decided before, what dpkg says, what lies there, what fits. */
const QUESTIONS: readonly ((situation: Situation) => Promise<string | null>)[] = [
  isItHeld,
  whatDpkgWasTold,
  whatIsLost,
  whatLiesInTheWay,
  canItBeWritten,
  isThereRoom,
]

/** `remarks` are told with the outcome of an install that nothing stood against. */
export type Rehearsal = { readonly obstacle: Outcome | null; readonly remarks: readonly Remark[] }

export async function rehearse(task: InstallTask, packageFile: string): Promise<Rehearsal> {
  const busy = await whoHoldsTheLock(task.root)
  if (busy !== null) return { obstacle: failedForNow(busy), remarks: [] }
  const facts = await readFacts(task, packageFile)
  const other = whyAnotherPackage(facts)
  if (other !== null) return { obstacle: failed(other), remarks: [] }
  const [situation, { refusal, said }] = await Promise.all([lookAtSituation(facts), dryRun(facts)])
  if (refusal !== null) {
    // What dpkg counts while it reads its database ends without a line feed.
    const output = `${refusal.text}\n${refusal.complaint}`.trimStart()
    return { obstacle: explainFailure({ how: 'exited', status: refusal.status, output }), remarks: [] }
  }
  const harm = (await firstAnswer(QUESTIONS, situation)) ?? (await whichPackagesWouldGo(situation, said))
  if (harm !== null) return { obstacle: failed(harm), remarks: [] }
  await rememberExpected(task.scratch, situation)
  await notePlaces(task.scratch, situation)
  const remarks = [
    ...(await whatStays(situation)),
    ...whatIsSaidOfOptions(situation),
    ...(await whatNobodyAnswers(situation)),
  ]
  return { obstacle: null, remarks }
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
