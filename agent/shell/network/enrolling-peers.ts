/**
 * The one door for peers that are not members yet: a bearer of a token may ask once on a stream, and is gone within 15
 * seconds whatever it does.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { MAX_ENROLLMENT_MESSAGE_BYTES } from '../../../protocol/limits.ts'
import { type EnrollmentAnswer, EnrollmentRequest } from '../../../protocol/messages.ts'
import { MessageStream } from './message-stream.ts'

const ENROLLMENT_MS = 15_000

type Conversation = MessageStream<EnrollmentAnswer | EnrollmentRequest>

export class EnrollingPeers {
  readonly #onRequest: (peer: PeerId, request: EnrollmentRequest) => void
  /** By enrolling peer and the appliance that asks: several appliances may hold one token. */
  readonly #waiting = new Map<string, Conversation>()

  constructor(onRequest: (peer: PeerId, request: EnrollmentRequest) => void) {
    this.#onRequest = onRequest
  }

  /** A connection of a peer that may only enroll: it ends in time, also if no stream is ever opened on it. */
  connected(connection: Connection): void {
    const deadline = setTimeout(() => connection.abort(new Error('enrollment took too long')), ENROLLMENT_MS).unref()
    connection.addEventListener('close', () => clearTimeout(deadline))
  }

  accept(peer: PeerId, stream: Stream): void {
    let key: string | null = null
    const conversation: Conversation = new MessageStream<EnrollmentAnswer | EnrollmentRequest>(stream, {
      schema: EnrollmentRequest,
      maxMessageBytes: MAX_ENROLLMENT_MESSAGE_BYTES,
      what: 'an enrollment request',
      onMessage: (request) => {
        if (!('proof' in request) || key !== null) return conversation.abort('a stream carries one request')
        key = keyOf(peer, request.appliance)
        this.#waiting.set(key, conversation)
        this.#onRequest(peer, request)
      },
      onEnd: () => {
        if (key !== null && this.#waiting.get(key) === conversation) this.#waiting.delete(key)
      },
    })
  }

  /** Null when there is no answer to be had now: the stream closes, and the appliance asks again. */
  answer(peer: PeerId, appliance: PeerId, answer: EnrollmentAnswer | null): void {
    const conversation = this.#waiting.get(keyOf(peer, appliance))
    if (conversation === undefined) return
    if (answer !== null) conversation.send(answer)
    conversation.close()
  }
}

function keyOf(peer: PeerId, appliance: PeerId): string {
  return `${peer} ${appliance}`
}
