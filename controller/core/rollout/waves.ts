/**
 * How wide an install goes: first one pair alone, the canary; then one Data Center; then two, four and eight at once, as
 * more have ended well and stood. Nothing but success widens it, and nothing but orders that are out holds a place: whoever is absent
 * or held keeps nobody waiting, and joins when it is there.
 */
import type { DataCenterName } from '../../../protocol/identifiers.ts'
import { groupKey } from '../census.ts'
import type { ApplianceRecord, InstallRecord } from '../records.ts'
import { groupsOf, hasBegun, hasEndedWell, isStanding, type Placed, stands } from './groups.ts'
import { isInFlight, isWaiting } from './ongoing.ts'

const WIDEST = 8
const FIRST_WAVE = 1

/** Where an install is. It changes while a plan is made: whoever begins takes a place. */
export type Waves = {
  /** By group, each that has begun and is not at its end: a member of it. */
  readonly groups: Map<string, ApplianceRecord>
  /** Data Centers that are at it, each with one of those members. */
  readonly dataCenters: Map<DataCenterName, ApplianceRecord>
  /** Data Centers in which somebody has the patch and has to stand with it first, each with when the last of them got it. */
  readonly standing: ReadonlyMap<DataCenterName, number>
  /** Groups that have begun, at their end or not. */
  readonly begun: ReadonlySet<string>
  /** Whether a group has ended well and stood, so that the canary is over. */
  readonly isProven: boolean
  /** How many Data Centers may be at it at once. */
  readonly width: number
  /** Whether the Data Center of the first pair has others. */
  readonly hasRest: boolean
}

/** Before anything is known. */
export const NO_WAVES: Waves = {
  ...{ groups: new Map(), dataCenters: new Map(), standing: new Map(), begun: new Set(), isProven: false, width: 1 },
  hasRest: false,
}

/** `isAbsent` says who is not waited for. */
export function wavesOf<Member extends Placed>(
  install: Pick<InstallRecord, 'waveSoakSeconds'>,
  members: readonly Member[],
  isAbsent: (member: Member) => boolean,
): Waves {
  const groups: Waves['groups'] = new Map()
  const dataCenters: Waves['dataCenters'] = new Map()
  const standing = new Map<DataCenterName, number>()
  const begun = new Set<string>()
  const well = new Set<DataCenterName>()
  const unfinished = new Set<DataCenterName>()
  const all = groupsOf(members)
  for (const group of all) {
    const [first] = group
    if (first === undefined) continue
    const { dataCenter } = first.appliance
    const next = group.find((member) => isWaiting(member.target) && !isAbsent(member))
    const atIt = group.find(isAtIt) ?? (hasBegun(group) ? next : undefined)
    if (hasBegun(group)) begun.add(groupKey(first.appliance))
    if (atIt !== undefined) {
      groups.set(groupKey(atIt.appliance), atIt.appliance)
      dataCenters.set(dataCenter, atIt.appliance)
    }
    const waits = hasEndedWell(group) && (stands(group, install) || companionsStand(group, install))
    if (waits) standing.set(dataCenter, Math.max(standing.get(dataCenter) ?? 0, ...group.map(gotItAt)))
    if (hasEndedWell(group) && !waits) well.add(dataCenter)
    if (atIt !== undefined || next !== undefined || waits) unfinished.add(dataCenter)
  }
  const finished = [...well].filter((dataCenter) => !unfinished.has(dataCenter)).length
  const hasRest = othersBeside(all, all.find(isFirst))
  return { groups, dataCenters, standing, begun, isProven: well.size > 0, width: widthAfter(finished), hasRest }
}

function isFirst(group: readonly Placed[]): boolean {
  return group.some(({ target }) => target.wave === FIRST_WAVE)
}

/** Whether its Data Center has other groups. */
function othersBeside(all: readonly (readonly Placed[])[], group: readonly Placed[] | undefined): boolean {
  const dataCenter = group?.[0]?.appliance.dataCenter
  return all.some((other) => other !== group && other[0]?.appliance.dataCenter === dataCenter)
}

/** What goes together with it stands for as long. */
function companionsStand(
  group: readonly Placed[],
  { waveSoakSeconds }: Pick<InstallRecord, 'waveSoakSeconds'>,
): boolean {
  return waveSoakSeconds > 0 && group.some(({ companions = [] }) => companions.some(isStanding))
}

function gotItAt({ target, companions = [] }: Placed): number {
  const installed = [target, ...companions].filter(({ state }) => state === 'installed')
  return Math.max(0, ...installed.map(({ changedAt }) => changedAt))
}

function isAtIt({ target, companions = [] }: Placed): boolean {
  return isInFlight(target) || companions.some(isInFlight)
}

/** Whoever begins now takes a place. */
export function takePlace({ groups, dataCenters }: Waves, appliance: ApplianceRecord): void {
  groups.set(groupKey(appliance), appliance)
  dataCenters.set(appliance.dataCenter, appliance)
}

/**
 * The number under which people read it: 1 is the canary, 2 the rest of its Data Center where there is any, and each wider
 * one the next.
 */
export function waveNumber({ isProven, width, hasRest }: Pick<Waves, 'isProven' | 'width' | 'hasRest'>): number {
  if (!isProven) return FIRST_WAVE
  return FIRST_WAVE + (hasRest ? 1 : 0) + Math.log2(width)
}

/** After one Data Center two, after three in all four, after seven eight. */
export function widthAfter(finished: number): number {
  return Math.min(WIDEST, 2 ** Math.floor(Math.log2(finished + 1)))
}

/** In which wave each of them is, or would be if all went well; in the order in which they begin. */
export function forecast(inOrder: readonly Placed[]): Map<Placed['target'], number> {
  const [canary] = inOrder
  const places = [...new Set(inOrder.map(({ appliance }) => appliance.dataCenter))]
  const all = groupsOf(inOrder)
  const hasRest = othersBeside(all, all[0])
  return new Map(
    inOrder.map(({ target, appliance }) => {
      const isProven = canary === undefined || groupKey(canary.appliance) !== groupKey(appliance)
      const width = widthAfter(places.indexOf(appliance.dataCenter))
      return [target, target.wave ?? waveNumber({ isProven, width, hasRest })]
    }),
  )
}
