/**
 * Runs dpkg where it changes the appliance, and puts its end into words. A lock that another dpkg or apt holds is the
 * one failure that may pass by itself.
 */

import type { InstallTask, Outcome } from '../installer.ts'
import { failed, failedForNow } from '../outcomes.ts'
import { describeEnd, type ProgramEnd, runProgram } from '../run-program.ts'
import { isLocked, reasonOf } from './dpkg-complaint.ts'
import { rootOptions } from './dpkg-database.ts'

/**
 * The only thing that is ever forced: a configuration file that the administrator changed, wrote or deleted stays so,
 * and what the package brings is put beside it. Without it dpkg asks, gets no answer, and leaves the package half done.
 */
const KEEP_CONFIGURATION = ['--force-confdef', '--force-confold']

/** `input` is a file that dpkg reads; nothing where it is left out. */
export function runDpkg(
  { root, scratch, publication }: InstallTask,
  words: readonly string[],
  input?: string,
): Promise<ProgramEnd> {
  return runProgram({
    program: 'dpkg',
    words: [...rootOptions(root, scratch), ...KEEP_CONFIGURATION, ...words],
    ...(input === undefined ? {} : { input }),
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
  if (end.how === 'exited' && isLocked(end)) return failedForNow('another program holds the lock of dpkg', end.output)
  const reason = reasonOf(end.output)
  return failed(`dpkg ${describeEnd(end)}${reason === null ? '' : `: ${reason}`}`, end.output)
}
