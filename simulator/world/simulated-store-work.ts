/**
 * Performs what the core of a simulated appliance wants of its store, as agent/shell/store-work.ts does: the work is done
 * at once, and told when the disk would have done it. A disk that refuses becomes an event; one that loses its power
 * ends everything.
 */
import type { AgentEffect, AgentEvent, Slot } from '../../agent/core/events.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { type Cut, pieceRange } from '../../protocol/pieces.ts'
import { PowerLoss } from './simulated-disk.ts'
import type { SimulatedStore } from './simulated-store.ts'

/** Any small work, and how long it takes to sync and read back even the smallest file. */
export const DISK_MS = 1
const SEAL_MS = 50

export type DiskRates = { readonly writeBytesPerMs: number; readonly proveBytesPerMs: number }
const KINDS = ['open-partial', 'store-piece', 'drop-piece', 'seal', 'prove-piece', 'set-apart', 'discard'] as const
export type StoreEffect = Extract<AgentEffect, { kind: (typeof KINDS)[number] }>

export function isOfStore(effect: AgentEffect): effect is StoreEffect {
  return KINDS.some((kind) => kind === effect.kind)
}

export type Received = { readonly from: PeerId; readonly bytes: Uint8Array }

export type StoreWorkOptions = {
  readonly store: SimulatedStore
  readonly rates: DiskRates
  readonly cutOf: (patch: Sha256) => Cut | undefined
  readonly taken: (from: PeerId, patch: Sha256, index: number) => void
  readonly tell: (afterMs: number, event: AgentEvent) => void
  readonly losePower: () => void
}

export class SimulatedStoreWork {
  /** What has come in and waits for the core to say what becomes of it. */
  readonly slots = new Map<Slot, Received>()
  readonly #options: StoreWorkOptions

  constructor(options: StoreWorkOptions) {
    this.#options = options
  }

  perform(effect: StoreEffect): void {
    const { store, rates } = this.#options
    switch (effect.kind) {
      case 'drop-piece':
        this.slots.delete(effect.slot)
        break
      case 'open-partial': {
        const { publication, hashes } = effect
        const patch = publication.sha256
        const open = () => store.openPartial(publication, hashes)
        this.#onDisk(patch, () => ({ kind: 'partial-opened', patch, have: open() }), DISK_MS)
        break
      }
      case 'store-piece': {
        const { patch, index, slot } = effect
        const piece = this.slots.get(slot)
        assert(piece !== undefined, 'a received piece is stored once')
        this.slots.delete(slot)
        this.#options.taken(piece.from, patch, index)
        const write = (): AgentEvent => {
          store.writePiece(patch, index, piece.bytes)
          return { kind: 'piece-stored', patch, index }
        }
        this.#onDisk(patch, write, DISK_MS + this.#bytesOf(patch, index) / rates.writeBytesPerMs)
        break
      }
      case 'seal': {
        const { patch } = effect
        const seal = (): AgentEvent => ({ kind: store.seal({ sha256: patch }) ? 'sealed' : 'corrupt', patch })
        this.#onDisk(patch, seal, SEAL_MS + this.#bytesOf(patch) / rates.proveBytesPerMs)
        break
      }
      case 'prove-piece':
        this.#prove(effect.patch, effect.index)
        break
      case 'set-apart': {
        const { patch } = effect
        const setApart = (): undefined => {
          store.setApart(patch)
        }
        this.#onDisk(patch, setApart, DISK_MS)
        break
      }
      case 'discard': {
        const { patch } = effect
        const discard = (): AgentEvent => {
          store.discard(patch)
          return { kind: 'discarded', patch }
        }
        this.#onDisk(patch, discard, DISK_MS)
        break
      }
      default:
        unreachable(effect)
    }
  }

  #bytesOf(patch: Sha256, index?: number): number {
    const cut = this.#options.cutOf(patch)
    if (cut === undefined) return 0
    return index === undefined ? cut.bytes : pieceRange(cut, index).length
  }

  /** Does the work at once and tells of it later, as the disk would. */
  #onDisk(patch: Sha256, work: () => AgentEvent | undefined, tookMs: number): void {
    let event: AgentEvent | undefined
    try {
      event = work()
    } catch (error) {
      assert(error instanceof Error, 'a store throws errors')
      if (error instanceof PowerLoss) {
        this.#options.losePower()
        return
      }
      const code = 'code' in error && error.code === 'ENOSPC' ? 'no_space' : 'failure'
      event = { kind: 'store-failed', patch, code, message: error.message }
    }
    if (event !== undefined) this.#options.tell(tookMs, event)
  }

  #prove(patch: Sha256, index: number): void {
    const tookMs = DISK_MS + this.#bytesOf(patch, index) / this.#options.rates.proveBytesPerMs
    const told = { kind: 'piece-read-back', patch, index } as const
    try {
      this.#options.tell(tookMs, {
        ...told,
        hash: this.#options.store.provePiece({ sha256: patch }, index),
        reason: '',
      })
    } catch (error) {
      assert(error instanceof Error, 'a store throws errors')
      this.#options.tell(tookMs, { ...told, hash: null, reason: error.message })
    }
  }
}
