/**
 * A bad carrier of letters: sends them twice, late, or again long after; a depot that drops what it should forward, or
 * forges what it cannot sign. It sits where messages enter the network, and sees them all for the checkers too.
 */

import { InstallId, OrderId, type PeerId } from '../protocol/identifiers.ts'
import type { ControlMessage } from '../protocol/messages.ts'
import { type Envelope, seal } from '../protocol/trust/envelope.ts'
import { Disproof, Order, Receipt, Report, Roster, Withdrawal } from '../protocol/trust/statements.ts'
import { NO_LIMITS } from '../protocol/wan-limits.ts'
import { dataCenterOf, type Evidence, isTenant } from './checkers/evidence.ts'
import type { Fault, FaultKind } from './faults.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import type { Tampering } from './world/simulated-network.ts'
import type { Host } from './world/streams.ts'
import type { World } from './world/world.ts'

type Sending = Parameters<World['network']['sendControl']>
type Counted = (kind: FaultKind) => void

const REMEMBERED = 300
const UNTOUCHED: Tampering = { copies: 1, lateMs: 0 }

export class LetterTampering {
  readonly #world: World
  readonly #evidence: Evidence
  readonly #waiting: { fault: Fault; counted: Counted }[] = []
  readonly #dropping = new Map<string, Counted>()
  readonly #seen: Sending[] = []
  #isOwn = false

  /** `heard` is told of every message that enters a stream. */
  constructor(world: World, evidence: Evidence, heard: (from: PeerId, to: PeerId, message: ControlMessage) => void) {
    this.#world = world
    this.#evidence = evidence
    world.network.tamper = (from, to, message) => {
      heard(from.peer, to.peer, message)
      return message.kind !== 'letter' || this.#isOwn ? UNTOUCHED : this.#tamper(from, to, message)
    }
  }

  end(): void {
    this.#waiting.length = 0
    this.#dropping.clear()
  }

  /** Lays out a fault of letters; `counted` is called each time it strikes. */
  lay(fault: Fault, counted: Counted): (() => void) | null {
    switch (fault.kind) {
      case 'duplicate-letter':
      case 'late-letter': {
        const waiting = { fault, counted }
        this.#waiting.push(waiting)
        return () => {}
      }
      case 'depot-drops-letters':
        this.#dropping.set(fault.who, counted)
        return () => this.#dropping.delete(fault.who)
      case 'replayed-letter': {
        const carried = this.#seen.filter(([from]) => from.name === fault.who)
        const again = carried[fault.dice % Math.max(1, carried.length)]
        if (again === undefined) return null
        counted(fault.kind)
        this.#send(...again)
        return () => {}
      }
      case 'forged-letter':
        return this.#forge(fault, counted) ? () => {} : null
      default:
        return null
    }
  }

  #tamper(from: Host, to: Host, message: Extract<ControlMessage, { kind: 'letter' }>): Tampering {
    const { letter } = message
    const dropped = this.#dropping.get(from.name)
    if (dropped !== undefined && letter.from !== from.peer && letter.to !== from.peer) {
      dropped('depot-drops-letters')
      return { copies: 0, lateMs: 0 }
    }
    if (!isTenant(from.name)) this.#remember([from, isTenant(to.name) ? 'downlink' : 'uplink', to.peer, message])
    const at = this.#waiting.findIndex(({ fault }) => isBetween(fault, from.name, to.name))
    const [laid] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (laid === undefined) return UNTOUCHED
    const { kind, lastsMs, dice } = laid.fault
    laid.counted(kind)
    return kind === 'duplicate-letter' ? { copies: 2 + (dice % 2), lateMs: 0 } : { copies: 1, lateMs: lastsMs }
  }

  #remember(sending: Sending): void {
    if (this.#seen.length >= REMEMBERED) this.#seen.shift()
    this.#seen.push(sending)
  }

  /** Sends what nobody tampers with once more. */
  #send(...sending: Sending): void {
    this.#isOwn = true
    this.#world.network.sendControl(...sending)
    this.#isOwn = false
  }

  /** A member of a depot makes a statement that only somebody else may make. */
  #forge({ who, dice, kind }: Fault, counted: Counted): boolean {
    const depot = this.#world.appliances.get(who)
    if (depot?.isRunning !== true) return false
    const near = [...this.#world.appliances.values()].filter(
      ({ name }) => name !== who && dataCenterOf(name) === dataCenterOf(who),
    )
    const victim = near[dice % Math.max(1, near.length)]
    const [patch] = this.#evidence.patches.keys()
    if (victim === undefined || patch === undefined) return false
    const envelope = forgeries(depot, victim, patch, this.#world)[dice % 6]
    if (envelope === undefined) return false
    const center = this.#world.center.peer
    const isUpwards = [Receipt, Disproof, Report].some(({ payloadType }) => payloadType === envelope.payloadType)
    counted(kind)
    if (isUpwards) {
      const letter = { to: center, from: victim.peer, envelope }
      this.#send(depot, 'uplink', center, { kind: 'letter', letter })
    } else if (isTenant(victim.name)) {
      const letter = { to: victim.peer, from: center, envelope }
      this.#send(depot, 'downlink', victim.peer, { kind: 'letter', letter })
    }
    return true
  }
}

function isBetween({ who, other }: Fault, one: string, another: string): boolean {
  return (who === one && other === another) || (who === another && other === one)
}

function forgeries(
  depot: SimulatedAppliance,
  victim: SimulatedAppliance,
  patch: Receipt['sha256'],
  world: World,
): Envelope[] {
  const { identity, membership } = depot.state
  const { wallMs } = depot.state.clock
  if (membership === null) return []
  const { organization, dataCenter } = victim.state.membership ?? membership
  const [order] = [...world.center.state.targets.values()].flatMap((targets) => targets.get(victim.peer) ?? [])
  const install = order?.install ?? InstallId.parse('f1'.repeat(16))
  const orderId = order?.order?.id ?? OrderId.parse('f0'.repeat(16))
  const publishedAt = world.center.state.patches.get(patch)?.publication.publishedAt ?? wallMs
  const common = { from: victim.peer, epoch: 1, counter: 1_000_000 }
  return [
    seal(Receipt, { ...common, sha256: patch, publishedAt, verifiedAt: wallMs, source: depot.peer }, identity),
    seal(
      Order,
      {
        to: victim.peer,
        orderId: OrderId.parse('f0'.repeat(16)),
        sequence: 1_000,
        install,
        attempt: 1,
        action: 'install',
        patch,
        allowOutage: true,
        organization,
        dataCenter,
        issuedAt: wallMs,
        expiresAt: wallMs + 3_600_000,
        after: null,
        continues: null,
        stages: [],
      },
      identity,
    ),
    seal(Withdrawal, { sha256: patch, reason: 'forged', withdrawnAt: wallMs + 1_000_000 }, identity),
    seal(
      Roster,
      { to: victim.peer, version: 1_000_000, members: [], group: [], enrolling: [], limits: NO_LIMITS },
      identity,
    ),
    seal(Disproof, { ...common, sha256: patch, publishedAt, reason: 'forged', disprovenAt: wallMs }, identity),
    seal(
      Report,
      {
        ...common,
        install,
        orderId,
        patch,
        state: 'installed',
        reason: '',
        refusal: null,
        output: '',
        installedVersion: '1',
        reportedAt: wallMs,
      },
      identity,
    ),
  ]
}
