/**
 * Uploads that survive a cut: they go on after the network, the browser or this process went away. Whoever began one
 * alone may go on with it, from exactly where it stands. What nobody goes on with for 24 hours is removed. A whole one is
 * checked and published as any other upload is, without being copied.
 */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import type { Actor } from '../../core/effects.ts'
import type { Publish } from '../publish-upload.ts'
import { GrowingUpload, inBlocks, isFullDisk, noSpace, type Received } from './growing-upload.ts'
import { pacedBody, type Timer } from './paced-body.ts'
import { requireRoom } from './receive-upload.ts'
import {
  beginUnfinished,
  deleteUnfinished,
  filesOf,
  KEPT_MS,
  letRest,
  loadUnfinished,
  type NewUpload,
  stateOf,
  tailOf,
  type Unfinished,
  type UploadState,
} from './unfinished-upload.ts'

/** Unfinished ones of one person; each may be as large as the largest patch. */
export const MAX_UNFINISHED = 20
/** Checks that wait for the next bytes of an upload that comes in many requests; each is a thread. */
const MAX_WAITING_CHECKS = 4

/** Outcomes that are remembered for who missed the answer. */
const MAX_ENDED = 1000

export type Continuation = {
  id: string
  owner: Actor
  offset: number
  body: AsyncIterable<Uint8Array>
  /** The Content-Length, if there was one. */
  announced: number | undefined
  /** From where, for the trail. */
  origin?: string
}

type Options = {
  folder: string
  publish: Publish
  /** Hears of each file that is no patch. */
  refused: (upload: { actor: Actor; filename: string; origin: string }, refusal: Refusal) => Promise<void>
  /** One began, came to rest, or is gone. */
  changed: () => void
  /** Wall milliseconds. */
  clock: () => number
  timer?: Timer
}

export class ResumableUploads {
  readonly #options: Options
  readonly #unfinished = new Map<string, Unfinished>()
  /** How those ended that are whole, for a sender who did not hear it. */
  readonly #ended = new Map<string, { state: UploadState; owner: Actor; refusal: Refusal | null }>()

  private constructor(options: Options) {
    this.#options = options
  }

  static async open(options: Options): Promise<ResumableUploads> {
    const uploads = new ResumableUploads(options)
    for (const name of await readdir(options.folder)) {
      const upload = await loadUnfinished(options.folder, name)
      if (upload !== null) uploads.#unfinished.set(upload.id, upload)
    }
    await uploads.sweep()
    return uploads
  }

