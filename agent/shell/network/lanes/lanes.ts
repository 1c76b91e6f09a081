/**
 * The lanes to one source, over which the bytes of pieces come. A request names the lane with the fewest unanswered ones,
 * two at most on each where there are several, so that one which stands still after a loss holds up little. Where there is
 * no lane, since none can be dialled or the source knows none, pieces come over the stream itself. What a lane had not
 * answered when it ended is asked for again.
 */
import type { PiecesMessage } from '../../../../protocol/messages.ts'

/** The one that is being sent and the next. */
const REQUESTS_ON_ONE_OF_SEVERAL = 2
/** While the first lane is dialled: so that nothing stands still, and little comes the dear way. */
const REQUESTS_MEANWHILE = 1
const FIRST_REDIAL_AFTER_MS = 5_000
const LONGEST_REDIAL_AFTER_MS = 5 * 60_000
/** A lane over which nothing was asked for so long costs more than it is worth. */
const IDLE_MS = 30_000

export type LaneStream = { abort(reason: string): void }
type Request = Extract<PiecesMessage, { kind: 'request' }>
type Lane = { readonly number: number; readonly stream: LaneStream; unanswered: Request[] }

export type LanesOptions = {
  /** Over the stream of the source. */
  readonly say: (message: PiecesMessage) => void
  /** Null where pieces come over the stream alone. `onEnd` must be called when the lane has ended. */
  readonly dial: ((lane: number, onEnd: () => void) => Promise<LaneStream>) | null
}

export class Lanes {
  readonly #options: LanesOptions
  /** What was asked for over the stream itself. */
  #overStream: Request[] = []
  #lanes: Lane[] = []
  #waiting: Request[] = []
  #wanted = 1
  #isDialling = false
  #dialAfterMs = 0
  #failures = 0
  #hasEnded = false
  #idle: NodeJS.Timeout | undefined

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** How many lanes there shall be; those that are too many end. */
  widen(wanted: number): void {
    this.#wanted = wanted
    if (this.#lanes.length > 0) this.#fill()
    for (const { stream } of this.#lanes.slice(wanted)) stream.abort('one lane less is enough')
  }

  send(message: PiecesMessage): void {
    if (message.kind === 'request') {
      this.#waiting.push(message)
      this.#fill()
      this.#dispatch()
    } else if (message.kind === 'cancel') this.#cancel(message)
    else {
      if (message.kind === 'unwant') this.#forget((request) => request.patch === message.patch)
      this.#options.say(message)
    }
  }

  /** A piece has come. */
  answered(patch: string, index: number): void {
    const isOther = (request: Request): boolean => request.patch !== patch || request.index !== index
    for (const lane of this.#lanes) {
      const left = lane.unanswered.filter(isOther)
      if (left.length < lane.unanswered.length) this.#failures = 0
      lane.unanswered = left
    }
    this.#overStream = this.#overStream.filter(isOther)
    this.#dispatch()
  }

  end(): void {
    this.#hasEnded = true
    this.#restIdle()
    for (const { stream } of this.#lanes) stream.abort('the source was closed')
  }

  #cancel(message: Extract<PiecesMessage, { kind: 'cancel' }>): void {
    const isIt = (request: Request) => request.patch === message.patch && request.index === message.index
    const wasAsked = [this.#overStream, ...this.#lanes.map(({ unanswered }) => unanswered)].some((asked) =>
      asked.some(isIt),
    )
    this.#forget(isIt)
    if (wasAsked) this.#options.say(message)
    this.#dispatch()
  }

  #forget(isIt: (request: Request) => boolean): void {
    this.#waiting = this.#waiting.filter((request) => !isIt(request))
    this.#overStream = this.#overStream.filter((request) => !isIt(request))
    for (const lane of this.#lanes) lane.unanswered = lane.unanswered.filter((request) => !isIt(request))
  }

  #dispatch(): void {
    if (this.#lanes.length > 0) this.#dispatchOverLanes()
    else {
      // Where none could be dialled before, nothing waits for the next try.
      const most = this.#isDialling && this.#failures === 0 ? REQUESTS_MEANWHILE : Number.POSITIVE_INFINITY
      while (this.#waiting.length > 0 && this.#overStream.length < most) {
        const request = this.#waiting.shift()
        if (request === undefined) break
        this.#overStream.push(request)
        this.#options.say(request)
      }
    }
  }

  #dispatchOverLanes(): void {
    this.#idle?.refresh()
    while (this.#waiting.length > 0) {
      const lane = this.#lanes.reduce((idlest, one) =>
        one.unanswered.length < idlest.unanswered.length ? one : idlest,
      )
      if (this.#lanes.length > 1 && lane.unanswered.length >= REQUESTS_ON_ONE_OF_SEVERAL) return
      const request = this.#waiting.shift()
      if (request === undefined) return
      lane.unanswered.push(request)
      this.#options.say({ ...request, lane: lane.number })
    }
  }

  /** One after the other. */
  #fill(): void {
    const { dial } = this.#options
    if (dial === null || this.#isDialling || this.#hasEnded || this.#lanes.length >= this.#wanted) return
    if (performance.now() < this.#dialAfterMs) return
    this.#isDialling = true
    const number = this.#freeNumber()
    const lane: { current: Lane | null } = { current: null }
    void Promise.allSettled([dial(number, () => this.#lost(lane.current))]).then(([dialled]) => {
      this.#isDialling = false
      if (dialled.status === 'rejected') this.#failed()
      else if (this.#hasEnded || this.#lanes.length >= this.#wanted) dialled.value.abort('it is not needed any more')
      else {
        lane.current = { number, stream: dialled.value, unanswered: [] }
        this.#lanes.push(lane.current)
        this.#idle ??= setInterval(() => this.#endIdle(), IDLE_MS).unref()
        this.#fill()
      }
      if (!this.#hasEnded) this.#dispatch()
    })
  }

  #freeNumber(): number {
    let number = 1
    while (this.#lanes.some((lane) => lane.number === number)) number += 1
    return number
  }

  /** The source goes on with the lanes that it has, or without. */
  #failed(): void {
    const waitMs = Math.min(LONGEST_REDIAL_AFTER_MS, FIRST_REDIAL_AFTER_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#dialAfterMs = performance.now() + waitMs
  }

  #lost(lane: Lane | null): void {
    const at = lane === null ? -1 : this.#lanes.indexOf(lane)
    if (lane === null || at < 0) return
    this.#lanes.splice(at, 1)
    if (this.#lanes.length === 0) this.#restIdle()
    if (this.#hasEnded) return
    if (lane.unanswered.length > 0) this.#failed()
    this.#waiting.unshift(...lane.unanswered)
    this.#dispatch()
  }

  #endIdle(): void {
    if (this.#lanes.some(({ unanswered }) => unanswered.length > 0)) return
    for (const { stream } of this.#lanes) stream.abort('nothing was asked for over it')
  }

  #restIdle(): void {
    clearInterval(this.#idle)
    this.#idle = undefined
  }
}
