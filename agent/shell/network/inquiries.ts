/**
 * Questions about an appliance itself, each on a stream of its own: the one that is asked answers with a signed account,
 * and a depot passes both on unread for the appliances whose connections end at it. An appliance of a release that does
 * not know the protocol refuses the stream, and nothing else happens.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { MAX_INQUIRY_ANSWER_BYTES, MAX_INQUIRY_BYTES } from '../../../protocol/limits.ts'
import { INQUIRY_PROTOCOL, Inquiry, InquiryAnswer } from '../../../protocol/messages.ts'
import type { Envelope } from '../../../protocol/trust/envelope.ts'
import { MessageStream } from './message-stream.ts'

/** Through a depot the way is twice as long; a person waits for the answer. */
const ANSWER_WITHIN_MS = 8_000
/** More than the Service Center asks in one round, which may all be through one depot. */
const MOST_AT_ONCE = 32

export type Answering = {
  readonly self: PeerId
  /** Whether this peer may ask here, about whomever. */
  mayAsk(peer: PeerId): boolean
  account(inquiry: Inquiry): Promise<Envelope>
}

/** The connection that carries the control stream with a peer. */
type CarrierOf = (peer: PeerId) => Connection | undefined

export class Inquiries {
  readonly #carrierOf: CarrierOf
  readonly #answering: Answering | null

  private constructor(carrierOf: CarrierOf, answering: Answering | null) {
    this.#carrierOf = carrierOf
    this.#answering = answering
  }

  /** `answering` is null where nobody is answered: at the Service Center. */
  static async open(host: Libp2p, answering: Answering | null, carrierOf: CarrierOf): Promise<Inquiries> {
    const inquiries = new Inquiries(carrierOf, answering)
    if (answering !== null)
      await host.handle(
        INQUIRY_PROTOCOL,
        (stream, { remotePeer }) => inquiries.#accept(stream, remotePeer.toString() as PeerId),
        { maxInboundStreams: MOST_AT_ONCE },
      )
    return inquiries
  }

  /** Asks over the connection on which `via`, the appliance itself or a member of its depot, is heard. */
  async ask(via: PeerId, inquiry: Inquiry): Promise<InquiryAnswer> {
    const connection = this.#carrierOf(via)
    if (connection?.status !== 'open') return { kind: 'silent', reason: 'it is not connected' }
    try {
      const stream = await connection.newStream(INQUIRY_PROTOCOL, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
      return await answerOn(stream, inquiry)
    } catch (error) {
      const isOlder = error instanceof Error && error.name === 'UnsupportedProtocolError'
      return {
        kind: 'silent',
        reason: isOlder ? 'its agent is of a release that cannot be asked' : 'it does not answer',
      }
    }
  }

  #accept(stream: Stream, peer: PeerId): void {
    const answering = this.#answering
    if (answering === null || !answering.mayAsk(peer)) return stream.abort(new Error('not asked by whoever may'))
    let asked = false
    const conversation: MessageStream<Inquiry | InquiryAnswer> = new MessageStream<Inquiry | InquiryAnswer>(stream, {
      schema: Inquiry,
      maxMessageBytes: MAX_INQUIRY_BYTES,
      what: 'an inquiry',
      onMessage: (message) => {
        if ('kind' in message || asked) return conversation.abort('a stream carries one inquiry')
        asked = true
        this.#answer(answering, message).then(
          (answer) => {
            conversation.send(answer)
            conversation.close()
          },
          (error: Error) => conversation.abort(error.message),
        )
      },
      onEnd: () => {},
    })
  }

  async #answer(answering: Answering, inquiry: Inquiry): Promise<InquiryAnswer> {
    if (inquiry.to !== answering.self) return this.ask(inquiry.to, inquiry)
    return { kind: 'told', account: await answering.account(inquiry) }
  }
}

function answerOn(stream: Stream, inquiry: Inquiry): Promise<InquiryAnswer> {
  return new Promise((resolve) => {
    const silent = (reason: string): void => {
      clearTimeout(deadline)
      resolve({ kind: 'silent', reason })
      conversation.abort(reason)
    }
    const deadline = setTimeout(() => silent('it does not answer in time'), ANSWER_WITHIN_MS)
    const conversation: MessageStream<Inquiry | InquiryAnswer> = new MessageStream<Inquiry | InquiryAnswer>(stream, {
      schema: InquiryAnswer,
      maxMessageBytes: MAX_INQUIRY_ANSWER_BYTES,
      what: 'the answer to an inquiry',
      onMessage: (answer) => {
        if (!('kind' in answer)) return
        clearTimeout(deadline)
        resolve(answer)
        conversation.close()
      },
      onEnd: () => silent('it does not answer'),
    })
    conversation.send(inquiry)
  })
}
