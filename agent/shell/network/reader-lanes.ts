/**
 * The further connections of readers: over them come requests only, and each is answered over the one on which it came.
 * Who may have them is decided before; how many one reader has is bounded here.
 */
import type { Stream } from '@libp2p/interface'
import type { PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_LANES, MAX_PIECES_MESSAGE_BYTES, MAX_QUEUED_REQUESTS } from '../../../protocol/limits.ts'
import { PiecesMessage } from '../../../protocol/messages.ts'
import type { AgentEvent } from '../../core/events.ts'
import { MessageStream } from './message-stream.ts'
import type { Pace } from './pace.ts'

type FromLane = Extract<AgentEvent, { kind: 'pieces-received' | 'reader-widened' }>
type LaneOptions = {
  readonly deliver: (event: FromLane) => void
  readonly room: () => Promise<void> | undefined
}
type Lane = { readonly stream: MessageStream<PiecesMessage>; readonly asked: Set<string> }

export class ReaderLanes {
  readonly #options: LaneOptions
  readonly #pace: { readonly down: Pace; readonly up: Pace }
  readonly #lanes = new Map<PeerId, Set<Lane>>()

  constructor(options: LaneOptions, pace: { readonly down: Pace; readonly up: Pace }) {
    this.#options = options
    this.#pace = pace
  }

  accept(peer: PeerId, stream: Stream): void {
    const lanes = this.#lanes.get(peer) ?? new Set()
    this.#lanes.set(peer, lanes)
    if (lanes.size + 1 >= MAX_LANES) {
      stream.abort(new Error('more connections than the limit'))
      return
    }
    const asked = new Set<string>()
    const lane: Lane = {
      asked,
      stream: new MessageStream(stream, {
        schema: PiecesMessage,
        maxMessageBytes: MAX_PIECES_MESSAGE_BYTES,
        what: 'a message of the pieces protocol',
        pace: this.#pace,
        room: this.#options.room,
        onMessage: (message) => {
          if ((message.kind !== 'request' && message.kind !== 'cancel') || asked.size > MAX_QUEUED_REQUESTS) {
            lane.stream.abort('only requests come over a further connection')
            return
          }
          const key = `${message.patch} ${message.index}`
          if (message.kind === 'request') asked.add(key)
          else asked.delete(key)
          this.#options.deliver({ kind: 'pieces-received', channel: 'reader', peer, message })
        },
        onEnd: () => {
          lanes.delete(lane)
          if (lanes.size === 0) this.#lanes.delete(peer)
          this.#tell(peer)
        },
      }),
    }
    lanes.add(lane)
    this.#tell(peer)
  }

  /** The connection over which this piece was asked for, if it was one of these. */
  answerOn(peer: PeerId, patch: Sha256, index: number): MessageStream<PiecesMessage> | undefined {
    for (const { stream, asked } of this.#lanes.get(peer) ?? []) if (asked.delete(`${patch} ${index}`)) return stream
    return undefined
  }

  /** The reader is gone; what is left of it ends. */
  end(peer: PeerId): void {
    for (const { stream } of this.#lanes.get(peer) ?? []) stream.abort('the reader is gone')
  }

  #tell(peer: PeerId): void {
    this.#options.deliver({ kind: 'reader-widened', peer, lanes: 1 + (this.#lanes.get(peer)?.size ?? 0) })
  }
}
