/**
 * Several connections to one source. A request goes out on the connection with the fewest unanswered ones, two at most
 * on each where there are several, so that one which stands still after a loss holds up little. What a connection had
 * not answered when it ended is asked on another; the first one carries everything else and ends the source with it.
 */
import type { PiecesMessage } from '../../../protocol/messages.ts'

/** The one that is being sent and the next. */
const REQUESTS_ON_ONE_OF_SEVERAL = 2
const REDIAL_AFTER_MS = 5_000

export type LaneStream = { send(message: PiecesMessage): void; abort(reason: string): void }
type PieceRequest = Extract<PiecesMessage, { kind: 'request' }>
type Lane = { readonly stream: LaneStream; unanswered: PieceRequest[] }

export class Lanes {
  readonly #first: Lane
  /** Dials once more; `onEnd` must be called when that stream has ended. */
  readonly #dial: (onEnd: () => void) => Promise<LaneStream>
  #others: Lane[] = []
  #waiting: PieceRequest[] = []
  #wanted = 1
  #isDialling = false
  #dialAfterMs = 0
  #hasEnded = false

  constructor(first: LaneStream, dial: (onEnd: () => void) => Promise<LaneStream>) {
    this.#first = { stream: first, unanswered: [] }
    this.#dial = dial
  }

  /** How many connections there shall be, with the first; those that are too many end when they have nothing to do. */
  widen(wanted: number): void {
    this.#wanted = wanted
    this.#fill()
    for (const lane of this.#others.slice(Math.max(0, wanted - 1))) lane.stream.abort('one connection less is enough')
  }

  send(message: PiecesMessage): void {
    if (message.kind === 'request') {
      this.#waiting.push(message)
      this.#fill()
      this.#dispatch()
    } else if (message.kind === 'cancel') this.#cancel(message)
    else {
      if (message.kind === 'unwant') this.#forget((request) => request.patch === message.patch)
      this.#first.stream.send(message)
    }
  }

  /** A piece has come. */
  answered(patch: string, index: number): void {
    for (const lane of [this.#first, ...this.#others])
      lane.unanswered = lane.unanswered.filter((request) => request.patch !== patch || request.index !== index)
    this.#dispatch()
  }

  end(): void {
    this.#hasEnded = true
    for (const { stream } of this.#others) stream.abort('the source was closed')
  }

  #cancel(message: Extract<PiecesMessage, { kind: 'cancel' }>): void {
    const isIt = (request: PieceRequest) => request.patch === message.patch && request.index === message.index
    const lane = [this.#first, ...this.#others].find(({ unanswered }) => unanswered.some(isIt))
    this.#forget(isIt)
    lane?.stream.send(message)
    this.#dispatch()
  }

  #forget(isIt: (request: PieceRequest) => boolean): void {
    this.#waiting = this.#waiting.filter((request) => !isIt(request))
    for (const lane of [this.#first, ...this.#others])
      lane.unanswered = lane.unanswered.filter((request) => !isIt(request))
  }

  #dispatch(): void {
    const lanes = [this.#first, ...this.#others]
    while (this.#waiting.length > 0) {
      const lane = lanes.reduce((idlest, one) => (one.unanswered.length < idlest.unanswered.length ? one : idlest))
      if (lanes.length > 1 && lane.unanswered.length >= REQUESTS_ON_ONE_OF_SEVERAL) return
      const request = this.#waiting.shift()
      if (request === undefined) return
      lane.unanswered.push(request)
      lane.stream.send(request)
    }
  }

  /** One after the other: libp2p makes one connection of several dials to a peer at the same time. */
  #fill(): void {
    if (this.#isDialling || this.#hasEnded || 1 + this.#others.length >= this.#wanted) return
    if (performance.now() < this.#dialAfterMs) return
    this.#isDialling = true
    const lane: { current: Lane | null } = { current: null }
    void Promise.allSettled([this.#dial(() => this.#lost(lane.current))]).then(([dialled]) => {
      this.#isDialling = false
      // The source goes on with the connections that it has.
      if (dialled.status === 'rejected') this.#dialAfterMs = performance.now() + REDIAL_AFTER_MS
      else if (this.#hasEnded || 1 + this.#others.length >= this.#wanted)
        dialled.value.abort('it is not needed any more')
      else {
        lane.current = { stream: dialled.value, unanswered: [] }
        this.#others.push(lane.current)
        this.#dispatch()
        this.#fill()
      }
    })
  }

  #lost(lane: Lane | null): void {
    const at = lane === null ? -1 : this.#others.indexOf(lane)
    if (lane === null || at < 0) return
    this.#others.splice(at, 1)
    this.#dialAfterMs = performance.now() + REDIAL_AFTER_MS
    this.#waiting.unshift(...lane.unanswered)
    if (!this.#hasEnded) this.#dispatch()
  }
}
