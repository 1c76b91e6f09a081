/**
 * The status of an appliance on which no agent runs, from its ledger. A copy of that file is read, so that whatever is
 * found in it, and whoever starts the agent meanwhile, the file itself is as it was.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../../protocol/random.ts'
import { reopen } from '../../../protocol/trust/envelope.ts'
import { Roster } from '../../../protocol/trust/statements.ts'
import { readLedger } from '../../core/ledger.ts'
import { DEFAULT_SETTINGS, GREETS_NOBODY, newAgent } from '../../core/state.ts'
import { type ApplianceStatus, applianceStatus } from '../../core/status.ts'
import { loadEnrollment, loadIdentity } from '../kept-membership.ts'
import { ledgerFile, openLedger, readingLedger } from '../ledger-file.ts'

/** Null for a folder of no member. Throws an `Error` with a sentence where a file of it is damaged. */
export async function storedStatus(folder: string): Promise<ApplianceStatus | null> {
  const enrollment = await loadEnrollment(folder, null)
  if (enrollment === null) return null
  const { identity } = await loadIdentity(folder)
  const { root, membership, dial, roster } = enrollment
  const settings = DEFAULT_SETTINGS
  const state = newAgent({ identity, root, random: seededRandom(0), life: GREETS_NOBODY, settings, membership, dial })
  state.roster = reopen(Roster, roster, [root])
  const copy = await mkdtemp(join(tmpdir(), 'patchmesh-status-'))
  try {
    const entries = await entriesOf(folder, copy)
    readingLedger(folder, () => readLedger(state, entries))
    return applianceStatus(state, false)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function entriesOf(folder: string, copy: string): Promise<Map<string, Uint8Array>> {
  const [from, to] = [ledgerFile(folder).path, ledgerFile(copy).path]
  for (const end of ['', '-wal']) await copyIfThere(`${from}${end}`, `${to}${end}`)
  try {
    const ledger = openLedger(copy)
    try {
      return ledger.read()
    } finally {
      ledger.close()
    }
  } catch (error) {
    // What is wrong with the copy is wrong with the file that it was made of.
    throw new Error((error as Error).message.replaceAll(to, from), { cause: error })
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
