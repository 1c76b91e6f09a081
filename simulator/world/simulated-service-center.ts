/**
 * The Service Center of a world: the real core and its real seed agent, with a database that is a list of changes and a
 * store in memory. Both survive a restart.
 */
import type { AgentEffect, AgentEvent } from '../../agent/core/events.ts'
import { type AgentState, DEFAULT_SETTINGS, newAgent } from '../../agent/core/state.ts'
import { step as stepSeed } from '../../agent/core/step.ts'
import type { Command, Reply, ServiceCenterEffect, ServiceCenterEvent } from '../../controller/core/effects.ts'
import type { Change } from '../../controller/core/records.ts'
import { apply, emptyState, type ServiceCenterState } from '../../controller/core/state.ts'
import { resume, step } from '../../controller/core/step.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import { type SigningKey, signingKeyFromSeed } from '../../protocol/envelope.ts'
import { sha256 } from '../../protocol/hashing.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { EnrollmentAnswer } from '../../protocol/messages.ts'
import { type Random, seededRandom } from '../../protocol/random.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Host, NetworkEvent } from './simulated-network.ts'
import { SimulatedStore } from './simulated-store.ts'
import type { World } from './world.ts'

export class SimulatedServiceCenter implements Host {
  readonly name = 'service-center'
  readonly signing: SigningKey = signingKeyFromSeed(sha256(Buffer.from('signing')))
  readonly #mesh = signingKeyFromSeed(sha256(Buffer.from('mesh')))
  readonly peer: PeerId = this.#mesh.peer
  readonly store = new SimulatedStore()
  readonly database: Change[] = []
  readonly enrollments: EnrollmentAnswer[] = []
  isRunning = false
  corruptsPieces = false
  state: ServiceCenterState
  seed: AgentState
  readonly #world: World
  readonly #random: Random
  readonly #replies: (Reply | Refusal)[] = []
  #members: ReadonlySet<PeerId> = new Set()
  #process = 0

  constructor(world: World, seed: number) {
    this.#world = world
    this.#random = seededRandom(seed)
    this.state = emptyState({ mesh: this.peer, signing: this.signing }, this.#random)
    this.seed = this.#newSeed()
  }

  start(): void {
    this.#process += 1
    this.isRunning = true
    this.state = emptyState({ mesh: this.peer, signing: this.signing }, this.#random)
    for (const change of this.database) apply(this.state, change)
    this.seed = this.#newSeed()
    this.#performAll(resume(this.state))
    this.tell({ kind: 'tick', clock: this.#world.clock })
  }

  stop(): void {
    this.isRunning = false
    this.#process += 1
    this.#world.network.leave(this)
  }

  admits(peer: PeerId): boolean {
    return this.#members.has(peer)
  }

  /** Carries out a command at once and gives its answer. */
  carryOut(command: Command): Reply | Refusal {
    this.tell({ kind: 'command', id: 0, command })
    const reply = this.#replies.pop()
    assert(reply !== undefined, 'a command is answered by one reply')
    return reply
  }

  /** An event that the core hears now. */
  tell(event: ServiceCenterEvent): void {
    this.#world.transcript.centerEvent(event)
    this.#performAll(step(this.state, event))
    if (event.kind === 'tick') this.#tellSeed(event)
    this.#world.afterEvent()
  }

  hear(event: NetworkEvent): void {
    if (!this.isRunning) return
    const process = this.#process
    this.#world.at(this.#world.nowMs, () => {
      if (process === this.#process) this.#route(event)
    })
  }

  hearPiece(): void {
    assert(false, 'the seed never pulls')
  }

  #route(event: NetworkEvent): void {
    const { peer } = event
    if (event.kind === 'control-received') this.tell({ kind: 'control-received', peer, message: event.message })
    else if (event.kind !== 'opened' && event.kind !== 'closed') this.#tellSeed(event)
    else if (event.channel !== 'downlink') this.#tellSeed(event)
    else this.tell({ kind: event.kind === 'opened' ? 'control-opened' : 'control-closed', peer })
  }

  #performAll(effects: readonly ServiceCenterEffect[]): void {
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: ServiceCenterEffect): void {
    const { network, transcript } = this.#world
    transcript.centerEffect(effect)
    switch (effect.kind) {
      case 'commit':
        this.database.push(...effect.changes)
        break
      case 'send':
        network.sendControl(this, 'downlink', effect.peer, effect.message)
        break
      case 'answer-enrollment':
        this.enrollments.push(effect.answer)
        break
      case 'reply':
        this.#replies.push(effect.reply)
        break
      case 'admit':
        this.#members = effect.members
        break
      case 'hang-up':
        network.close(this, 'downlink', effect.peer)
        break
      case 'seed': {
        const record = this.state.patches.get(effect.patch)
        assert(record !== undefined, 'only a published patch is seeded')
        const { publication, envelope, hashes } = record
        this.#tellSeed({ kind: 'seeded', publication, envelope, hashes })
        break
      }
      case 'unseed':
        this.#tellSeed({ kind: 'unseeded', patch: effect.patch })
        break
      case 'changed':
      case 'log':
        break
      default:
        unreachable(effect)
    }
  }

  #tellSeed(event: AgentEvent): void {
    for (const effect of stepSeed(this.seed, event)) this.#performForSeed(effect)
  }

  #performForSeed(effect: AgentEffect): void {
    const { network } = this.#world
    switch (effect.kind) {
      case 'close':
        network.close(this, effect.channel, effect.peer)
        break
      case 'send-pieces':
        network.sendPieces(this, effect.channel, effect.peer, effect.message)
        break
      case 'send-piece': {
        const { peer, patch, index } = effect
        network.sendPiece(this, peer, patch, index, () => {
          const bytes = this.store.readPiece({ sha256: patch }, index)
          return this.corruptsPieces ? Buffer.from('bad') : bytes
        })
        break
      }
      case 'discard':
        this.store.discard(effect.patch)
        this.#tellSeed({ kind: 'discarded', patch: effect.patch })
        break
      case 'log':
        this.#world.say(this.name, `logs: ${effect.line}`)
        break
      default:
        assert(false, `the seed never wants ${effect.kind}`)
    }
  }

  #newSeed(): AgentState {
    const { signing } = this
    return newAgent({
      identity: this.#mesh,
      root: signing.peer,
      random: this.#random,
      settings: DEFAULT_SETTINGS,
      membership: null,
      dial: [],
    })
  }
}