  /** The names in the folder that belong to unfinished uploads. */
  files(): string[] {
    return [...this.#unfinished.values()].flatMap(filesOf)
  }

  async create(upload: NewUpload): Promise<UploadState | Refusal> {
    if (this.of(upload.owner).length >= MAX_UNFINISHED)
      return refuse('upload_quota', `${upload.owner} has ${MAX_UNFINISHED} unfinished uploads`)
    const { folder, clock } = this.#options
    const id = randomBytes(16).toString('hex')
    try {
      await requireRoom({ path: join(folder, id), expectedBytes: upload.bytes })
    } catch (error) {
      if (error instanceof RefusedError) return error.refusal
      throw error
    }
    const unfinished = await beginUnfinished(folder, id, upload, clock())
    this.#unfinished.set(id, unfinished)
    return stateOf(unfinished)
  }

  /** Another's upload is not found, whatever its id. What was refused when it was whole is refused again. */
  find(id: string, owner: Actor): UploadState | Refusal {
    const ended = this.#ended.get(id)
    if (ended?.owner === owner) return ended.refusal ?? ended.state
    const found = this.#own(id, owner)
    return isRefusal(found) ? found : stateOf(found)
  }

  /** The unfinished ones of a person, the newest last. */
  of(owner: Actor): UploadState[] {
    return [...this.#unfinished.values()].filter((upload) => upload.owner === owner).map(stateOf)
  }

  /** Of an unfinished upload; null for one that is whole, where nobody goes on. */
  async tail(id: string, owner: Actor): Promise<{ bytes: number; sha256: Sha256 } | null> {
    const found = this.#own(id, owner)
    return isRefusal(found) ? null : tailOf(found)
  }

  /**
   * Goes on where the upload stands. Whoever still sends it is ended first: that is a connection which nobody has
   * noticed to be dead, or another window of the same person.
   */
  async append({ id, owner, offset, body, announced, origin = '' }: Continuation): Promise<UploadState | Refusal> {
    const upload = this.#own(id, owner)
    if (isRefusal(upload)) return this.find(id, owner)
    upload.sender?.abort()
    const sender = new AbortController()
    upload.sender = sender
    const before = upload.turn
    const turn = Promise.withResolvers<void>()
    upload.turn = turn.promise
    try {
      await before
      if (this.#unfinished.get(id) !== upload) return this.find(id, owner)
      if (sender.signal.aborted) return refuse('upload_stopped', 'another request goes on with the upload')
      const wrong = misfit(upload, offset, announced)
      return wrong ?? (await this.#receive(upload, until(sender.signal, body), { announced, origin }))
    } finally {
      turn.resolve()
      if (upload.sender === sender) upload.sender = null
      this.#options.changed()
    }
  }

  /** Gives an upload up; nothing of it is left. */
  async remove(id: string, owner: Actor): Promise<Refusal | null> {
    const upload = this.#own(id, owner)
    if (isRefusal(upload)) return upload
    await this.#forget(upload)
    this.#options.changed()
    return null
  }

  /** Removes what nobody has gone on with, and ends the checks that wait. */
  async sweep(): Promise<void> {
    const now = this.#options.clock()
    for (const upload of this.#unfinished.values()) {
      if (upload.sender !== null) continue
      if (stateOf(upload).expiresAt <= now) await this.#forget(upload)
      else await letRest(upload)
    }
    for (const [id, { state }] of this.#ended) if (state.expiresAt <= now) this.#ended.delete(id)
  }

  /** Ends what comes in; the next process can go on with it. */
  async close(): Promise<void> {
    for (const upload of this.#unfinished.values()) {
      upload.sender?.abort()
      await upload.turn
      await letRest(upload)
    }
  }

  async #receive(
    upload: Unfinished,
    chunks: AsyncIterable<Uint8Array>,
    { announced, origin }: { announced: number | undefined; origin: string },
  ): Promise<UploadState | Refusal> {
    const place = { path: upload.path, expectedBytes: upload.bytes }
    const growing = upload.growing ?? (await GrowingUpload.reopen(place, upload.offset))
    upload.growing = growing
    const arriving = pacedBody({ chunks, expectedBytes: announced ?? null }, this.#options.timer)
    let end: Received | Refusal
    try {
      const wrong = await this.#write(upload, growing, arriving)
      if (wrong === null && upload.offset < upload.bytes) {
        await growing.sync()
        await this.#letOthersRest()
        return stateOf(upload)
      }
      end = wrong ?? (await growing.finish())
    } catch (error) {
      await growing.sync()
      await letRest(upload)
      if (error instanceof RefusedError)
        return refuse('upload_stopped', `${error.refusal.message} ${upload.offset} bytes are kept.`)
      if (isFullDisk(error)) return await noSpace(place)
      throw new Error(`receiving the upload ${upload.id} failed`, { cause: error })
    }
    // What only lacks room may go on when there is some.
    return isRefusal(end) && end.refused === 'no_space' ? end : await this.#end(upload, end, origin)
  }

  async #write(upload: Unfinished, growing: GrowingUpload, body: AsyncIterable<Uint8Array>): Promise<Refusal | null> {
    for await (const block of inBlocks(body, { keepRest: true })) {
      if (growing.bytes + block.byteLength > upload.bytes) throw new RefusedError(tooMuch(upload))
      const wrong = await growing.append(block)
      upload.offset = growing.bytes
      upload.changedAt = this.#options.clock()
      if (wrong !== null) return wrong
    }
    return null
  }

  /** It is whole, or known to be wrong. */
  async #end(upload: Unfinished, received: Received | Refusal, origin: string): Promise<UploadState | Refusal> {
    const { id, owner, filename } = upload
    try {
      if (isRefusal(received)) await this.#options.refused({ actor: owner, filename, origin }, received)
      const result = isRefusal(received) ? received : await this.#options.publish(received, owner, origin)
      const refusal = isRefusal(result) ? result : null
      const state = { ...stateOf(upload), sending: false, outcome: isRefusal(result) ? null : result }
      this.#ended.set(id, { state, owner, refusal })
      const [oldest] = this.#ended.keys()
      if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest)
      return refusal ?? state
    } finally {
      this.#unfinished.delete(id)
      await deleteUnfinished(upload)
    }
  }

  async #forget(upload: Unfinished): Promise<void> {
    this.#unfinished.delete(upload.id)
    upload.sender?.abort()
    await upload.turn
    await deleteUnfinished(upload)
  }

  /** An upload that comes in many requests keeps its check between them, but only the latest few do. */
  async #letOthersRest(): Promise<void> {
    const waiting = [...this.#unfinished.values()].filter(({ growing, sender }) => growing !== null && sender === null)
    waiting.sort((left, right) => right.changedAt - left.changedAt)
    for (const upload of waiting.slice(MAX_WAITING_CHECKS - 1)) await letRest(upload)
  }

  #own(id: string, owner: Actor): Unfinished | Refusal {
    const found = this.#unfinished.get(id)
    if (found !== undefined && found.owner === owner) return found
    return refuse(
      'not_found',
      `there is no upload ${id.slice(0, 40)} of ${owner}; it is kept for ${KEPT_MS / 3600_000} hours`,
    )
  }
}

/** Why bytes that begin there cannot be taken, or null. */
function misfit(upload: Unfinished, offset: number, announced: number | undefined): Refusal | null {
  if (offset !== upload.offset)
    return refuse('wrong_offset', `the upload stands at ${upload.offset} bytes, and the request begins at ${offset}`)
  return announced !== undefined && announced > upload.bytes - offset ? tooMuch(upload) : null
}

function tooMuch({ bytes }: Unfinished): Refusal {
  return refuse('size_mismatch', `The upload was announced with ${bytes} bytes and goes on after them.`)
}

/** The chunks, until they end or the signal comes. */
async function* until(signal: AbortSignal, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<null>()
  signal.addEventListener('abort', () => stop(null), { once: true })
  if (signal.aborted) stop(null)
  while (true) {
    const next = await Promise.race([iterator.next(), stopped])
    if (next === null) throw new Error('another request goes on with it')
    if (next.done === true) return
    yield next.value
  }
}
