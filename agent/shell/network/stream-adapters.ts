/**
 * libp2p streams as the async iterables of it-pipe, with backpressure both ways. libp2p 3 delivers by events: reading
 * in a `for await` over the stream itself buffers without limit, and `onDrain()` serves only once, so both directions
 * are adapted here, in one place, and used everywhere.
 */
import type { Stream } from '@libp2p/interface'
import { pEvent } from 'p-event'
import type { Uint8ArrayList } from 'uint8arraylist'
import { spareWindowUpdates } from './window-updates.ts'

/** Unread bytes at which the sender is asked to pause; half of the buffer at which libp2p resets a stream. */
const HIGH_WATER_BYTES = 1024 * 1024

/** What arrives, in order, to the end; throws when the stream was reset or aborted. `onBytes` is told of each arrival. */
export async function* source(
  stream: Stream,
  onBytes: () => void = () => {},
): AsyncGenerator<Uint8ArrayList | Uint8Array> {
  const queue: (Uint8ArrayList | Uint8Array)[] = []
  let queuedBytes = 0
  let ended = false
  let failure: Error | undefined
  let wake = (): void => {}
  const arrived = (event: { data: Uint8ArrayList | Uint8Array }): void => {
    queue.push(event.data)
    queuedBytes += event.data.byteLength
    if (queuedBytes > HIGH_WATER_BYTES && stream.readStatus === 'readable') stream.pause()
    onBytes()
    wake()
  }
  const closed = (event: Event & { error?: Error }): void => {
    ended = true
    failure = event.error
    wake()
  }
  const finished = (): void => {
    ended = true
    wake()
  }
  spareWindowUpdates(stream)
  stream.addEventListener('message', arrived)
  stream.addEventListener('end', finished)
  stream.addEventListener('close', closed)
  try {
    for (;;) {
      const next = queue.shift()
      if (next !== undefined) {
        queuedBytes -= next.byteLength
        if (queuedBytes <= HIGH_WATER_BYTES / 2 && stream.readStatus === 'paused') stream.resume()
        yield next
      } else if (hasEnded(stream, ended) || stream.status !== 'open') {
        if (failure !== undefined) throw failure
        return
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    stream.removeEventListener('message', arrived)
    stream.removeEventListener('end', finished)
    stream.removeEventListener('close', closed)
  }
}

/** The end may have come while libp2p negotiated, which keeps what came before it for us and the event to itself. */
function hasEnded(stream: Stream, wasTold: boolean): boolean {
  return (wasTold || stream.readableEnded) && stream.readBufferLength === 0
}

/** Sends what a source yields, no faster than the stream takes it. */
export function sink(stream: Stream): (chunks: AsyncIterable<Uint8ArrayList | Uint8Array>) => Promise<void> {
  return async (chunks) => {
    for await (const chunk of chunks) {
      if (!stream.send(chunk)) await drained(stream)
    }
  }
}

/** Resolves when the stream takes more; rejects when it has closed. */
async function drained(stream: Stream): Promise<void> {
  if (!stream.writableNeedsDrain) return
  await pEvent(stream, 'drain', { rejectionEvents: ['close'] })
}
