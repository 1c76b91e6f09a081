/**
 * The admins of a world do what the workload says, when its time has come: they upload, install, pause, resume, cancel and
 * withdraw, and try again where no answer comes. What they were told is evidence.
 */
import type { Reply } from '../controller/core/effects.ts'
import { companionsOf } from '../controller/core/rollout/companions.ts'
import { unreachable } from '../protocol/assert.ts'
import { DataCenterName, type InstallId, OrganizationName, type Sha256 } from '../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusals.ts'
import { askUntilAnswered, whenCenterRuns } from './asking.ts'
import type { Evidence } from './checkers/evidence.ts'
import type { Deed, Workload } from './workload.ts'
import { type SymbolicPatch, symbolicPatch } from './world/symbolic-patch.ts'
import type { World } from './world/world.ts'

export class Admins {
  /** Deeds that have not been answered. */
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

  begin(): void {
    for (const deed of this.#deeds) whenCenterRuns(this.#world, deed.atMs, () => this.#carryOut(deed))
  }

  /** Does what an admin wants; until there is an answer nobody knows the truth. */
  #carryOut(deed: Deed): void {
    const changes = deed.kind === 'upload' || deed.kind === 'withdraw' ? deed : null
    const patch = changes === null ? null : this.#patchOf({ content: 'first', ...changes }).publication.sha256
    if (patch !== null) this.#evidence.doubt(patch, 1)
    askUntilAnswered(
      this.#evidence,
      () => this.#ask(deed),
      (reply) => {
        if (patch !== null) this.#evidence.doubt(patch, -1)
        this.undone -= 1
        if (deed.kind === 'install')
          this.#installs.push(!isRefusal(reply) && reply.kind === 'install-started' ? reply.install : null)
        if (!isRefusal(reply)) this.#done(reply)
        // The answer to an earlier try was lost, and it had been done.
        else if (deed.kind === 'withdraw' && reply.refused === 'withdrawn' && patch !== null) this.#toldWithdrawn(patch)
      },
    )
  }

  #done(reply: Reply): void {
    const { told } = this.#evidence
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
      case 'install-extended':
      case 'install-approved':
      case 'policy-set':
      case 'install-paused':
      case 'install-resumed':
      case 'limits-set':
      case 'appliance-renamed':
      case 'appliance-retired':
      case 'appliance-trusted':
      case 'token-revoked':
      case 'publisher-set':
      case 'publisher-removed':
      case 'baseline-set':
      case 'baseline-removed':
      case 'window-set':
      case 'window-removed':
      case 'advisory-set':
      case 'due-days-set':
      case 'retention-set':
      case 'pin-set':
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
          outsideWindows: deed.outsideWindows,
          first: deed.first?.map((patch) => this.#patchOf({ patch, content: 'first' }).publication.sha256),
          waveSoakSeconds: deed.waveSoakSeconds,
        })
      case 'cancel': {
        const install = this.#installs[deed.install] ?? null
        if (install === null) return refuse('not_found', 'the install was never started')
        return this.#world.tryAsk({ kind: 'cancel-install', actor, install })
      }
      case 'set-window':
        return this.#world.tryAsk({ kind: 'set-window', actor, window: deed.window })
      case 'remove-window':
        return this.#world.tryAsk({ kind: 'remove-window', actor, name: deed.name })
      case 'pause':
      case 'resume': {
        const install = this.#installs[deed.install] ?? null
        if (install === null) return refuse('not_found', 'the install was never started')
        if (deed.kind === 'pause') return this.#world.tryAsk({ kind: 'pause-install', actor, install })
        const { retryFailed } = deed
        if (retryFailed) for (const one of this.#together(install)) this.#evidence.retried.add(one)
        return this.#world.tryAsk({ kind: 'resume-install', actor, install, retryFailed })
      }
      default:
        return unreachable(deed)
    }
  }

  /** What is decided about one is decided about all that go with it. */
  #together(install: InstallId): InstallId[] {
    const { state } = this.#world.center
    const record = state.installs.get(install)
    return record === undefined ? [install] : [install, ...companionsOf(state, record).map(({ id }) => id)]
  }

  #patchOf({ patch, content }: { patch: number; content: 'first' | 'other' }): SymbolicPatch {
    const found = this.#patches[patch]
    if (found === undefined) throw new Error(`the workload has no patch ${patch}`)
    return found[content]
  }
}
