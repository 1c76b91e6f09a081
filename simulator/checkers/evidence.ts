/**
 * What the checkers know, gathered outside the system: every effect that an appliance really performed, every record
 * that the Service Center really committed, every message on a wire, what the admins were told, and which copies a fault
 * damaged. No checker asks a core for its opinion where the world can be asked for the truth.
 */
import type { AgentEffect } from '../../agent/core/events.ts'
import type { Reply } from '../../controller/core/effects.ts'
import type { ApplianceRecord, Change, DetectionRecord } from '../../controller/core/records.ts'
import type { TargetState } from '../../controller/core/rollout/install-states.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import type { InstallId, OrderId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { ControlMessage } from '../../protocol/messages.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import type { SimulatedStore } from '../world/simulated-store.ts'
import type { SymbolicPatch } from '../world/symbolic-patch.ts'
import type { World } from '../world/world.ts'
import type { Clone } from './clones.ts'
import type { Starved } from './lateness.ts'
import type { SetBack } from './older-files.ts'

/** A promise that did not hold: which checker saw it, and what it saw. */
export class Broken extends Error {
  readonly checker: string
  constructor(checker: string, sentence: string) {
    super(sentence)
    this.checker = checker
  }
}

export type Checker = {
  readonly name: string
  /** An appliance has performed this effect. */
  performed?(who: SimulatedAppliance, effect: AgentEffect): void
  /** The Service Center has committed this record. */
  committed?(change: Change): void
  /** This was given to the network by `from` for `to`. */
  said?(from: PeerId, to: PeerId, message: ControlMessage): void
  /** Looks at the whole world: every second of virtual time, and at the end. */
  sweep?(): void
  /** What is still to come before the world is at rest, in words; asked in the quiet phase only. */
  pending?(): string | null
  /** Nothing will come any more. */
  ended?(): void
}

/** What an admin was told had been done; a command whose reply was lost is in none of these. */
export type Told = {
  published: Set<Sha256>
  withdrawn: Set<Sha256>
  installs: Set<InstallId>
  cancelled: Set<InstallId>
  retired: Set<PeerId>
}

export class Evidence {
  readonly world: World
  readonly told: Told = {
    published: new Set(),
    withdrawn: new Set(),
    installs: new Set(),
    cancelled: new Set(),
    retired: new Set(),
  }
  /** Commands about a patch that have not been answered: until then nobody can tell what is true of it. */
  readonly #doubts = new Map<Sha256, number>()
  readonly patches = new Map<Sha256, SymbolicPatch>()
  /** `paris/primary SHA256` of copies that a fault has changed on disk since they were proven. */
  readonly damaged = new Set<string>()
  /** Copies that a fault changed before they were whole: they may be relayed, and never be proven. */
  readonly spoiled = new Set<string>()
  /** Data Centers into which a fault may have sent bytes twice. */
  readonly excused = new Set<string>()
  /** Machines with a copy of which somebody runs beside them, or did. */
  readonly clones = new Map<PeerId, Clone>()
  /** Who gets the processor now and then, where that is all that is wrong. */
  starved: Starved | null = null
  /** Appliances whose ledger was put back to an older one, the last time. */
  readonly setBack = new Map<PeerId, SetBack>()
  /** Installs of which somebody has asked that what failed be tried again. */
  readonly retried = new Set<InstallId>()
  readonly orders = new Map<OrderId, { install: InstallId; appliance: PeerId }>()
  readonly appliances = new Map<PeerId, SimulatedAppliance>()
  /** By the records: the newest of each member of the fleet, and of each that is none any more. */
  readonly members = new Map<PeerId, ApplianceRecord>()
  readonly former = new Map<PeerId, ApplianceRecord>()
  readonly livePatches = new Set<Sha256>()
  readonly #found = new Map<string, DetectionRecord['result']>()
  /** By the name of the first machine in a place, the last one there. */
  readonly #places = new Map<string, SimulatedAppliance>()
  checks = 0
  #overheard: Reply | Refusal | null = null

  constructor(world: World) {
    this.world = world
  }

  /** The Service Center has committed this. */
  follow({ table, row }: Change): void {
    switch (table) {
      case 'appliances': {
        const [to, from] = row.retiredAt === null ? [this.members, this.former] : [this.former, this.members]
        to.set(row.peer, row)
        from.delete(row.peer)
        break
      }
      case 'detections':
        this.#found.set(`${row.peer} ${row.sha256}`, row.result)
        break
      case 'patches':
        if (row.withdrawal === null) this.livePatches.add(row.sha256)
        else this.livePatches.delete(row.sha256)
        break
      default:
    }
  }

  /** What an appliance last said of this patch. */
  foundOn({ peer }: ApplianceRecord, patch: Sha256): DetectionRecord['result'] | undefined {
    return this.#found.get(`${peer} ${patch}`)
  }

  isMember({ peer }: SimulatedAppliance): boolean {
    return this.members.has(peer)
  }

  /** The machines that belong to the fleet. */
  fleet(): SimulatedAppliance[] {
    return [...this.world.appliances.values()].filter((one) => this.isMember(one))
  }

  /**
   * A tenant appliance that was away while its whole depot was replaced, retired or moved: nobody is there any more at an
   * address that it was ever told, and it can only be enrolled again.
   */
  isStranded(machine: SimulatedAppliance): boolean {
    return isTenant(machine.name) && this.waysOf(machine).length === 0
  }

