/**
 * How far the copy on a Service Provider appliance is and how it gets on: from whom it takes pieces, how fast, and how
 * long it will take. What an appliance told counts only while it can be reached and says that pieces arrive.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { CopyState } from '../../protocol/messages.ts'
import type { ApplianceRecord } from './records.ts'
import { copyOf, isReplicated } from './replications.ts'
import type { ServiceCenterState } from './state.ts'

export type ApplianceCopy = {
  name: string
  organization: string
  dataCenter: string
  kind: string
  role: string
  state: CopyState
  bytes: number
  reason: string
  bytesLeft: number
  bytesPerSecond: number
  /** Who sends it pieces now, by name. */
  sources: string[]
  /** 0 for a complete copy; null where nobody can tell. */
  secondsLeft: number | null
  /** When its holder had read all of it and found it right, the last time; null for one that does not count. */
  provenAt: string | null
  /** When it was proven again after it had not been right, and what had been wrong, the last time; null if it never was. */
  mended: { at: string; reason: string } | null
}

export function applianceCopy(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): ApplianceCopy {
  const { name, organization, dataCenter, kind, role } = appliance
  const { state: copyState, bytes, reason } = copyOf(state, patch, appliance)
  const { bytesPerSecond, sources } = incoming(state, patch, appliance)
  const bytesLeft = Math.max(0, (state.patches.get(patch)?.publication.bytes ?? 0) - bytes)
  return {
    ...{ name, organization, dataCenter, kind, role, state: copyState, bytes, reason, bytesLeft, bytesPerSecond },
    sources: sources.flatMap((peer) => nameOf(state, peer) ?? []),
    secondsLeft: secondsLeft(copyState, bytesLeft, bytesPerSecond),
    provenAt: provenAt(state, patch, appliance),
    mended: mended(state, patch, appliance),
  }
}

function provenAt(state: ServiceCenterState, patch: Sha256, appliance: ApplianceRecord): string | null {
  const receipt = state.receipts.get(patch)?.get(appliance.peer)
  if (receipt === undefined || !isReplicated(state, patch, appliance)) return null
  return new Date(receipt.verifiedAt).toISOString()
}

function mended({ receipts }: ServiceCenterState, patch: Sha256, { peer }: ApplianceRecord): ApplianceCopy['mended'] {
  const receipt = receipts.get(patch)?.get(peer)
  if (receipt === undefined || receipt.mendedAt === null) return null
  return { at: new Date(receipt.mendedAt).toISOString(), reason: receipt.mendedWrong }
}

/** What arrives at an appliance of one patch, and from whom. */
export function incoming(
  state: ServiceCenterState,
  patch: Sha256,
  appliance: ApplianceRecord,
): { bytesPerSecond: number; sources: readonly PeerId[] } {
  const told = state.progress.get(patch)?.get(appliance.peer)
  const arrives = told !== undefined && copyOf(state, patch, appliance).state === 'transferring'
  return arrives ? told : { bytesPerSecond: 0, sources: [] }
}

function secondsLeft(copyState: CopyState, bytesLeft: number, bytesPerSecond: number): number | null {
  if (copyState === 'replicated') return 0
  return copyState === 'transferring' && bytesPerSecond > 0 ? Math.ceil(bytesLeft / bytesPerSecond) : null
}

/** The Service Center, or an appliance of now. */
export function nameOf(state: ServiceCenterState, peer: PeerId): string | undefined {
  return peer === state.mesh ? 'Service Center' : state.appliances.get(peer)?.name
}
