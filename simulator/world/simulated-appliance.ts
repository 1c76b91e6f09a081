/**
 * One appliance of a world: the real agent core, with a store, installers and a network in virtual time. What a disk
 * keeps survives a crash (the ledger, the store, what is installed); the state of the process does not.
 */
import type { AgentEffect, AgentEvent, Visitor } from '../../agent/core/events.ts'
import { beginCounting } from '../../agent/core/lost-ledger.ts'
import type { Machine } from '../../agent/core/machine.ts'
import { resume } from '../../agent/core/resuming.ts'
import { type AgentState, newAgent } from '../../agent/core/state.ts'
import { step } from '../../agent/core/step.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import { type Clock, inTime } from '../../protocol/clock.ts'
import type { ListenAddress, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import type { Place } from './copied-machine.ts'
import type { CrashPoint } from './crash-point.ts'
import { Reboots } from './reboots.ts'
import { sendPiece } from './sent-pieces.ts'
import { PowerLoss } from './simulated-disk.ts'
import { isOfInstalls, SimulatedInstallWork } from './simulated-install-work.ts'
import { SimulatedInstaller } from './simulated-installer.ts'
import { SimulatedLedger } from './simulated-ledger.ts'
import { SimulatedOperator } from './simulated-operator.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedStore } from './simulated-store.ts'
import { DISK_MS, isOfStore, SimulatedStoreWork } from './simulated-store-work.ts'
import { SimulatedUpdater } from './simulated-updater.ts'
import type { Host } from './streams.ts'
import { giveNothing } from './unhelpful-sources.ts'
import type { World } from './world.ts'

export class SimulatedAppliance implements Host {
  readonly name: string
  readonly peer: PeerId
  readonly store: SimulatedStore
  readonly ledger = new SimulatedLedger()
  readonly installer: SimulatedInstaller
  readonly operator: SimulatedOperator
  readonly updater: SimulatedUpdater
  readonly process: SimulatedProcess
  state: AgentState
  /** What its agent finds when it looks at the machine. */
  machine: Omit<Machine, 'bootId'> = { architectures: ['amd64'], restartDue: null, rooms: [] }
  /** Sends wrong bytes in the place of every piece. */
  corruptsPieces = false
  /** Instead of pieces: a byte now and then, or the word that there is none. */
  gives: 'pieces' | 'drips' | 'gone' = 'pieces'
  crashPoint: CrashPoint<AgentEffect> | null = null
  /** Every effect, for a test to look through. */
  readonly performed: AgentEffect[] = []
  readonly #world: World
  /** Where it listens. */
  addresses: readonly ListenAddress[]
  readonly place: Place
  readonly #storeWork: SimulatedStoreWork
  readonly #installWork: SimulatedInstallWork
  #members: ReadonlySet<PeerId> = new Set()
  readonly #reboots: Reboots

  constructor(world: World, name: string, place: Place) {
    const { options, addresses, diskBytes } = place
    this.place = place
    this.name = name
    this.peer = options.identity.peer
    this.#world = world
    this.addresses = addresses
    this.#reboots = new Reboots(world, this)
    this.store = new SimulatedStore(diskBytes)
    this.process = new SimulatedProcess(
      () => world.nowMs,
      (timeMs, act) => world.at(timeMs, act),
      place.firstGeneration,
    )
    this.state = newAgent({ ...options, life: this.process.life })
    this.#storeWork = new SimulatedStoreWork({
      store: this.store,
      rates: world.disks,
      cutOf: (patch) => this.state.replicas.get(patch)?.publication,
      taken: (from, patch, index) => world.pieceTaken({ from, to: this, patch, index }),
      tell: (afterMs, event) => this.process.later(afterMs, () => this.#handle(event)),
      losePower: () => this.#crash(true),
    })
    this.installer = new SimulatedInstaller(
      (delayMs, act) => world.at(world.nowMs + delayMs, act),
      world.disruptions.watch(this),
    )
    this.updater = new SimulatedUpdater(world, this, world.disruptions.watch(this))
    this.operator = new SimulatedOperator({
      checks: options.settings.checks,
      now: () => world.nowMs,
      after: (delayMs, act) => world.at(world.nowMs + delayMs, act),
      installedVersion: (patch) => this.installer.installedVersion(patch),
      runs: world.disruptions.watchHooks(this),
    })
    this.#installWork = new SimulatedInstallWork({
      ...{ world, appliance: this, reboots: this.#reboots },
      soon: (event) => this.#soon(event),
    })
  }

  get generation(): number {
    return this.process.generation
  }

  get isRunning(): boolean {
    return this.process.isRunning
  }

  get isRebooting(): boolean {
    return this.#reboots.isUnderWay
  }

  start(): void {
    this.#reboots.isBack()
    assert(!this.isRunning, 'an appliance is started once')
    this.#world.network.answer(this)
    this.process.begin()
    this.state = newAgent({ ...this.place.options, life: this.process.life, release: this.updater.begins() })
    this.state.roster = this.place.roster
    this.ledger.load(this.state)
    beginCounting(this.state, this.#clock.wallMs)
    this.state.addresses = [...this.addresses]
    try {
      this.store.removeUnknown(new Set(this.state.replicas.keys()), new Set(this.state.withdrawn.keys()))
    } catch (error) {
      this.#world.say(this.name, `cannot start: ${error instanceof Error ? error.message : String(error)}`)
      this.#crash(error instanceof PowerLoss)
      return
    }
    this.#performAll(resume(this.state, this.store.held()))
    this.tick()
  }

  /** The process ends at once, in the middle of whatever it does. */
  stop(): void {
    this.#world.crashMoments.note(this.peer)
    this.updater.ended()
    this.endForUpdater()
  }

  /** The process becomes another one: what it was doing goes on there. */
  endForUpdater(): void {
    this.process.end()
    this.#storeWork.slots.clear()
    this.#world.network.leave(this)
  }

  /** The machine stops at once: nobody hears of it, and unsynced bytes are lost. */
  losePower(): void {
    this.#world.crashMoments.note(this.peer)
    this.#reboots.count += 1
    this.updater.ended()
    this.process.end()
    this.#storeWork.slots.clear()
    this.installer.losePower()
    this.operator.losePower()
    this.store.disk.losePower(this.#world.randomFor(`power ${this.name}`))
    this.#world.network.leave(this, { silently: true })
  }

  /** It stands still, with its connections open, until `thaw`. */
  freeze(): void {
    this.process.freeze()
  }
  thaw(): void {
    this.process.thaw()
  }

  admits(peer: PeerId): boolean {
    return this.#members.has(peer)
  }

  /** A process that stands still does not count the ticks that it has missed. */
  tick(): void {
    if (!this.isRunning || this.process.isFrozen) return
    if (this.#reboots.isDue(this.state.orders.attempt?.phase === 'restarting')) return
    this.#world.network.tellMoving(this)
    this.hear({ kind: 'tick', clock: this.#clock })
  }

  hear(event: AgentEvent): void {
    if (!this.isRunning) return
    if (this.#world.performing > 0 || this.process.isFrozen) this.process.later(0, () => this.#handle(event))
    else this.#handle(event)
  }

  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void {
    const slot = this.#world.nextSlot()
    this.#storeWork.slots.set(slot, { from, bytes })
    this.hear({ kind: 'piece-received', peer: from, patch, index, hash: pieceHash(bytes), slot })
  }

  /** Somebody at the appliance brings a piece on a disk. */
  bringPiece(visitor: Visitor, patch: Sha256, index: number, bytes: Uint8Array): void {
    const slot = this.#world.nextSlot()
    this.#storeWork.slots.set(slot, { from: this.peer, bytes })
    this.hear({ kind: 'piece-imported', visitor, patch, index, hash: pieceHash(bytes), slot })
  }

  get #clock(): Clock {
    return this.process.clock.read(this.#world.nowMs, this.#world.wall)
  }

  #handle(event: AgentEvent): void {
    const { generation } = this.process
    for (const heard of inTime(event, { told: this.state.clock, now: this.#clock })) {
      if (generation !== this.process.generation) return
      this.#world.transcript.agentEvent(this.name, heard)
      this.#performAll(step(this.state, heard))
      this.#world.afterEvent()
    }
  }

  #performAll(effects: readonly AgentEffect[]): void {
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

  #perform(effect: AgentEffect): void {
    const { network, transcript } = this.#world
    if (this.#world.keepsEverything) this.performed.push(effect)
    transcript.agentEffect(this.name, effect, this.peer)
    if (this.updater.mutes(effect)) return
    if (isOfStore(effect)) {
      this.#storeWork.perform(effect)
      return
    }
    if (isOfInstalls(effect)) {
      this.#installWork.perform(effect)
      return
    }
    switch (effect.kind) {
      case 'record':
        this.ledger.record(effect.entries)
        break
      case 'open':
        network.open(this, effect)
        break
      case 'close':
        network.close(this, effect.channel, effect.peer)
        break
      case 'hang-up':
        network.hangUp(this, effect.peer)
        break
      case 'send-control':
        network.sendControl(this, effect.channel, effect.peer, effect.message)
        break
      case 'send-pieces':
        network.sendPieces(this, effect.channel, effect.peer, effect.message)
        break
      case 'send-piece':
        if (this.gives !== 'pieces') giveNothing(this.#world, this, effect)
        else sendPiece(network, this, effect, this.state.replicas.get(effect.patch)?.publication)
        break
      case 'keep-trust':
        this.ledger.trustFile = effect.bytes
        break
      case 'admit':
        this.#members = effect.members
        network.admit(this, effect.members)
        break
      case 'limit':
        this.#world.network.limit(this, effect.limits)
        break
      case 'widen':
        this.#world.network.widen(this, effect.peer, effect.lanes)
        break
      // The network of the world knows how far everybody is.
      case 'tidy':
      case 'note-copy':
      case 'note-clock':
      case 'answer-visitor':
      case 'probe':
      case 'answer-enrollment':
      case 'log':
        break
      default:
        unreachable(effect)
    }
  }

  #soon(event: AgentEvent): void {
    this.process.later(DISK_MS, () => this.#handle(event))
  }
}
