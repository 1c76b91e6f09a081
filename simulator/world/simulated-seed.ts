/**
 * The seed of a simulated Service Center: the real agent core without a membership, on the Service Center's store. As in
 * production it hears ticks and what concerns pieces, and tells how its own copies are.
 */
import type { AgentEffect, AgentEvent, OwnCopy } from '../../agent/core/events.ts'
import { type AgentState, GREETS_NOBODY, newAgent } from '../../agent/core/state.ts'
import { step } from '../../agent/core/step.ts'
import { assert } from '../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import type { Random } from '../../protocol/random.ts'
import type { SigningKey } from '../../protocol/trust/envelope.ts'
import { sendPiece } from './sent-pieces.ts'
import type { SimulatedServiceCenter } from './simulated-service-center.ts'
import { isOfStore, SimulatedStoreWork } from './simulated-store-work.ts'
import type { World } from './world.ts'

type Options = {
  readonly identity: SigningKey
  readonly root: PeerId
  /** Another one for each process. */
  readonly random: () => Random
  readonly note: (patch: Sha256, copy: OwnCopy) => void
  readonly losePower: () => void
}

export class SimulatedSeed {
  state: AgentState
  readonly #world: World
  readonly #host: SimulatedServiceCenter
  readonly #options: Options
  readonly #storeWork: SimulatedStoreWork
  /** Nobody ever stops it gently. */
  #endedUncleanly = false

  constructor(world: World, host: SimulatedServiceCenter, options: Options) {
    this.#world = world
    this.#host = host
    this.#options = options
    this.state = this.#newState()
    this.#storeWork = new SimulatedStoreWork({
      store: host.store,
      rates: world.disks,
      cutOf: (patch) => this.state.replicas.get(patch)?.publication,
      taken: (from, patch, index) => world.pieceTaken({ from, to: host, patch, index }),
      tell: (afterMs, event) => host.process.later(afterMs, () => this.tell(event)),
      losePower: options.losePower,
    })
  }

  begin(): void {
    this.state = this.#newState()
    this.state.endedUncleanly = this.#endedUncleanly
    this.#endedUncleanly = true
  }

  end(): void {
    this.#storeWork.slots.clear()
  }

  tell(event: AgentEvent): void {
    if (!this.#host.isRunning) return
    this.#world.performing += 1
    for (const effect of step(this.state, event)) this.#perform(effect)
    this.#world.performing -= 1
  }

  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void {
    const slot = this.#world.nextSlot()
    this.#storeWork.slots.set(slot, { from, bytes })
    this.tell({ kind: 'piece-received', peer: from, patch, index, hash: pieceHash(bytes), slot })
  }

  #perform(effect: AgentEffect): void {
    const { network } = this.#world
    const host = this.#host
    if (isOfStore(effect)) {
      this.#storeWork.perform(effect)
      return
    }
    switch (effect.kind) {
      case 'open':
        network.open(host, effect)
        break
      case 'close':
        network.close(host, effect.channel, effect.peer)
        break
      case 'send-pieces':
        network.sendPieces(host, effect.channel, effect.peer, effect.message)
        break
      case 'send-piece':
        sendPiece(network, host, effect, this.state.replicas.get(effect.patch)?.publication)
        break
      case 'limit':
        network.limit(host, effect.limits)
        break
      case 'note-copy':
        this.#options.note(effect.patch, effect.copy)
        break
      case 'log':
        this.#world.say(host.name, `logs: ${effect.line}`)
        break
      default:
        assert(false, `the seed never wants ${effect.kind}`)
    }
  }

  #newState(): AgentState {
    const { identity, root, random } = this.#options
    const settings = { ...this.#world.settings, connectionsAtMost: 1, judgesSignatures: false }
    const nobody = { life: GREETS_NOBODY, membership: null, dial: [] }
    return newAgent({ identity, root, random: random(), settings, ...nobody })
  }
}
