/**
 * What people and scripts are shown of a Data Center and of the Service Center's uplink: the limits that patches keep to
 * there, whether quiet hours rest them now, and how much is still to come and arrives.
 */
import { z } from 'zod'
import { type DataCenterName, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import { clockTime, MINUTES_OF_A_DAY, type QuietHours, quietHoursAt } from '../../protocol/wan-limits.ts'
import { appliancesByPlace } from './census.ts'
import { applianceCopy, incoming } from './copies.ts'
import { livePatches } from './publishing.ts'
import type { ApplianceRecord, LimitsRecord } from './records.ts'
import { isReplicated, serviceProviderAppliances } from './replications.ts'
import { limitsOf, SERVICE_CENTER, type ServiceCenterState } from './state.ts'

/** The Service Center only sends, so nothing else of it can be limited. */
export type UplinkLimits = {
  /** On the wire; null for what the link carries. */
  upBitsPerSecond: number | null
  /** Each as `22:00-06:00`, in UTC. */
  quietHours: string[]
}
export type DataCenterLimits = UplinkLimits & {
  downBitsPerSecond: number | null
  /** Whether its Service Provider appliances may trade pieces with those of other Data Centers. */
  trades: boolean
}

export type UplinkView = { limits: UplinkLimits; quietUntil: string | null }
export type DataCenterView = {
  name: string
  appliances: number
  reachable: number
  limits: DataCenterLimits
  /** `06:00` in UTC while nothing is transferred over the WAN, otherwise null. */
  quietUntil: string | null
  /** Of all patches, on its Service Provider appliances together. */
  bytesLeft: number
  /** Of patches, from outside the Data Center. */
  wanBytesPerSecond: number
  /** Pieces of the patches that are there now, as its agents received them over the WAN since they started. */
  wanBytes: number
}

const QUIET_HOURS = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/
/** `22:00-06:00`; they may end on the next day, and `24:00` is midnight. */
export const QuietHoursText = z
  .string()
  .regex(QUIET_HOURS, 'is not written like 22:00-06:00')
  .refine((text) => {
    const { from, to } = readQuietHours(text)
    return from !== to
  }, 'begins and ends at the same minute')

/** `text` as QuietHoursText takes it. */
export function readQuietHours(text: string): QuietHours {
  const [, fromHour = 0, fromMinute = 0, toHour = 24, toMinute = 0] = QUIET_HOURS.exec(text) ?? []
  return {
    from: 60 * Number(fromHour) + Number(fromMinute),
    to: (60 * Number(toHour) + Number(toMinute)) % MINUTES_OF_A_DAY,
  }
}

function quietHoursText({ from, to }: QuietHours): string {
  return `${clockTime(from)}-${clockTime(to)}`
}

export function dataCenterLimits(state: ServiceCenterState, name: DataCenterName): DataCenterLimits {
  const { downBitsPerSecond, upBitsPerSecond, quietHours, trades } = limitsOf(state, name)
  return { downBitsPerSecond, upBitsPerSecond, quietHours: quietHours.map(quietHoursText), trades }
}

export function uplinkLimits(state: ServiceCenterState): UplinkLimits {
  const { upBitsPerSecond, quietHours } = limitsOf(state, SERVICE_CENTER)
  return { upBitsPerSecond, quietHours: quietHours.map(quietHoursText) }
}

export function uplinkView(state: ServiceCenterState): UplinkView {
  return { limits: uplinkLimits(state), quietUntil: quietUntil(state, SERVICE_CENTER) }
}

function quietUntil(state: ServiceCenterState, place: LimitsRecord['place']): string | null {
  const quiet = quietHoursAt(limitsOf(state, place), state.clock.wallMs)
  return quiet === null ? null : clockTime(quiet.to)
}

export function dataCenterViews(state: ServiceCenterState): DataCenterView[] {
  // What arrives at a Data Center names nobody, so whoever has appliances there may know.
  const transfers = transfersByDataCenter(state.whole ?? state)
  const members = Map.groupBy(appliancesByPlace(state), ({ dataCenter }) => dataCenter)
  return [...members].map(([name, appliances]) => {
    const { bytesLeft, fromOutside, wanBytes } = transfers.get(name) ?? NOTHING
    return {
      name,
      appliances: appliances.length,
      reachable: appliances.filter(({ peer }) => state.sessions.has(peer)).length,
      limits: dataCenterLimits(state, name),
      quietUntil: quietUntil(state, name),
      bytesLeft,
      wanBytesPerSecond: fromOutside,
      wanBytes,
    }
  })
}

/** Of live patches: bytes a second by where they come from, bytes still missing, and bytes that came over the WAN. */
export type Transfers = { bytesLeft: number; fromOutside: number; fromInside: number; wanBytes: number }
const NOTHING: Transfers = { bytesLeft: 0, fromOutside: 0, fromInside: 0, wanBytes: 0 }

export function transfersByDataCenter(state: ServiceCenterState): Map<DataCenterName, Transfers> {
  const byName = new Map<DataCenterName, Transfers>()
  const patches = livePatches(state)
  for (const depot of serviceProviderAppliances(state)) {
    const sum = byName.get(depot.dataCenter) ?? { ...NOTHING }
    byName.set(depot.dataCenter, sum)
    for (const { sha256 } of patches) add(sum, state, sha256, depot)
  }
  return byName
}

/** A copy that takes pieces from both sides counts as from outside: what it takes of the WAN is never shown too low. */
function add(sum: Transfers, state: ServiceCenterState, patch: Sha256, depot: ApplianceRecord): void {
  sum.wanBytes += state.progress.get(patch)?.get(depot.peer)?.wanBytes ?? 0
  sum.wanBytes += state.wanBytesBefore.get(patch)?.get(depot.peer) ?? 0
  if (isReplicated(state, patch, depot)) return
  const { bytesLeft } = applianceCopy(state, patch, depot)
  const { bytesPerSecond, sources } = incoming(state, patch, depot)
  sum.bytesLeft += bytesLeft
  if (sources.every((peer) => isDepotOf(state.appliances.get(peer), depot))) sum.fromInside += bytesPerSecond
  else sum.fromOutside += bytesPerSecond
}

function isDepotOf(source: ApplianceRecord | undefined, { dataCenter }: ApplianceRecord): boolean {
  return source?.kind === SERVICE_PROVIDER && source.dataCenter === dataCenter
}
