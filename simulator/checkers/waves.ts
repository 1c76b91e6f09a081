/**
 * How wide an install goes, judged from the records alone: its first pair begins alone, later no more Data Centers are at
 * it than have gone well, and a failure is followed by no more than its budget allows. While it is paused no pair begins, and
 * what failed is tried again only where a person asks for it. A pair that has begun is finished whatever happens elsewhere.
 * Where an install asks that waves stand, what has had the patch for less time counts as being at it still: by the true
 * time, or, where the Service Center was started again meanwhile, by its wall clock, wherever that was set.
 */
import type { InstallRecord, TargetRecord } from '../../controller/core/records.ts'
import type { InstallId } from '../../protocol/identifiers.ts'
import { type Checker, dataCenterOf, type Evidence, groupOf, hasEnded } from './evidence.ts'

/** One fails while nobody has it, or two later. */
const FAILED_AT_MOST = 1
const WIDEST = 8
/** The Service Center is told the time every half second. */
const TICK_SLACK_MS = 1_500

type Got = { readonly atMs: number; readonly wallMs: number; readonly generation: number }

type Group = { readonly name: string; readonly dataCenter: string; readonly targets: TargetRecord[] }

export function waves(evidence: Evidence): Checker {
  const installs = new Map<InstallId, InstallRecord>()
  const targets = new Map<InstallId, Map<string, TargetRecord>>()
  /** `install appliance` of those that have failed under it, or were put back. */
  const failed = new Set<string>()

  const groupsOf = (install: InstallId): Group[] => {
    const members = [...(targets.get(install)?.values() ?? [])].filter(({ appliance }) =>
      evidence.members.has(appliance),
    )
    const groups = Map.groupBy(members, ({ appliance }) => groupOf(evidence.nameOf(appliance)))
    return [...groups].map(([name, list]) => ({ name, dataCenter: dataCenterOf(name), targets: list }))
  }

  /** When those of an install got the patch, by `install appliance`. */
  const got = new Map<string, Got>()
  const { world } = evidence
  const moment = (): Got => {
    const { process } = world.center
    const { wallMs } = process.clock.read(world.nowMs, world.wall)
    return { atMs: world.nowMs, wallMs, generation: process.generation }
  }

  const stands = ({ targets: members }: Group, soakMs: number): boolean =>
    members.some(({ install, appliance, state }) => {
      const since = got.get(`${install} ${appliance}`)
      if (state !== 'installed' || since === undefined) return false
      const now = moment()
      const isOver = now.atMs - since.atMs >= soakMs
      return !isOver && (now.generation === since.generation || now.wallMs - since.wallMs < soakMs)
    })

  /** What would be so if whoever stands were at it still. */
  const standing = (own: Group, name: string, others: readonly Group[], waveSoakSeconds: number): void => {
    if (waveSoakSeconds === 0) return
    const well = others.filter(hasEndedWell)
    const waits = well.filter((group) => stands(group, waveSoakSeconds * 1_000 - TICK_SLACK_MS))
    const stood = well.filter((group) => !waits.includes(group))
    const busy = [...waits, ...others.filter((group) => group.targets.some(isAtIt))]
    const places = new Set(busy.map(({ dataCenter }) => dataCenter))
    const finished = new Set(stood.map(({ dataCenter }) => dataCenter).filter((place) => !places.has(place)))
    const mayBegin =
      stood.length === 0 ? waits.length === 0 : places.has(own.dataCenter) || places.size < widthAfter(finished.size)
    evidence.expect(
      mayBegin,
      'a wave stands before the next begins',
      () => `${name} is ordered to install before ${waits.map((group) => group.name).join(', ')} stood long enough`,
    )
  }

  /** Judges an order at the moment at which it is written down. */
  const ordered = ({ install, appliance }: TargetRecord): void => {
    const name = evidence.nameOf(appliance)
    const groups = groupsOf(install)
    const own = groups.find((group) => group.name === groupOf(name))
    if (own === undefined || own.targets.some((target) => target.appliance !== appliance && hasBegun(target))) return
    const { run, state, waveSoakSeconds } = installs.get(install) ?? { run: 1, state: 'running', waveSoakSeconds: 0 }
    evidence.expect(
      state !== 'paused',
      'nothing begins while it is paused',
      () => `${name} is ordered to install, and install ${install} is paused`,
    )
    const others = groups.filter((group) => group !== own)
    const proven = others.filter(hasEndedWell)
    standing(own, name, others, waveSoakSeconds)
    const lost = others.filter((group) => group.targets.some((target) => hasFailed(target) && target.run === run))
    evidence.expect(
      lost.length === 0 ||
        (proven.length > 0 &&
          lost.length <= FAILED_AT_MOST &&
          lost.every(({ dataCenter }) => dataCenter !== own.dataCenter)),
      'a failure halts its install',
      () => `${name} is ordered to install after ${lost.map((group) => group.name).join(', ')} failed`,
    )
    const atIt = others.filter((group) => group.targets.some(isAtIt))
    const places = new Set(atIt.map(({ dataCenter }) => dataCenter))
    if (proven.length === 0) {
      evidence.expect(
        atIt.length === 0,
        'the first pair goes alone',
        () => `${name} is ordered to install while nobody has it and ${atIt[0]?.name} has not ended`,
      )
      return
    }
    const finished = new Set(proven.map(({ dataCenter }) => dataCenter).filter((place) => !places.has(place)))
    evidence.expect(
      places.has(own.dataCenter) || places.size < widthAfter(finished.size),
      'no wider than what went well',
      () => `${name} is ordered to install beside ${[...places].join(', ')}, after ${finished.size} have gone well`,
    )
  }

  return {
    name: 'waves',
    committed(change) {
      if (change.table === 'installs') installs.set(change.row.id, change.row)
      if (change.table !== 'targets') return
      const { install, appliance, order } = change.row
      const known = targets.get(install) ?? new Map<string, TargetRecord>()
      targets.set(install, known)
      const before = known.get(appliance)
      const isNew = order !== null && before?.order?.id !== order.id
      if (before !== undefined && hasFailed(before)) failed.add(`${install} ${appliance}`)
      evidence.expect(
        !isNew || !failed.has(`${install} ${appliance}`) || evidence.retried.has(install),
        'what failed is not tried again by itself',
        () => `${evidence.nameOf(appliance)} is ordered again by install ${install}, under which it failed`,
      )
      const key = `${install} ${appliance}`
      if (change.row.state !== 'installed') got.delete(key)
      else if (!got.has(key)) got.set(key, moment())
      known.set(appliance, change.row)
      if (isNew) ordered(change.row)
    },
  }
}

function widthAfter(finished: number): number {
  return Math.min(WIDEST, 2 ** Math.floor(Math.log2(finished + 1)))
}

function isAtIt(target: TargetRecord): boolean {
  return target.order !== null && !hasEnded(target.state)
}

function hasBegun(target: TargetRecord): boolean {
  return isAtIt(target) || target.state === 'installed' || (target.order !== null && target.state === 'unknown')
}

function hasFailed({ state }: TargetRecord): boolean {
  return state === 'failed' || state === 'reverted'
}

function hasEndedWell({ targets }: Group): boolean {
  const meant = targets.filter(({ state, refusal }) => state !== 'refused' || refusal !== 'not_applicable')
  return meant.length > 0 && meant.every(({ state }) => state === 'installed')
}
