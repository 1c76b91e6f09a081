/**
 * Decompresses a member of a Debian package as a stream, to its exact end: a fault inside, bytes after the end, or more
 * output than the input may stand for are refusals. Node brings gzip and Zstandard; xz is xz-decompress, the XZ
 * Embedded decoder in WebAssembly, with at most 64 MiB of dictionary.
 */
import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import xz from 'xz-decompress'
import { MAX_PATCH_BYTES } from '../../../protocol/limits.ts'
import { RefusedError, refuse } from '../../../protocol/refusals.ts'

/** A manifest can ask for no more room than this. */
const MAX_UNPACKED_BYTES = 8 * MAX_PATCH_BYTES
/** Real packages stay below 20; what exceeds this is made to fill a disk. */
const MAX_RATIO = 200
/** Small texts compress well, and harm nobody. */
const RATIO_MATTERS_FROM_BYTES = 64 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

export type Compression = 'none' | 'gz' | 'xz' | 'zst'

const MAGIC: Readonly<Record<Compression, string>> = { none: '', gz: '1f8b08', xz: 'fd377a585a00', zst: '28b52ffd' }

const XZ_FAULTS: Readonly<Record<string, string>> = {
  '3': 'there is no memory for its dictionary',
  '4': 'it needs a dictionary over 64 MiB',
  '5': 'it is not xz data',
  '6': 'it uses options that are not supported',
  '7': 'a checksum does not match',
  '8': 'it ends early',
}

/** A compressed member: its name for sentences, its bytes, and how many they are. */
export type Compressed = {
  readonly name: string
  readonly compression: Compression
  readonly bytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

export async function* decompress(member: Compressed): AsyncGenerator<Uint8Array> {
  const { name, bytes } = member
  const limit = Math.min(MAX_UNPACKED_BYTES, Math.max(RATIO_MATTERS_FROM_BYTES, MAX_RATIO * bytes))
  let unpacked = 0
  for await (const chunk of unpack(member)) {
    unpacked += chunk.byteLength
    if (unpacked > limit) {
      throw refusal('too_large', `${name} has ${bytes} bytes and unpacks to more than the ${limit} that are accepted.`)
    }
    yield chunk
  }
}

function unpack(member: Compressed): AsyncIterable<Uint8Array> {
  const input = new Input(member)
  switch (member.compression) {
    case 'none':
      return input.chunks()
    case 'gz':
      return through(createGunzip({ rejectGarbageAfterEnd: true, chunkSize: CHUNK_BYTES }), input)
    case 'zst':
      return through(createZstdDecompress({ rejectGarbageAfterEnd: true, chunkSize: CHUNK_BYTES }), input)
    case 'xz':
      return throughXz(input)
  }
}

/** The compressed bytes on their way to a decoder; remembers what failed before it, so that is not blamed on the bytes. */
class Input {
  readonly #member: Compressed
  failure: { readonly cause: unknown } | null = null

  constructor(member: Compressed) {
    this.#member = member
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const { name, compression, chunks } = this.#member
    const magic = Buffer.from(MAGIC[compression], 'hex')
    let head = Buffer.alloc(0)
    try {
      for await (const chunk of chunks) {
        if (head.byteLength < magic.byteLength) {
          head = Buffer.concat([head, chunk.subarray(0, magic.byteLength - head.byteLength)])
          if (!head.equals(magic.subarray(0, head.byteLength))) {
            throw refusal('malformed', `${name} is not ${compression} data: it begins with ${head.toString('hex')}.`)
          }
        }
        yield chunk
      }
      if (head.byteLength < magic.byteLength) {
        throw refusal('malformed', `${name} has ${head.byteLength} bytes, too few for ${compression} data.`)
      }
    } catch (cause) {
      this.failure = { cause }
      throw cause
    }
  }

  /** What to throw when the decoder has thrown `fault`. */
  explain(fault: unknown): unknown {
    if (this.failure !== null) return this.failure.cause
    return refusal('digest_mismatch', `${this.#member.name} is damaged, it does not decompress: ${inWords(fault)}.`)
  }
}

async function* through(decoder: Transform, input: Input): AsyncGenerator<Uint8Array> {
  // the fault arrives through the decoder, which is read below
  const source = Readable.from(input.chunks(), { objectMode: false, highWaterMark: CHUNK_BYTES })
  pipeline(source, decoder, () => undefined)
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array
  } catch (fault) {
    throw input.explain(fault)
  } finally {
    source.destroy()
  }
}

/** It reads to the end of its input by itself, and takes what follows a stream for another. */
async function* throughXz(input: Input): AsyncGenerator<Uint8Array> {
  const chunks = input.chunks()
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await chunks.return(undefined)
    },
  })
  try {
    yield* new xz.XzReadableStream(source) as AsyncIterable<Uint8Array>
  } catch (fault) {
    throw input.explain(fault)
  }
}

/** The decoder says only a number; `enum xz_ret` of XZ Embedded names it. */
function inWords(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : String(fault)
  const code = /get_next_output failed with error code (\d)/.exec(message)?.[1]
  return code === undefined ? message.toLowerCase() : (XZ_FAULTS[code] ?? `fault ${code} of the xz decoder`)
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
