/**
 * One appliance of a world: the real agent core, with a store, installers and a network in virtual time. What a disk
 * keeps survives a crash (the ledger, the store, what is installed); the state of the process does not.
 */
import type { AgentEffect, AgentEvent, Slot } from '../../agent/core/events.ts'
import { readLedger } from '../../agent/core/ledger.ts'
import { type AgentState, type Appliance, newAgent } from '../../agent/core/state.ts'
import { resume, step } from '../../agent/core/step.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import type { ListenAddress, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import type { Roster } from '../../protocol/statements.ts'
import { SimulatedInstaller } from './simulated-installer.ts'
import { SimulatedLedger } from './simulated-ledger.ts'
import type { Host } from './simulated-network.ts'
import { SimulatedStore } from './simulated-store.ts'
import type { World } from './world.ts'

const DISK_MS = 1
const SEAL_MS = 50

/** Where a crash comes: before or after this effect has been performed. */
export type CrashPoint = { when: (effect: AgentEffect) => boolean; moment: 'before' | 'after' }

export class SimulatedAppliance implements Host {
  readonly name: string
  readonly peer: PeerId
  readonly store = new SimulatedStore()
  readonly ledger = new SimulatedLedger()
  readonly installer: SimulatedInstaller
  state: AgentState
  isRunning = false
  /** Sends wrong bytes in the place of every piece. */
  corruptsPieces = false
  crashPoint: CrashPoint | null = null
  /** Every effect, for a test to look through. */
  readonly performed: AgentEffect[] = []
  readonly #world: World
  readonly #options: Appliance
  readonly #roster: Roster
  readonly #addresses: ListenAddress[]
  readonly #slots = new Map<Slot, { from: PeerId; bytes: Uint8Array }>()
  #members: ReadonlySet<PeerId> = new Set()
  #process = 0
  #frozen: (() => unknown)[] | null = null

  constructor(world: World, name: string, options: Appliance, roster: Roster, addresses: ListenAddress[]) {
    this.name = name
    this.peer = options.identity.peer
    this.#world = world
    this.#options = options
    this.#roster = roster
    this.#addresses = addresses
    this.state = newAgent(options)
    this.installer = new SimulatedInstaller((delayMs, act) => world.at(world.nowMs + delayMs, act))
  }

