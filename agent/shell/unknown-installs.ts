/**
 * What an install left of which the ledger knows nothing: the ledger was lost, or is an older one. Its program may still be
 * at work, and nobody but its note in the working folder knows of it. The agent speaks to nobody until it has ended, so
 * that no other member of its pair begins beside it; what is there then is detected like anything else.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Sha256 } from '../../protocol/identifiers.ts'
import { DamagedFile } from './damaged-file.ts'
import { ifThere } from './if-there.ts'
import { settleProgram, workingProgram } from './installers/program-record.ts'
import type { WarningLog } from './scratch.ts'

/** Its manifest says how long it may take, and is not known any more. */
const ENDS_WITHIN_SECONDS = 3600

/** `folder` is that of the working folders, one for each patch. */
export async function awaitUnknownInstalls(
  folder: string,
  isOrdered: (patch: Sha256) => boolean,
  log: WarningLog,
): Promise<void> {
  for (const name of (await ifThere(readdir(folder))) ?? []) {
    const patch = Sha256.safeParse(name)
    if (!patch.success || isOrdered(patch.data)) continue
    try {
      if ((await workingProgram(join(folder, name))) === null) continue
      log.warn(
        { patch: patch.data },
        'a program of an install that the ledger does not know is at work: the agent waits until it has ended',
      )
      await settleProgram(join(folder, name), ENDS_WITHIN_SECONDS)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      log.warn({ err: error, patch: patch.data }, error.message)
    }
  }
}

/** The same of a hook that its operator has named for a switchover: nobody is told that this appliance serves while it runs. */
export async function awaitUnknownHook(hooks: { settle(): Promise<void> }, log: WarningLog): Promise<void> {
  try {
    await hooks.settle()
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error
    log.warn({ err: error }, error.message)
  }
}
