/**
 * The bytes of an upload as they arrive, with what may go wrong on the way as refusals: it stops moving, it breaks off,
 * it is longer or shorter than was announced. There is no deadline for the whole, only for progress.
 */
import { LEAST_UPLOAD_BYTES_A_MINUTE, MAX_PATCH_BYTES } from '../../../protocol/limits.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'

/** Waits; injected so that a test decides when time has passed. */
export type Timer = { after(ms: number): { readonly passed: Promise<void>; cancel(): void } }

export const realTimer: Timer = {
  after(ms) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timeout = setTimeout(resolve, ms)
    return { passed: promise, cancel: () => clearTimeout(timeout) }
  },
}

/** Half a minute, in which half of `LEAST_UPLOAD_BYTES_A_MINUTE` has to come: the words go before the connection does. */
const WINDOW_MS = 30_000
const LEAST_BYTES = LEAST_UPLOAD_BYTES_A_MINUTE / 2

export type Body = {
  readonly chunks: AsyncIterable<Uint8Array>
  /** The Content-Length, where there is one. */
  readonly expectedBytes: number | null
}

/**
 * Throws a `RefusedError`. After one it no longer listens to the body, and to end the connection behind it is for
 * whoever made it: a body that never answers cannot be made to.
 */
export async function* pacedBody(body: Body, timer: Timer = realTimer): AsyncGenerator<Uint8Array> {
  const { expectedBytes } = body
  const iterator = body.chunks[Symbol.asyncIterator]()
  let window = timer.after(WINDOW_MS)
  let inWindow = 0
  let got = 0
  let ended = false
  try {
    let next = nextChunk(iterator)
    while (true) {
      const step = await Promise.race([next, window.passed])
      if (step === undefined) {
        if (inWindow < LEAST_BYTES) throw tooSlow(inWindow)
        window = timer.after(WINDOW_MS)
        inWindow = 0
        continue
      }
      if ('failure' in step) throw cut(got, expectedBytes, step.failure)
      if (step.chunk === null) break
      got += step.chunk.byteLength
      inWindow += step.chunk.byteLength
      if (got > MAX_PATCH_BYTES) throw tooLarge(`at least ${got}`)
      if (expectedBytes !== null && got > expectedBytes) {
        const message = `The upload was announced with ${expectedBytes} bytes and goes on after them.`
        throw new RefusedError(refuse('size_mismatch', message))
      }
      yield step.chunk
      next = nextChunk(iterator)
    }
    ended = true
    if (expectedBytes !== null && got < expectedBytes) throw cut(got, expectedBytes, null)
  } finally {
    window.cancel()
    if (!ended) abandon(iterator)
  }
}

export function tooLarge(bytes: string): RefusedError {
  return new RefusedError(refuse('too_large', `The file has ${bytes} bytes; at most ${MAX_PATCH_BYTES} are accepted.`))
}

type Step = { readonly chunk: Uint8Array | null } | { readonly failure: unknown }

/** Never rejects, so that a step nobody waits for any more is no unhandled rejection. */
async function nextChunk(iterator: AsyncIterator<Uint8Array>): Promise<Step> {
  try {
    const next = await iterator.next()
    return { chunk: next.done === true ? null : next.value }
  } catch (failure) {
    return { failure }
  }
}

/** Not awaited: while a body has not answered it does not take leave either. */
function abandon(iterator: AsyncIterator<Uint8Array>): void {
  void Promise.allSettled([iterator.return?.()])
}

function tooSlow(bytes: number): RefusedError {
  const least = `at least ${LEAST_UPLOAD_BYTES_A_MINUTE / 1000} kB a minute are needed`
  return new RefusedError(refuse('too_slow', `Only ${bytes} bytes arrived within 30 seconds; ${least}.`))
}

function cut(got: number, expectedBytes: number | null, failure: unknown): RefusedError {
  const of = expectedBytes === null ? '' : ` of ${expectedBytes}`
  const why = failure instanceof Error ? ` (${failure.message})` : ''
  const refused = new RefusedError(refuse('upload_cut', `The upload ended after ${got}${of} bytes${why}.`))
  refused.cause = failure
  return refused
}
