/**
 * A Service Center in other hands: our own code with a copy of its folder, at its address and with both of its keys. It says to
 * whoever greets it what it likes, and hears what is made of that.
 */
import { startHost } from '../../agent/shell/network/host.ts'
import { MessageStream } from '../../agent/shell/network/message-stream.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import type { OrderId, PeerId } from '../../protocol/identifiers.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../../protocol/limits.ts'
import { CONTROL_PROTOCOL, ControlMessage } from '../../protocol/messages.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type Envelope, open, type StatementType, seal } from '../../protocol/trust/envelope.ts'
import { Report } from '../../protocol/trust/statements.ts'

export class StolenServiceCenter {
  /** The newest report of each order. */
  readonly reports = new Map<OrderId, Report>()
  readonly #authority: Awaited<ReturnType<typeof loadAuthority>>
  #victims = new Map<PeerId, MessageStream<ControlMessage>>()
  #stop: () => Promise<void> = async () => {}

  private constructor(authority: Awaited<ReturnType<typeof loadAuthority>>) {
    this.#authority = authority
  }

  /** `folder` is the copy; `listen` where the real one was. */
  static async start(folder: string, listen: string): Promise<StolenServiceCenter> {
    const stolen = new StolenServiceCenter(await loadAuthority(folder))
    const host = await startHost({ seed: stolen.#authority.meshSeed, listen: [listen], mayConnect: () => true })
    await host.handle(CONTROL_PROTOCOL, (stream, connection) => {
      const peer = connection.remotePeer.toString() as PeerId
      const messages: MessageStream<ControlMessage> = new MessageStream(stream, {
        schema: ControlMessage,
        maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
        what: 'a control message',
        onMessage: (message) => {
          if (message.kind === 'greeting') stolen.#victims.set(peer, messages)
          if (message.kind === 'ping') messages.send({ kind: 'pong', wallMs: Date.now() })
          if (message.kind === 'letter') stolen.#hear(message.letter.from, message.letter.envelope)
        },
        onEnd: () => stolen.#victims.delete(peer),
      })
    })
    stolen.#stop = async () => host.stop()
    return stolen
  }

  isSpokenToBy(peer: PeerId): boolean {
    return this.#victims.has(peer)
  }

  /** Signs it with the stolen key. */
  say<Statement>(to: PeerId, type: StatementType<Statement>, statement: Statement): void {
    const envelope = seal(type, statement, this.#authority.signing)
    this.#victims.get(to)?.send({ kind: 'letter', letter: { to, from: this.#authority.mesh, envelope } })
  }

  stop(): Promise<void> {
    return this.#stop()
  }

  #hear(from: PeerId, envelope: Envelope): void {
    const report = open(Report, envelope, [from])
    if (!isRefusal(report)) this.reports.set(report.orderId, report)
  }
}
