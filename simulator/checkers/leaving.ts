/**
 * Who was retired or replaced is no member any more, from that moment: nothing new is ordered of it or believed from it,
 * its part in every install has ended and says why, no roster of its Data Center names it, and in the end it is connected
 * to nobody. And nobody waits for it: at rest all rosters tell who is there, and whoever could install has been ordered to.
 */

import { z } from 'zod'
import type { LedgerEntry } from '../../agent/core/events.ts'
import type { ApplianceRecord, TargetRecord } from '../../controller/core/records.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { Bytes, decode } from '../../protocol/codec.ts'
import { type InstallId, type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { decodeEnvelope, reopen } from '../../protocol/trust/envelope.ts'
import { Order, Roster } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { isBehind, membersOfGroup } from './pairing.ts'

const Written = z.looseObject({ envelope: Bytes })

export function leaving(evidence: Evidence): Checker {
  const name = 'who has left is no member'
  const { world, members, former } = evidence
  /** By Data Center, and for each that has left: the roster version before. */
  const versions = new Map<string, number>()
  const namedUntil = new Map<PeerId, number>()
  const successors = new Map<PeerId, PeerId>()
  const running = new Set<InstallId>()
  /** Parts in running installs of those that were replaced. */
  const owed: { install: InstallId; of: PeerId }[] = []
  const gone = (peer: PeerId): string => `${evidence.nameOf(peer)}, which has left the fleet,`

  const left = ({ peer, dataCenter }: ApplianceRecord): void => {
    if (!namedUntil.has(peer)) namedUntil.set(peer, versions.get(dataCenter) ?? 0)
  }

  return {
    name,
    committed(change) {
      switch (change.table) {
        case 'appliances':
          if (change.row.retiredAt !== null) left(change.row)
          break
        case 'installs':
          if (isUnderWay(change.row.state)) running.add(change.row.id)
          else running.delete(change.row.id)
          break
        case 'rosters':
          versions.set(change.row.dataCenter, change.row.version)
          break
        case 'tokens': {
          const { replaces, usedBy } = change.row
          if (replaces !== null && usedBy !== null) successors.set(replaces, usedBy)
          break
        }
        case 'targets': {
          const { install, appliance, state, reason } = change.row
          if (!former.has(appliance)) break
          const isTold = state === 'cancelled' && /was (retired|replaced)/.test(reason)
          evidence.expect(isTold, name, () => `${gone(appliance)} is told to be ${state}: ${reason}`)
          if (reason.includes('was replaced') && running.has(install)) owed.push({ install, of: appliance })
          break
        }
        case 'receipts':
        case 'detections': {
          // A new publication of a file makes old receipts void, whoever gave them.
          const isVoid = change.table === 'receipts' && change.row.epoch === 0
          const { peer } = change.row
          evidence.expect(isVoid || !former.has(peer), name, () => `${gone(peer)} is believed`)
          break
        }
        default:
      }
    },
    said(from, _to, message) {
      if (from !== world.center.peer || message.kind !== 'letter') return
      const { to, envelope } = message.letter
      const isOrder = envelope.payloadType === Order.payloadType
      evidence.expect(!isOrder || !former.has(to), name, () => `${gone(to)} is sent an order`)
    },
    performed(who, effect) {
      if (effect.kind !== 'record') return
      const roster = writtenRoster(effect.entries, world.center.signing.peer)
      const own = members.get(who.peer) ?? former.get(who.peer)
      const named = roster?.members.find(
        ({ peer, dataCenter }) =>
          dataCenter === own?.dataCenter && roster.version > (namedUntil.get(peer) ?? Number.POSITIVE_INFINITY),
      )
      evidence.expect(
        named === undefined,
        name,
        () => `${who.name} is told of ${named?.name}, which has left the fleet`,
      )
    },
    sweep() {
      const { center } = world
      if (!center.isRunning) return
      for (const peer of former.keys()) {
        evidence.expect(!center.state.sessions.has(peer), name, () => `${gone(peer)} has a session`)
        for (const targets of center.state.targets.values()) {
          const target = targets.get(peer)
          // What it did before its ledger was put back, or on another machine with its key, nobody will know any more.
          const mayBeUnknown = evidence.setBack.has(peer) || evidence.clones.has(peer)
          evidence.expect(
            target === undefined || (hasEnded(target.state) && (mayBeUnknown || target.state !== 'unknown')),
            name,
            () => `${gone(peer)} is still ${target?.state} in an install: ${target?.reason}`,
          )
        }
      }
      for (const { install, of } of owed)
        evidence.expect(
          center.state.targets.get(install)?.has(successors.get(of) as PeerId) === true,
          name,
          () => `nobody takes over the part of ${evidence.nameOf(of)} in a running install`,
        )
    },
    pending() {
      for (const who of world.appliances.values()) {
        const isGone = former.has(who.peer)
        const held = isGone ? connectedTo(evidence, who) : null
        if (held !== null) return `${gone(who.peer)} is still connected to ${held}`
        if (!isGone && members.has(who.peer) && !evidence.isStranded(who)) {
          const reason = wrongRoster(evidence, who)
          if (reason !== null) return reason
        }
      }
      return waitingForNothing(evidence)
    },
  }
}

/** The roster that is among what an appliance writes down. */
function writtenRoster(entries: readonly LedgerEntry[], root: PeerId): Roster | null {
  const value = entries.find(({ key }) => key === 'roster')?.value ?? null
  const written = value === null ? null : decode(Written, value, 'a roster')
  if (written === null || isRefusal(written)) return null
  const envelope = decodeEnvelope(written.envelope)
  return isRefusal(envelope) ? null : reopen(Roster, envelope, [root])
}

/** A member of the fleet to which a stream of this machine is open, as either end sees it. */
function connectedTo({ world, members }: Evidence, { peer, state, isRunning }: SimulatedAppliance): string | null {
  const upTo = isRunning && state.uplink.phase === 'up' ? state.uplink.peer : null
  if (upTo === world.center.peer) return world.center.name
  const ends = [...world.appliances.values()].filter((other) => members.has(other.peer))
  const end = ends.find(
    (other) => other.peer === upTo || other.state.attached.has(peer) || other.state.readers.has(peer),
  )
  return end?.name ?? null
}

/** What an appliance was told of itself and of those it may talk to, compared with who there is. */
function wrongRoster(evidence: Evidence, { name, peer, state }: SimulatedAppliance): string | null {
  const own = evidence.members.get(peer)
  if (own === undefined) return null
  if (state.membership?.name !== own.name) return `${name} was not told that it is called ${own.name}`
  const isDepot = own.kind === SERVICE_PROVIDER
  const others = [...evidence.members.values()].filter(
    ({ kind, dataCenter, peer: other }) =>
      other !== peer &&
      (kind === SERVICE_PROVIDER ? isDepot || dataCenter === own.dataCenter : isDepot && dataCenter === own.dataCenter),
  )
  const known = new Map(state.roster?.members.map((member) => [member.peer, member.name]))
  const missing = others.find((other) => known.get(other.peer) !== other.name)
  if (missing !== undefined) return `${name} was not told of ${missing.name}`
  const tooMany = [...known].find(([other]) => !others.some(({ peer: one }) => one === other))
  return tooMany === undefined ? null : `${name} is still told of ${tooMany[1]}`
}

/** A target that nothing stands in the way of, and that was not ordered. */
function waitingForNothing(evidence: Evidence): string | null {
  const { state } = evidence.world.center
  const all = [...state.targets.values()].flatMap((targets) => [...targets.values()])
  const isBusy = ({ order, state: reached }: TargetRecord): boolean =>
    order !== null && (!hasEnded(reached) || reached === 'unknown')
  const busy = new Set(all.filter(isBusy).map(({ appliance }) => evidence.members.get(appliance)?.organization))
  const busyInstalls = new Set(
    all.filter(({ order, state: reached }) => order !== null && !hasEnded(reached)).map(({ install }) => install),
  )
  for (const target of all) {
    const own = evidence.members.get(target.appliance)
    const install = state.installs.get(target.install)
    if (
      own === undefined ||
      install === undefined ||
      install.state === 'paused' ||
      !isUnderWay(install.state) ||
      target.order !== null ||
      hasEnded(target.state)
    )
      continue
    const group = membersOfGroup(evidence, own)
    const areReachable = group.every(({ peer }) => state.sessions.has(peer))
    if (busy.has(own.organization) || busyInstalls.has(target.install) || !areReachable || group.length === 1) continue
    if (group.some((other) => isBehind(evidence, other, own, install.patch))) continue
    // Whether it is right to wait is for windows.ts; many pairs need many windows.
    if (/^waits for the (next )?maintenance window /.test(target.reason)) continue
    return `${evidence.nameOf(own.peer)} could install, and waits: ${target.reason}`
  }
  return null
}
