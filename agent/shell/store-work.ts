/**
 * Performs what a core wants of the piece store. Work on one patch is done in the order it was asked for; work on
 * different patches side by side. A disk that refuses becomes an event, never an exception.
 */
import { assert, isBug } from '../../protocol/assert.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { AgentEffect, AgentEvent, Slot } from '../core/events.ts'
import { causes } from './causes.ts'
import { isNoSpace } from './disk-space.ts'
import type { ReceivedPieces } from './network/received-pieces.ts'
import type { PieceStore, StoredPatch } from './piece-store.ts'

export type StoreEffect = Extract<
  AgentEffect,
  { kind: 'open-partial' | 'store-piece' | 'drop-piece' | 'seal' | 'prove-piece' | 'set-apart' | 'discard' }
>

export class StoreWork {
  readonly #store: PieceStore
  readonly #received: ReceivedPieces
  readonly #patchOf: (patch: Sha256) => StoredPatch | undefined
  readonly #deliver: (event: AgentEvent) => void
  readonly #follow: (work: Promise<void>) => void
  readonly #queues = new Map<Sha256, Promise<unknown>>()

  constructor(options: {
    store: PieceStore
    received: ReceivedPieces
    patchOf: (patch: Sha256) => StoredPatch | undefined
    deliver: (event: AgentEvent) => void
    /** Takes work that goes on beside the loop; what escapes it ends the process. */
    follow: (work: Promise<void>) => void
  }) {
    this.#store = options.store
    this.#received = options.received
    this.#patchOf = options.patchOf
    this.#deliver = options.deliver
    this.#follow = options.follow
  }

  perform(effect: StoreEffect): void {
    switch (effect.kind) {
      case 'drop-piece':
        this.#received.recycle(this.#take(effect.slot))
        break
      case 'open-partial': {
        const { publication, hashes } = effect
        const patch = publication.sha256
        this.#perform(patch, async () => {
          this.#deliver({ kind: 'partial-opened', patch, have: await this.#store.openPartial(publication, hashes) })
        })
        break
      }
      case 'store-piece': {
        const { patch, index } = effect
        const bytes = this.#take(effect.slot)
        this.#perform(patch, async () => {
          try {
            await this.#store.writePiece(patch, index, bytes)
          } finally {
            this.#received.recycle(bytes)
          }
          this.#deliver({ kind: 'piece-stored', patch, index })
        })
        break
      }
      case 'seal': {
        const { patch } = effect
        const stored = this.#patchOf(patch)
        assert(stored !== undefined, 'only a known patch is sealed')
        this.#perform(patch, async () => {
          this.#deliver({ kind: (await this.#store.seal(stored)) ? 'sealed' : 'corrupt', patch })
        })
        break
      }
      case 'prove-piece':
        this.#follow(this.inTurn(effect.patch, () => this.#prove(effect.patch, effect.index)))
        break
      case 'set-apart': {
        const { patch } = effect
        this.#perform(patch, () => this.#store.setApart(patch))
        break
      }
      case 'discard': {
        const { patch } = effect
        this.#perform(patch, async () => {
          await this.#store.discard(patch)
          this.#deliver({ kind: 'discarded', patch })
        })
        break
      }
    }
  }

  /** What cannot be read is told as that, whatever the reason: what follows is decided by the core. */
  async #prove(patch: Sha256, index: number): Promise<void> {
    const told = { kind: 'piece-read-back', patch, index } as const
    try {
      const stored = this.#patchOf(patch)
      if (stored === undefined) throw new Error('no longer stored')
      this.#deliver({ ...told, hash: await this.#store.provePiece(stored, index), reason: '' })
    } catch (error) {
      if (isBug(error)) throw error
      this.#deliver({ ...told, hash: null, reason: causes(error) })
    }
  }

  #take(slot: Slot): Uint8Array {
    const bytes = this.#received.take(slot)
    assert(bytes !== undefined, 'a received piece is stored or dropped, once')
    return bytes
  }

  /** Resolves when all that was asked for so far is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#queues.values())
  }

  /** Other work on the same patch, after what was asked for before it, and before what is asked for later. */
  async inTurn<Result>(patch: Sha256, work: () => Promise<Result>): Promise<Result> {
    const result = (this.#queues.get(patch) ?? Promise.resolve()).then(work)
    // However it ends: what goes wrong is for whoever asked for it.
    const done = Promise.allSettled([result])
    this.#queues.set(patch, done)
    try {
      return await result
    } finally {
      if (this.#queues.get(patch) === done) this.#queues.delete(patch)
    }
  }

  #perform(patch: Sha256, work: () => Promise<void>): void {
    const answered = this.inTurn(patch, work).catch((error: unknown) => {
      if (isBug(error)) throw error
      const code = isNoSpace(error) ? 'no_space' : 'failure'
      this.#deliver({ kind: 'store-failed', patch, code, message: causes(error) })
    })
    this.#follow(answered)
  }
}
