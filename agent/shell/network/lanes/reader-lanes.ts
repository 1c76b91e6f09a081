/**
 * The lanes of readers, at the source: each is announced over the reader's stream, and every piece goes over the lane that
 * its request named. Whoever has no stream any more has no lanes, and there are as many as there are numbers.
 */
import type { TLSSocket } from 'node:tls'
import type { PeerId, Sha256 } from '../../../../protocol/identifiers.ts'
import type { LaneMessage, PiecesMessage } from '../../../../protocol/messages.ts'
import type { AgentEvent } from '../../../core/events.ts'
import type { Later } from '../message-stream.ts'
import type { Pace } from '../pace.ts'
import type { ExpectedLanes } from './expected-lanes.ts'
import { SendingLane } from './sending-lane.ts'

type Wanted = Extract<LaneMessage, { kind: 'lane-wanted' }>
type Request = Extract<PiecesMessage, { kind: 'request' }>
type Lane = {
  readonly asked: Set<string>
  /** Null until its handshake has ended here: for the reader that is so a moment sooner. */
  sending: SendingLane | null
  /** What was asked for in that moment. */
  readonly early: Later<PiecesMessage>[]
  readonly end: () => void
}

export type ReaderLanesOptions = {
  readonly expected: ExpectedLanes
  readonly deliver: (event: Extract<AgentEvent, { kind: 'reader-widened' }>) => void
  /** Of what goes to this peer; null where it does not cross the WAN. */
  readonly paceTo: (peer: PeerId) => Pace | null
}

export class ReaderLanes {
  readonly #options: ReaderLanesOptions
  readonly #lanes = new Map<PeerId, Map<number, Lane>>()

  constructor(options: ReaderLanesOptions) {
    this.#options = options
  }

  /** In the place of an earlier one of that number, of whose end the reader has heard first. There are no more than numbers. */
  expect(peer: PeerId, { lane: number, ticket }: Wanted): void {
    this.#lanes.get(peer)?.get(number)?.end()
    const lanes = this.#lanes.get(peer) ?? new Map<number, Lane>()
    this.#lanes.set(peer, lanes)
    const forget = (): void => {
      if (lanes.get(number) !== lane) return
      lanes.delete(number)
      for (const { sent } of lane.early.splice(0)) sent()
      if (lanes.size === 0 && this.#lanes.get(peer) === lanes) this.#lanes.delete(peer)
      this.#tell(peer)
    }
    const expectation = this.#options.expected.expect(ticket, {
      opened: (socket) => this.#opened(peer, lane, socket, forget),
      gone: forget,
    })
    const lane: Lane = {
      asked: new Set(),
      sending: null,
      early: [],
      end: () => {
        expectation.withdraw()
        lane.sending?.abort()
        forget()
      },
    }
    lanes.set(number, lane)
  }

  /** True where the request is to be carried out: over the stream itself, or over a lane that is there. */
  asks(peer: PeerId, { patch, index, lane: number }: Request): boolean {
    if (number === undefined) return true
    const lane = this.#lanes.get(peer)?.get(number)
    // Its end is on its way to the reader, who asks again then. How many may wait is for the core to say.
    if (lane === undefined) return false
    lane.asked.add(`${patch} ${index}`)
    return true
  }

  takesBack(peer: PeerId, patch: Sha256, index: number): void {
    for (const { asked } of this.#lanes.get(peer)?.values() ?? []) asked.delete(`${patch} ${index}`)
  }

  /** Sends the piece over the lane on which it was asked for; false where that was none. */
  answer(peer: PeerId, patch: Sha256, index: number, later: Later<PiecesMessage>): boolean {
    for (const { asked, sending, early } of this.#lanes.get(peer)?.values() ?? []) {
      if (!asked.delete(`${patch} ${index}`)) continue
      if (sending === null) early.push(later)
      else sending.sendLater(later)
      return true
    }
    return false
  }

  /** The reader is gone; what is left of it ends. */
  end(peer: PeerId): void {
    for (const { end } of [...(this.#lanes.get(peer)?.values() ?? [])]) end()
  }

  #opened(peer: PeerId, lane: Lane, socket: TLSSocket, forget: () => void): void {
    lane.sending = new SendingLane(socket, { pace: this.#options.paceTo(peer), onEnd: forget })
    for (const later of lane.early.splice(0)) lane.sending.sendLater(later)
    this.#tell(peer)
  }

  /** Over how many ways at once pieces may go to this reader. */
  #tell(peer: PeerId): void {
    const open = [...(this.#lanes.get(peer)?.values() ?? [])].filter(({ sending }) => sending !== null)
    this.#options.deliver({ kind: 'reader-widened', peer, lanes: Math.max(1, open.length) })
  }
}
