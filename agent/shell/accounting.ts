/**
 * What an appliance says of itself when the Service Center asks: its release, its store, and the last lines of its log.
 * The account is signed, and names the question, so that a depot can neither forge one nor show an old one again.
 */
import { statfsSync } from 'node:fs'
import product from '../../package.json' with { type: 'json' }
import { Account } from '../../protocol/account.ts'
import { type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import type { Inquiry } from '../../protocol/messages.ts'
import { type Envelope, seal } from '../../protocol/trust/envelope.ts'
import type { Machine } from '../core/machine.ts'
import { storedBytes } from '../core/replica.ts'
import type { AgentState } from '../core/state.ts'
import type { RecentLines } from './log.ts'
import type { Answering } from './network/inquiries.ts'
import { toldLog } from './told-log.ts'

export const AGENT_VERSION = product.version

export function answering(state: AgentState, { folder, recent }: { folder: string; recent: RecentLines }): Answering {
  return {
    self: state.identity.peer,
    mayAsk: (peer) => mayAsk(state, peer),
    account: async (inquiry) => account(state, inquiry, { folder, recent }),
  }
}

function machineTold(machine: Machine | null): Account['machine'] {
  if (machine === null) return null
  const { architectures, bootId, restartDue, rooms } = machine
  return {
    architectures: [...architectures],
    bootId,
    restartDue: restartDue === null ? null : { sinceMs: restartDue.sinceMs, wantedBy: [...restartDue.wantedBy] },
    rooms: rooms.map((room) => ({ ...room })),
  }
}

/** The Service Center; and where it cannot reach, who carries its words: the depot of this Data Center. */
function mayAsk({ membership, roster }: AgentState, peer: PeerId): boolean {
  if (membership === null) return false
  if (membership.kind === SERVICE_PROVIDER) return peer === membership.serviceCenter
  return roster?.members.some((member) => member.peer === peer && member.kind === SERVICE_PROVIDER) ?? false
}

function account(
  state: AgentState,
  { nonce, log }: Inquiry,
  { folder, recent }: { folder: string; recent: RecentLines },
): Envelope {
  const { bavail, bsize } = statfsSync(folder)
  const storeBytes = [...state.replicas.values()].reduce((sum, replica) => sum + storedBytes(replica), 0)
  return seal(
    Account,
    {
      from: state.identity.peer,
      nonce,
      agentVersion: AGENT_VERSION,
      storeBytes,
      freeBytes: bavail * bsize,
      machine: machineTold(state.machine),
      log: log ? toldLog(state, recent.text()) : '',
      toldAt: Date.now(),
    },
    state.identity,
  )
}
