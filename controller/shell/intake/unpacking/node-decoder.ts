/**
 * Reads packed bytes through a decoder of `node:zlib`. A failure of whoever gives the bytes is thrown as it is, and not
 * blamed on them.
 */
import { pipeline, Readable, type Transform } from 'node:stream'

export const CHUNK_BYTES = 256 * 1024

/** `explain` makes of what the decoder says what shall be thrown. */
export async function* through(
  decoder: Transform,
  chunks: AsyncIterable<Uint8Array>,
  explain: (fault: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const failed: { cause?: unknown } = {}
  const noted = async function* () {
    try {
      yield* chunks
    } catch (cause) {
      failed.cause = cause
      throw cause
    }
  }
  const source = Readable.from(noted(), { objectMode: false, highWaterMark: CHUNK_BYTES })
  // the fault arrives through the decoder, which is read below
  pipeline(source, decoder, () => undefined)
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array
  } catch (fault) {
    throw 'cause' in failed ? failed.cause : explain(fault)
  } finally {
    source.destroy()
  }
}

/** What a decoder says, in lower case and without an end. */
export function inWords(fault: unknown): string {
  return (fault instanceof Error ? fault.message : String(fault)).toLowerCase().replace(/\.$/, '')
}

export function codeOf(fault: unknown): string {
  return fault instanceof Error && 'code' in fault ? String(fault.code) : ''
}
