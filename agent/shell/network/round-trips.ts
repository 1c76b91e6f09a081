/**
 * How far peers are: the shortest round trip that was ever measured, since a loaded link or a busy machine makes any one
 * of them longer. Whoever may be pulled from one day is measured beforehand, while the links carry nothing.
 */
import type { Connection } from '@libp2p/interface'
import type { DialAddress, PeerId } from '../../../protocol/identifiers.ts'
import { ROUND_TRIP_PROTOCOL } from '../../../protocol/messages.ts'

const TRIES = 3
/** One that is so short needs no second try. */
const SHORT_MS = 10

type Dial = (addresses: readonly DialAddress[]) => Promise<Connection>

export class RoundTrips {
  readonly #shortestMs = new Map<PeerId, number>()
  #measured: Promise<unknown> = Promise.resolve()

  async measure(peer: PeerId, connection: Connection): Promise<number> {
    let shortestMs = this.#shortestMs.get(peer) ?? Number.POSITIVE_INFINITY
    for (let tries = 0; tries < TRIES && shortestMs > SHORT_MS; tries++) {
      const asked = performance.now()
      const stream = await connection.newStream(ROUND_TRIP_PROTOCOL)
      shortestMs = Math.min(shortestMs, performance.now() - asked)
      stream.close().catch((error: Error) => stream.abort(error))
    }
    this.#shortestMs.set(peer, shortestMs)
    return shortestMs
  }

  /** One peer after the other; the connections stay. */
  probe(peers: readonly { peer: PeerId; addresses: readonly DialAddress[] }[], dial: Dial): void {
    for (const { peer, addresses } of peers) {
      if ((this.#shortestMs.get(peer) ?? Number.POSITIVE_INFINITY) <= SHORT_MS) continue
      const measure = (): Promise<unknown> => dial(addresses).then((connection) => this.measure(peer, connection))
      // Who cannot be reached now is dialled again when something is wanted from it.
      this.#measured = this.#measured.then(() => Promise.allSettled([measure()]))
    }
  }
}
