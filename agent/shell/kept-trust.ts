/**
 * `DIR/trust`: the policy that the appliance holds and the newest installs that it took, beside what the ledger says of both
 * (core/held-policy.ts), so that no ledger which was put back makes an appliance go by less than it was told.
 */
import { join } from 'node:path'
import { takeKeptTrust } from '../core/held-policy.ts'
import type { AgentState } from '../core/state.ts'
import { DamagedFile, readKept } from './damaged-file.ts'
import { writeDurably } from './durable-file.ts'

const NAME = 'trust'
const IF_DAMAGED =
  'Restore it from a backup, or move it away and start again: the ledger says the same, if it is not an older one.'

export async function loadTrust(folder: string, state: AgentState): Promise<void> {
  const file = join(folder, NAME)
  const bytes = await readKept(file, IF_DAMAGED)
  const refusal = bytes === null ? null : takeKeptTrust(state, bytes)
  if (refusal !== null) throw new DamagedFile({ file, what: `is damaged: ${refusal.message}`, advice: IF_DAMAGED })
}

export function keepTrust(folder: string, bytes: Uint8Array): Promise<void> {
  return writeDurably(folder, NAME, bytes)
}
