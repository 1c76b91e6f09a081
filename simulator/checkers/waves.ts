/**
 * How wide an install goes, judged from the records alone: its first pair begins alone, later no more Data Centers are at
 * it than have gone well, and a failure is followed by no more than its budget allows. While it is paused no pair begins, and
 * what failed is tried again only where a person asks for it. A pair that has begun is finished whatever happens elsewhere.
 */
import type { InstallRecord, TargetRecord } from '../../controller/core/records.ts'
import type { InstallId } from '../../protocol/identifiers.ts'
import { type Checker, dataCenterOf, type Evidence, groupOf, hasEnded } from './evidence.ts'

/** One fails while nobody has it, or two later. */
const FAILED_AT_MOST = 1
const WIDEST = 8

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

  /** Judges an order at the moment at which it is written down. */
  const ordered = ({ install, appliance }: TargetRecord): void => {
    const name = evidence.nameOf(appliance)
    const groups = groupsOf(install)
    const own = groups.find((group) => group.name === groupOf(name))
    if (own === undefined || own.targets.some((target) => target.appliance !== appliance && hasBegun(target))) return
    const { run, state } = installs.get(install) ?? { run: 1, state: 'running' }
    evidence.expect(
      state !== 'paused',
      'nothing begins while it is paused',
      () => `${name} is ordered to install, and install ${install} is paused`,
    )
    const others = groups.filter((group) => group !== own)
    const proven = others.filter(hasEndedWell)
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
    const width = Math.min(WIDEST, 2 ** Math.floor(Math.log2(finished.size + 1)))
    evidence.expect(
      places.has(own.dataCenter) || places.size < width,
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
      known.set(appliance, change.row)
      if (isNew) ordered(change.row)
    },
  }
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