  start(): void {
    assert(!this.isRunning, 'an appliance is started once')
    this.#process += 1
    this.isRunning = true
    this.state = newAgent(this.#options)
    this.state.roster = this.#roster
    readLedger(this.state, this.ledger.read())
    this.state.addresses = this.#addresses
    this.store.removeUnknown(new Set(this.state.replicas.keys()))
    this.#performAll(resume(this.state, this.store.held()))
    this.hear({ kind: 'tick', clock: this.#world.clock })
  }

  /** The process ends at once, in the middle of whatever it does. */
  stop(): void {
    this.isRunning = false
    this.#process += 1
    this.#slots.clear()
    this.#world.network.leave(this)
  }

  /** It stands still, with its connections open, until `thaw`. */
  freeze(): void {
    this.#frozen = []
  }
  thaw(): void {
    const held = this.#frozen ?? []
    this.#frozen = null
    for (const act of held) this.#world.at(this.#world.nowMs, act)
  }

  admits(peer: PeerId): boolean {
    return this.#members.has(peer)
  }

  hear(event: AgentEvent): void {
    if (!this.isRunning) return
    // A process that stands still does not count the ticks that it has missed.
    if (event.kind === 'tick' && this.#frozen !== null) return
    this.#later(0, () => this.#handle(event))
  }

  hearPiece(from: PeerId, patch: Sha256, index: number, bytes: Uint8Array): void {
    const slot = this.#world.nextSlot()
    this.#slots.set(slot, { from, bytes })
    this.hear({ kind: 'piece-received', peer: from, patch, index, hash: pieceHash(bytes), slot })
  }

  #handle(event: AgentEvent): void {
    this.#world.transcript.agentEvent(this.name, event)
    this.#performAll(step(this.state, event))
    this.#world.afterEvent()
  }

  #performAll(effects: readonly AgentEffect[]): void {
    const process = this.#process
    for (const effect of effects) {
      const crash = this.crashPoint?.when(effect) ? this.crashPoint.moment : null
      if (crash !== null) this.crashPoint = null
      if (crash !== 'before') this.#perform(effect)
      if (crash !== null) {
        this.#world.say(this.name, 'CRASHES')
        this.stop()
      }
      if (process !== this.#process) return
    }
  }

  #perform(effect: AgentEffect): void {
    const { network, transcript } = this.#world
    this.performed.push(effect)
    transcript.agentEffect(this.name, effect, this.peer)
    switch (effect.kind) {
      case 'record':
        this.ledger.record(effect.entries)
        break
      case 'open':
        network.open(this, effect.channel, effect.peer)
        break
      case 'close':
        network.close(this, effect.channel, effect.peer)
        break
      case 'send-control':
        network.sendControl(this, effect.channel, effect.peer, effect.message)
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
      case 'admit':
        this.#members = effect.members
        break
      case 'detect':
        this.#soon({
          kind: 'detected',
          patch: effect.publication.sha256,
          found: this.installer.detect(effect.publication),
        })
        break
      case 'run-step': {
        const { step, publication } = effect
        const process = this.#process
        this.installer.run(step, publication, (outcome) => {
          if (process === this.#process) this.hear({ kind: 'step-ended', step, patch: publication.sha256, outcome })
        })
        break
      }
      case 'settle': {
        const process = this.#process
        const patch = effect.publication.sha256
        this.installer.settle(() => {
          if (process === this.#process) this.hear({ kind: 'settled', patch })
        })
        break
      }
      case 'open-partial':
      case 'store-piece':
      case 'drop-piece':
      case 'seal':
      case 'discard':
        this.#store(effect)
        break
      case 'answer-enrollment':
      case 'log':
        break
      default:
        unreachable(effect)
    }
  }

  #store(
    effect: Extract<AgentEffect, { kind: 'open-partial' | 'store-piece' | 'drop-piece' | 'seal' | 'discard' }>,
  ): void {
    switch (effect.kind) {
      case 'drop-piece':
        this.#slots.delete(effect.slot)
        break
      case 'open-partial': {
        const { publication, hashes } = effect
        const patch = publication.sha256
        this.#onDisk(patch, () => ({
          kind: 'partial-opened',
          patch,
          have: this.store.openPartial(publication, hashes),
        }))
        break
      }
      case 'store-piece': {
        const { patch, index, slot } = effect
        const piece = this.#slots.get(slot)
        assert(piece !== undefined, 'a received piece is stored once')
        this.#slots.delete(slot)
        this.#world.pieceTaken({ from: piece.from, to: this, patch, index })
        this.#onDisk(patch, () => {
          this.store.writePiece(patch, index, piece.bytes)
          return { kind: 'piece-stored', patch, index }
        })
        break
      }
      case 'seal': {
        const { patch } = effect
        this.#onDisk(patch, () => ({ kind: this.store.seal({ sha256: patch }) ? 'sealed' : 'corrupt', patch }), SEAL_MS)
        break
      }
      case 'discard': {
        const { patch } = effect
        this.#onDisk(
          patch,
          () => {
            this.store.discard(patch)
            return { kind: 'discarded', patch }
          },
          SEAL_MS,
        )
        break
      }
    }
  }

  /** Does the work at once and tells of it later, as the disk would. */
  #onDisk(patch: Sha256, work: () => AgentEvent, tookMs = DISK_MS): void {
    let event: AgentEvent
    try {
      event = work()
    } catch (error) {
      assert(error instanceof Error, 'a store throws errors')
      const code = 'code' in error && error.code === 'ENOSPC' ? 'no_space' : 'failure'
      event = { kind: 'store-failed', patch, code, message: error.message }
    }
    this.#later(tookMs, () => this.#handle(event))
  }

  #soon(event: AgentEvent): void {
    this.#later(DISK_MS, () => this.#handle(event))
  }

  #later(delayMs: number, act: () => void): void {
    const process = this.#process
    this.#world.at(this.#world.nowMs + delayMs, () => {
      if (process !== this.#process) return
      if (this.#frozen === null) act()
      else this.#frozen.push(() => process === this.#process && act())
    })
  }
}
