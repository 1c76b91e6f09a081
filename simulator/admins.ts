/**
 * The admins of a world do what the workload says, when its time has come: they enroll appliances, upload, install, cancel
 * and withdraw, and try again where no answer comes. What they were told is evidence.
 */
import type { Reply } from '../controller/core/effects.ts'
import { unreachable } from '../protocol/assert.ts'
import {
  DataCenterName,
  type InstallId,
  OrganizationName,
  SERVICE_PROVIDER,
  type Sha256,
} from '../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusals.ts'
import { dataCenterOf, type Evidence, isTenant } from './checkers/evidence.ts'
import type { Deed, Estate, Workload } from './workload.ts'
import { type SymbolicPatch, symbolicPatch } from './world/symbolic-patch.ts'
import type { World } from './world/world.ts'

const AGAIN_MS = 1_500
const REBOOT_MS = 8_000

export class Admins {
  /** Deeds that have not been answered, and appliances that have not joined yet. */
  undone: number
  readonly #world: World
  readonly #evidence: Evidence
  readonly #deeds: readonly Deed[]
  readonly #patches: readonly { first: SymbolicPatch; other: SymbolicPatch }[]
  readonly #installs: (InstallId | null)[] = []

  constructor(world: World, evidence: Evidence, { patches, deeds }: Workload) {
    this.#world = world
    this.#evidence = evidence
    this.#deeds = deeds
    this.undone = deeds.length
    this.#patches = patches.map((shape) => ({
      first: symbolicPatch(shape),
      other: symbolicPatch({ ...shape, content: 'other' }),
    }))
    for (const { first, other } of this.#patches)
      for (const patch of [first, other]) evidence.patches.set(patch.publication.sha256, patch)
  }

  begin({ appliances, late }: Estate): void {
    const isLate = (name: string): boolean => dataCenterOf(name) === late?.dataCenter
    this.undone += appliances.length
    for (const name of appliances) this.#whenPossible(name, isLate(name) ? (late?.atMs ?? 0) : 0)
    for (const deed of this.#deeds) this.#whenCenterRuns(deed.atMs, () => this.#carryOut(deed))
  }

  /** A tenant's token names the depot, so its depot is there first. */
  #whenPossible(name: string, atMs: number): void {
    this.#whenCenterRuns(atMs, () => {
      if (!isTenant(name) || this.#hasDepot(dataCenterOf(name))) this.#join(name)
      else this.#whenPossible(name, this.#world.nowMs + AGAIN_MS)
    })
  }

  #hasDepot(site: string): boolean {
    return [...this.#world.center.state.appliances.values()].some(
      ({ dataCenter, kind, addresses }) => dataCenter === site && kind === SERVICE_PROVIDER && addresses.length > 0,
    )
  }

  /** Enrolling is an admin's work at the machine, which is done in one go. */
  #join(name: string): void {
    const { center, network } = this.#world
    const { crashPoint } = center
    center.crashPoint = null
    const site = dataCenterOf(name)
    const appliance = this.#world.add(name, network.sites.has(site) ? { site } : {})
    center.crashPoint = crashPoint
    appliance.installer.rebootMs = REBOOT_MS
    this.#evidence.appliances.set(appliance.peer, appliance)
    this.undone -= 1
  }

  /** Admins try again until the Service Center answers. */
  #whenCenterRuns(atMs: number, act: () => void): void {
    this.#world.at(atMs, () => {
      if (this.#world.center.isRunning) act()
      else this.#whenCenterRuns(this.#world.nowMs + AGAIN_MS, act)
    })
  }

  /** Does what an admin wants; where no answer comes, the admin does it again, and nobody knows the truth meanwhile. */
  #carryOut(deed: Deed, isAgain = false): void {
    const changes = deed.kind === 'upload' || deed.kind === 'withdraw' ? deed : null
    const patch = changes === null ? null : this.#patchOf({ content: 'first', ...changes }).publication.sha256
    if (patch !== null && !isAgain) this.#evidence.doubt(patch, 1)
    this.#evidence.takeOverheard()
    const reply = this.#ask(deed) ?? this.#evidence.takeOverheard()
    if (reply === null) {
      this.#whenCenterRuns(this.#world.nowMs + AGAIN_MS, () => this.#carryOut(deed, true))
      return
    }
    if (patch !== null) this.#evidence.doubt(patch, -1)
    this.undone -= 1
    const { told } = this.#evidence
    const isDone = !isRefusal(reply)
    if (deed.kind === 'install') this.#installs.push(isDone && reply.kind === 'install-started' ? reply.install : null)
    if (!isDone) {
      // The answer to an earlier try was lost, and it had been done.
      if (deed.kind === 'withdraw' && reply.refused === 'withdrawn' && patch !== null) this.#toldWithdrawn(patch)
      return
    }
    switch (reply.kind) {
      case 'published':
        told.published.add(reply.patch)
        told.withdrawn.delete(reply.patch)
        break
      case 'withdrawn':
        this.#toldWithdrawn(reply.patch)
        break
      case 'install-started':
        told.installs.add(reply.install)
        break
      case 'install-cancelled':
        told.cancelled.add(reply.install)
        break
      case 'limits-set':
      case 'appliance-renamed':
      case 'appliance-retired':
      case 'token-revoked':
      case 'publisher-set':
      case 'publisher-removed':
        break
      default:
        unreachable(reply)
    }
  }

  #toldWithdrawn(patch: Sha256): void {
    this.#evidence.told.withdrawn.add(patch)
    this.#evidence.told.published.delete(patch)
  }

  #ask(deed: Deed): Reply | Refusal | null {
    const actor = deed.admin
    switch (deed.kind) {
      case 'upload':
        return this.#world.tryUpload(this.#patchOf(deed))
      case 'withdraw': {
        const { sha256 } = this.#patchOf({ ...deed, content: 'first' }).publication
        return this.#world.tryAsk({ kind: 'withdraw', actor, patch: sha256, reason: 'was a mistake' })
      }
      case 'install':
        return this.#world.tryAsk({
          kind: 'start-install',
          actor,
          patch: this.#patchOf({ ...deed, content: 'first' }).publication.sha256,
          organizations: deed.organizations.map((name) => OrganizationName.parse(name)),
          dataCenter: deed.dataCenter === null ? 'All' : DataCenterName.parse(deed.dataCenter),
          allowOutage: deed.allowOutage,
        })
      case 'cancel': {
        const install = this.#installs[deed.install] ?? null
        if (install === null) return refuse('not_found', 'the install was never started')
        return this.#world.tryAsk({ kind: 'cancel-install', actor, install })
      }
      default:
        return unreachable(deed)
    }
  }

  #patchOf({ patch, content }: { patch: number; content: 'first' | 'other' }): SymbolicPatch {
    const found = this.#patches[patch]
    if (found === undefined) throw new Error(`the workload has no patch ${patch}`)
    return found[content]
  }
}
