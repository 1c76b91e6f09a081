/**
 * Runs dpkg where it changes the appliance, and puts its end into words. A lock that another dpkg or apt holds is the
 * one failure that may pass by itself.
 */

import type { InstallTask, Outcome } from '../installer.ts'
import { failed, failedForNow } from '../outcomes.ts'
import { describeEnd, type ProgramEnd, runProgram } from '../run-program.ts'
import { rootOptions } from './dpkg-database.ts'

/** What dpkg says, in the locale that it is run in, of the lock of its frontend and of its database. */
const LOCKED = /lock (was|is) (already )?locked by another process|database is locked by another process/

export function runDpkg({ root, scratch, publication }: InstallTask, words: readonly string[]): Promise<ProgramEnd> {
  return runProgram({
    program: 'dpkg',
    words: [...rootOptions(root, scratch), ...words],
    workingFolder: '/',
    scratch,
    timeoutSeconds: publication.manifest.install.timeoutSeconds,
  })
}

/** Null when dpkg ended well. */
export function dpkgFailure(end: ProgramEnd): Outcome | null {
  return end.how === 'exited' && end.status === 0 ? null : explainFailure(end)
}

export function explainFailure(end: ProgramEnd): Outcome {
  if (LOCKED.test(end.output)) return failedForNow('another program holds the lock of dpkg', end.output)
  const complaint = end.output.split('\n').find((line) => line.startsWith('dpkg: '))
  const words = complaint === undefined ? '' : `: ${complaint.slice('dpkg: '.length)}`
  return failed(`dpkg ${describeEnd(end)}${words}`, end.output)
}