  /** The members of its depot that it finds where it was told that they are. */
  waysOf({ name, state }: SimulatedAppliance): SimulatedAppliance[] {
    const told = new Map(state.roster?.members.map(({ peer, addresses }) => [peer, addresses]))
    return this.depotOf(name).filter(
      ({ peer, addresses }) =>
        told.has(peer) &&
        addresses.some(
          (one) => told.get(peer)?.includes(one) || state.dial.some((way) => way === `${one}/p2p/${peer}`),
        ),
    )
  }

  /** The Service Provider appliances of the Data Center in which this one stands. */
  depotOf(name: string): SimulatedAppliance[] {
    return this.fleet().filter((one) => !isTenant(one.name) && dataCenterOf(one.name) === dataCenterOf(name))
  }

  stands(machine: SimulatedAppliance, place: string): void {
    this.#places.set(place, machine)
  }

  placeOf(machine: SimulatedAppliance): string {
    return [...this.#places].find(([, one]) => one === machine)?.[0] ?? machine.name
  }

  /** Virtual time before which it may know nothing of its installs, or another machine may have said it ran them. */
  forgotBeforeMs({ peer }: SimulatedAppliance): number {
    const clone = this.clones.get(peer)
    const clonedMs = clone === undefined ? 0 : (clone.overMs ?? Number.POSITIVE_INFINITY)
    return Math.max(clonedMs, this.setBack.get(peer)?.atMs ?? 0)
  }

  /** The member of the fleet that stands in this place by now. */
  standsAt(place: string): SimulatedAppliance | undefined {
    const machine = this.#places.get(place)
    return machine !== undefined && this.isMember(machine) ? machine : undefined
  }

  expect(holds: boolean, checker: string, sentence: () => string): void {
    this.checks += 1
    if (!holds) throw new Broken(checker, sentence())
  }

  nameOf(peer: PeerId): string {
    return this.appliances.get(peer)?.name ?? (peer === this.world.center.peer ? 'service-center' : 'a stranger')
  }

  /** `patch-1` for its digest. */
  titleOf(patch: Sha256): string {
    return this.patches.get(patch)?.publication.name ?? patch
  }

  /** What lies on a disk in the place of a piece, compared with what was uploaded. */
  onDisk(store: SimulatedStore, patch: Sha256, index: number): 'right' | 'wrong' | 'absent' {
    const truth = this.patches.get(patch)
    const expected = truth?.pieces[index]
    if (truth === undefined || expected === undefined) return 'wrong'
    const file = store.fileOf(patch) ?? store.disk.find({ folder: 'partial', name: patch })
    const block = file?.blocks[index]
    if (block === undefined) return 'absent'
    return equalBytes(block, expected) ? 'right' : 'wrong'
  }

  /** Whether the disk of this host holds the whole patch, under its final name, with the right bytes. */
  holds({ store }: { store: SimulatedStore }, patch: Sha256): boolean {
    const file = store.disk.find({ folder: 'store', name: patch })
    const pieces = this.patches.get(patch)?.pieces ?? []
    return (
      file !== undefined &&
      store.held().has(patch) &&
      pieces.every((piece, index) => equalBytes(file.blocks[index] ?? new Uint8Array(), piece))
    )
  }

  /** An answer that has left the Service Center before it crashed is an answer. */
  overhear(effect: { readonly kind: string; readonly reply?: Reply | Refusal }): void {
    if (effect.kind === 'reply') this.#overheard = effect.reply ?? null
  }

  takeOverheard(): Reply | Refusal | null {
    const reply = this.#overheard
    this.#overheard = null
    return reply
  }

  /** A command about this patch has begun, or has been answered. */
  doubt(patch: Sha256, change: 1 | -1): void {
    this.#doubts.set(patch, (this.#doubts.get(patch) ?? 0) + change)
  }

  isDoubtful(patch: Sha256): boolean {
    return (this.#doubts.get(patch) ?? 0) > 0
  }

  /** Patches of which this disk holds some pieces, and not yet the whole. */
  unfinishedOn({ store }: SimulatedAppliance): Sha256[] {
    return [...this.patches.values()]
      .filter(({ publication: { sha256 }, pieces }) => {
        const isBegun = store.disk.find({ folder: 'partial', name: sha256 }) !== undefined
        return (
          isBegun &&
          !store.held().has(sha256) &&
          pieces.some((_, index) => this.onDisk(store, sha256, index) === 'right')
        )
      })
      .map(({ publication: { sha256 } }) => sha256)
  }

  isDamaged(name: string, patch: Sha256): boolean {
    return this.damaged.has(`${name} ${patch}`)
  }
}

/** `paris` of `paris/acme/primary`. */
export function dataCenterOf(name: string): string {
  return name.split('/')[0] ?? ''
}

/** `paris/acme` of `paris/acme/primary`: those who stand in for each other. */
export function groupOf(name: string): string {
  return name.split('/').slice(0, -1).join('/')
}

export function isTenant(name: string): boolean {
  return name.split('/').length > 2
}

/** `acme` of `paris/acme/primary`; a depot belongs to the service provider. */
export function organizationOf(name: string): string {
  return isTenant(name) ? (name.split('/')[1] ?? '') : 'provider'
}

const ENDED: readonly TargetState[] = ['installed', 'failed', 'reverted', 'refused', 'cancelled', 'unknown']

/** By the words of the domain, and not by what the Service Center thinks. */
export function hasEnded(state: TargetState): boolean {
  return ENDED.includes(state)
}
