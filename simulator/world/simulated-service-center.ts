/**
 * The Service Center of a world: the real core and its real seed agent, with a database that is a list of committed
 * changes and a store on a simulated disk. Both survive a restart; a command whose reply was not given by then gets none.
 */
import type { AgentState } from '../../agent/core/state.ts'
import type { Command, Reply, ServiceCenterEffect, ServiceCenterEvent } from '../../controller/core/effects.ts'
import { ownCopyOf } from '../../controller/core/own-copies.ts'
import { livePatches } from '../../controller/core/publishing.ts'
import type { Change } from '../../controller/core/records.ts'
import { resume } from '../../controller/core/resuming.ts'
import { apply, emptyState, type ServiceCenterState } from '../../controller/core/state.ts'
import { step } from '../../controller/core/step.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import { type Clock, inTime } from '../../protocol/clock.ts'
import { sha256 } from '../../protocol/hashing.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { EnrollmentAnswer } from '../../protocol/messages.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import { type SigningKey, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import type { Letter } from '../../protocol/trust/statements.ts'
import { childOf } from './child-random.ts'
import type { CrashPoint } from './crash-point.ts'
import { PowerLoss } from './simulated-disk.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedSeed } from './simulated-seed.ts'
import { SimulatedStore } from './simulated-store.ts'
import type { Host, NetworkEvent } from './streams.ts'
import type { SymbolicPatch } from './symbolic-patch.ts'
import type { World } from './world.ts'

const SIGNING = signingKeyFromSeed(sha256(Buffer.from('signing')))
const MESH = signingKeyFromSeed(sha256(Buffer.from('mesh')))

export class SimulatedServiceCenter implements Host {
  readonly name = 'service-center'
  readonly signing: SigningKey = SIGNING
  readonly peer: PeerId = MESH.peer
  readonly store = new SimulatedStore()
  readonly process: SimulatedProcess
  readonly database: Change[] = []
  /** Told of each commit, when it is durable. */
  readonly committed: ((changes: readonly Change[]) => void)[] = []
  readonly enrollments: EnrollmentAnswer[] = []
  /** Every letter that ever came in, in order. */
  readonly letters: Letter[] = []
  corruptsPieces = false
  crashPoint: CrashPoint<ServiceCenterEffect> | null = null
  state: ServiceCenterState
  readonly #world: World
  readonly #seed: SimulatedSeed
  #replies: (Reply | Refusal)[] = []
  #members: ReadonlySet<PeerId> = new Set()

  constructor(world: World) {
    this.#world = world
    this.process = new SimulatedProcess(
      () => world.nowMs,
      (timeMs, act) => world.at(timeMs, act),
    )
    this.state = this.#emptyState()
    this.#seed = new SimulatedSeed(world, this, {
      identity: MESH,
      root: SIGNING.peer,
      random: () => this.#random(),
      note: (patch, copy) => this.tell({ kind: 'own-copy-told', patch, copy }),
      losePower: () => this.#crash(true),
    })
  }

  get seed(): AgentState {
    return this.#seed.state
  }

  get generation(): number {
    return this.process.generation
  }

  get isRunning(): boolean {
    return this.process.isRunning
  }

  start(): void {
    this.#world.network.answer(this)
    this.process.begin()
    this.state = this.#emptyState()
    for (const change of this.database) apply(this.state, change)
    this.#seed.begin()
    const gone = [...this.state.patches.values()].filter(({ withdrawal }) => withdrawal !== null)
    const known = livePatches(this.state).map(({ sha256 }) => sha256)
    this.store.removeUnknown(new Set(known), new Set(gone.map(({ sha256 }) => sha256)))
    const stored = this.store.held()
    for (const { sha256: patch } of livePatches(this.state)) {
      const copy = { provenAt: 0, wrong: 'its file is missing' }
      if (!stored.has(patch)) this.#performAll(step(this.state, { kind: 'own-copy-told', patch, copy }))
    }
    this.#performAll(resume(this.state))
    this.tick()
  }

  stop(): void {
    this.#world.crashMoments.note(null)
    this.process.end()
    this.#seed.end()
    this.#replies = []
    this.#world.network.leave(this)
  }

  losePower(): void {
    this.#world.crashMoments.note(null)
    this.process.end()
    this.#seed.end()
    this.#replies = []
    this.store.disk.losePower(this.#world.randomFor('power service-center'))
    this.#world.network.leave(this, { silently: true })
  }

  freeze(): void {
    this.process.freeze()
  }
  thaw(): void {
    this.process.thaw()
  }

  admits(peer: PeerId): boolean {
    return this.#members.has(peer)
  }

  /** Carries out a command at once and gives its answer; null where it went away first. */
  request(command: Command): Reply | Refusal | null {
    if (!this.isRunning) return null
    this.#replies = []
    this.tell({ kind: 'command', id: 0, command })
    return this.#replies.pop() ?? null
  }

  /** `request`, where nothing is in its way. */
  carryOut(command: Command): Reply | Refusal {
    const reply = this.request(command)
    assert(reply !== null, 'a command is answered by one reply')
    return reply
  }

  /** What the real intake does with a checked upload: first the file, then the record, then the answer. */
  receive({ publication, hashes, pieces }: SymbolicPatch): Reply | Refusal | null {
    if (!this.isRunning) return null
    try {
      this.store.adopt(publication.sha256, hashes, pieces)
    } catch (error) {
      if (error instanceof PowerLoss) this.#crash(true)
      return null
    }
    return this.request({ kind: 'publish', actor: 'admin', publication, hashes, signed: null })
  }

  tick(): void {
    if (!this.isRunning || this.process.isFrozen) return
    this.tell({ kind: 'tick', clock: this.#clock })
  }

  get #clock(): Clock {
    return this.process.clock.read(this.#world.nowMs, this.#world.wall)
  }

  /** An event that the core hears now. */
  tell(event: ServiceCenterEvent): void {
    const { generation } = this.process
    for (const heard of inTime(event, { told: this.state.clock, now: this.#clock })) {
      if (!this.isRunning || generation !== this.process.generation) return
      this.#world.transcript.centerEvent(heard)
      if (this.#world.keepsEverything && heard.kind === 'control-received' && heard.message.kind === 'letter')
        this.letters.push(heard.message.letter)
      this.#performAll(step(this.state, heard))
      if (heard.kind === 'tick') this.#seed.tell(heard)
      this.#world.afterEvent()
    }
  }

  hear(event: NetworkEvent): void {
    if (!this.isRunning) return
    if (this.#world.performing > 0 || this.process.isFrozen) this.process.later(0, () => this.#route(event))
    else this.#route(event)
  }

  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void {
    if (this.isRunning) this.#seed.hearPiece(from, patch, index, bytes)
  }

  #route(event: NetworkEvent): void {
    const { peer } = event
    if (event.kind === 'control-received') this.tell({ kind: 'control-received', peer, message: event.message })
    else if (event.kind !== 'opened' && event.kind !== 'closed') this.#seed.tell(event)
    else if (event.channel !== 'downlink') this.#seed.tell(event)
    else this.tell({ kind: event.kind === 'opened' ? 'control-opened' : 'control-closed', peer })
  }

  #performAll(effects: readonly ServiceCenterEffect[]): void {
    const { generation } = this.process
    this.#world.performing += 1
    for (const effect of effects) {
      const crash = this.crashPoint?.when(effect) ? this.crashPoint : null
      if (crash !== null) this.crashPoint = null
      if (crash?.moment !== 'before') this.#perform(effect)
      if (crash !== null && generation === this.process.generation) this.#crash(crash.losesPower ?? false)
      if (generation !== this.process.generation) break
    }
    this.#world.performing -= 1
  }

  #crash(losesPower: boolean): void {
    this.#world.say(this.name, losesPower ? 'LOSES POWER' : 'CRASHES')
    if (losesPower) this.losePower()
    else this.stop()
  }

  #perform(effect: ServiceCenterEffect): void {
    const { network, transcript } = this.#world
    transcript.centerEffect(effect)
    switch (effect.kind) {
      case 'commit':
        this.database.push(...effect.changes)
        for (const tell of this.committed) tell(effect.changes)
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
        network.admit(this, effect.members)
        break
      case 'hang-up':
        network.hangUp(this, effect.peer)
        break
      case 'seed': {
        const record = this.state.patches.get(effect.patch)
        assert(record !== undefined, 'only a published patch is seeded')
        const { publication, envelope, hashes } = record
        const { isNew } = effect
        this.#seed.tell({ kind: 'seeded', publication, envelope, hashes, copy: ownCopyOf(this.state, record), isNew })
        break
      }
      case 'name-holders':
        this.#seed.tell({ kind: 'holders-told', patch: effect.patch, holders: effect.holders })
        break
      case 'limit-seed':
        this.#seed.tell({ kind: 'limited', limits: effect.limits })
        break
      case 'unseed':
        this.#seed.tell({ kind: 'unseeded', patch: effect.patch })
        break
      case 'changed':
      case 'log':
        break
      default:
        unreachable(effect)
    }
  }

  #emptyState(): ServiceCenterState {
    return emptyState({ mesh: this.peer, signing: this.signing }, this.#random())
  }

  /** Another one for each process: a restarted Service Center must not give the ids of orders again. */
  #random() {
    return childOf(this.#world.random, `service-center ${this.process.generation}`)
  }
}
