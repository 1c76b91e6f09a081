/**
 * The control streams, and the connections that carry them: whatever is asked of a peer beside its stream goes the way
 * on which it is heard, since an older connection with it may be dead.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../../../protocol/limits.ts'
import { ControlMessage } from '../../../protocol/messages.ts'
import { MessageStream } from './message-stream.ts'

type ControlChannel = 'uplink' | 'downlink'
type Carried = { readonly stream: MessageStream<ControlMessage>; readonly connection: Connection }

export class ControlStreams {
  readonly #carried = new Map<string, Carried>()
  readonly #room: (() => Promise<void> | undefined) | undefined

  constructor(room: (() => Promise<void> | undefined) | undefined) {
    this.#room = room
  }

  /** In place of an earlier one of that channel and peer, which is for the caller to end. */
  open(
    { channel, peer, connection }: { channel: ControlChannel; peer: PeerId; connection: Connection },
    stream: Stream,
    { onMessage, onEnd }: { onMessage: (message: ControlMessage) => void; onEnd: (reason: string) => void },
  ): MessageStream<ControlMessage> {
    const key = `${channel} ${peer}`
    const control = new MessageStream(stream, {
      ...(this.#room === undefined ? {} : { room: this.#room }),
      schema: ControlMessage,
      maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
      what: 'a control message',
      onMessage,
      onEnd: (reason) => {
        if (this.#carried.get(key)?.stream === control) this.#carried.delete(key)
        onEnd(reason)
      },
    })
    this.#carried.set(key, { stream: control, connection })
    return control
  }

  send(channel: ControlChannel, peer: PeerId, message: ControlMessage): void {
    this.#carried.get(`${channel} ${peer}`)?.stream.send(message)
  }

  connectionWith(peer: PeerId): Connection | undefined {
    return (this.#carried.get(`downlink ${peer}`) ?? this.#carried.get(`uplink ${peer}`))?.connection
  }
}
