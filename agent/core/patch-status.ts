/**
 * How far an appliance has come with each patch that it knows, as it tells a person before it: how much of the copy is
 * here and proven, what is missing and why, and what was found installed.
 */
import { z } from 'zod'
import { isWanted } from './following.ts'
import { isGivenUp, type Replica, storedBytes } from './replica.ts'
import type { AgentState } from './state.ts'

export const PatchStatus = z.strictObject({
  id: z.string(),
  title: z.string(),
  bytes: z.int(),
  /** Verified pieces on its disk. */
  bytesHere: z.int(),
  state: z.enum(['replicated', 'transferring', 'verifying', 'waiting', 'not wanted', 'withdrawn']),
  reason: z.string(),
  /** What was wrong with a copy that was whole before; empty for one that is right. */
  wrong: z.string(),
  /** When the copy was read and found right last. */
  provenAt: z.iso.datetime().nullable(),
  found: z.enum(['applicable', 'installed', 'notApplicable', 'unknown']),
  installedVersion: z.string().nullable(),
  foundReason: z.string(),
})
export type PatchStatus = z.infer<typeof PatchStatus>

/** While no agent runs nobody has opened the store, so a copy is what the ledger says of it. */
export function patchStatuses(state: AgentState, running: boolean): PatchStatus[] {
  return [...state.replicas.values()].map((replica): PatchStatus => {
    const { sha256, name, version, bytes } = replica.publication
    const provenAt = state.proven.get(sha256) ?? 0
    const found = state.found.get(sha256)
    return {
      ...{ id: sha256, title: `${name} ${version}`, bytes, wrong: replica.wrong },
      ...(running ? whileRunning(replica) : whileStopped(state, replica)),
      provenAt: provenAt === 0 ? null : new Date(provenAt).toISOString(),
      found: found?.result ?? 'unknown',
      installedVersion: found?.installedVersion ?? null,
      foundReason: found?.reason ?? 'nobody has looked yet',
    }
  })
}

type Copy = Pick<PatchStatus, 'state' | 'reason' | 'bytesHere'>

function whileRunning(replica: Replica): Copy {
  const { phase, publication } = replica
  const bytesHere = storedBytes(replica)
  switch (phase.name) {
    case 'held':
      return { state: 'replicated', reason: '', bytesHere }
    case 'verifying':
      return { state: 'verifying', reason: 'the whole file is read again', bytesHere }
    case 'opening':
      return { state: 'transferring', reason: 'looks which pieces are here already', bytesHere }
    case 'transferring':
      return { state: 'transferring', reason: `has ${bytesHere} of ${publication.bytes} bytes`, bytesHere }
    case 'waiting':
    case 'blocked':
      return { state: 'waiting', reason: phase.reason, bytesHere }
    case 'described':
      return { ...NOT_WANTED, bytesHere }
    case 'discarding':
      return isGivenUp(replica)
        ? { state: 'withdrawn', reason: 'its file is deleted', bytesHere }
        : { state: 'waiting', reason: 'it was published again, and its former file is deleted first', bytesHere }
  }
}

const NOT_WANTED = { state: 'not wanted', reason: 'it is copied when an order asks for it' } as const

function whileStopped(state: AgentState, { publication: { sha256, bytes } }: Replica): Copy {
  if (state.proven.has(sha256)) return { state: 'replicated', reason: 'as the ledger says', bytesHere: bytes }
  if (!isWanted(state, sha256)) return { ...NOT_WANTED, bytesHere: 0 }
  return { state: 'waiting', reason: 'no proven copy was here when the agent ended', bytesHere: 0 }
}
