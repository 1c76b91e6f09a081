/**
 * yamux of libp2p answers every frame that it reads with a window update, however little of the window that was: for small
 * messages as many frames again, each encrypted, sent and decrypted. So it is told of the window only when a part of it
 * that matters was used. A stream of another make stays as it is.
 */
import type { Stream } from '@libp2p/interface'
import { StreamState, YamuxStream } from '@libp2p/yamux/stream'

/** Of the window: the rest is enough to send on until the update is there. */
const USED_AT_LEAST = 0.25

export function spareWindowUpdates(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    // What yamux calls private is all that tells how much was used.
    const used = stream['recvWindow'] - stream['recvWindowCapacity']
    const isEnough = !(used < USED_AT_LEAST * stream['recvWindow'])
    // While a stream is opened, an update carries the flags that open it.
    if (stream.state !== StreamState.Established || isEnough) update()
  }
}
