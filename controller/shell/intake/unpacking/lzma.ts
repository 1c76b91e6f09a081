/**
 * xz and lzma data as dpkg reads them: one stream, with whatever checks and filters liblzma has, which is the decoder
 * here too (in WebAssembly, so that what a hostile file does to it stays in its memory). How much memory it may take is
 * limited; dpkg does not limit it.
 */
import {
  autoDecoderInit,
  code,
  decoderInit,
  end,
  initModule,
  LZMA_BUF_ERROR,
  LZMA_DATA_ERROR,
  LZMA_FINISH,
  LZMA_FORMAT_ERROR,
  LZMA_MEM_ERROR,
  LZMA_MEMLIMIT_ERROR,
  LZMA_OK,
  LZMA_OPTIONS_ERROR,
  LZMA_RUN,
  LZMA_STREAM_END,
  WasmLzmaStream,
} from 'node-liblzma/wasm'
import { assert } from '../../../../protocol/assert.ts'
import type { ByteReader } from '../../../../protocol/byte-reader.ts'
import { MAX_DICTIONARY_BYTES } from '../package-limits.ts'
import { onPurpose } from '../refused-on-purpose.ts'
import { cut, damaged, otherData, unsupported } from './faults.ts'

/** What a decoder takes beside its dictionary. */
const DECODER_BYTES = 2 * 1024 * 1024
const INPUT_BYTES = 64 * 1024
const OUTPUT_BYTES = 256 * 1024
const XZ_MAGIC = 'fd377a585a00'
const LZMA_HEADER_BYTES = 13
/** Behind it stand no properties of an lzma stream. */
const MOST_PROPERTIES = (4 * 5 + 4) * 9 + 8

export async function* unpackXz(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const head = Uint8Array.from(await packed.peek(6))
  if (!XZ_MAGIC.startsWith(Buffer.from(head).toString('hex'))) throw otherData(name, 'xz data', head)
  yield* unpack(packed, name, (stream, limit) => decoderInit(stream, limit))
}

export async function* unpackLzma(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const head = Buffer.from(Uint8Array.from(await packed.peek(LZMA_HEADER_BYTES)))
  if (head.byteLength < LZMA_HEADER_BYTES) throw cut(name)
  if ((head[0] as number) > MOST_PROPERTIES) throw otherData(name, 'lzma data', head.subarray(0, 5))
  await packed.exactly(LZMA_HEADER_BYTES, name)
  head.writeUInt32LE(usualDictionary(head.readUInt32LE(1)), 1)
  yield* unpack(packed, name, (stream, limit) => autoDecoderInit(stream, limit), head)
}

/** The next size that writers use: the decoder which finds out the format takes no other. */
function usualDictionary(bytes: number): number {
  let size = (bytes - 1) >>> 0
  for (const shift of [2, 3, 4, 8, 16]) size |= size >>> shift
  return bytes === 0xffffffff ? bytes : (size + 1) >>> 0
}

/** `before` stands in for what of the data was taken already. */
async function* unpack(
  packed: ByteReader,
  name: string,
  begin: (stream: WasmLzmaStream, memoryLimitBytes: number) => void,
  before: Uint8Array = new Uint8Array(0),
): AsyncGenerator<Uint8Array> {
  const memory = await initModule()
  const stream = new WasmLzmaStream(memory)
  const [input, output] = [memory._malloc(INPUT_BYTES), memory._malloc(OUTPUT_BYTES)]
  assert(input !== 0 && output !== 0, 'a new decoder has room for its buffers')
  const give = (bytes: Uint8Array) => {
    memory.HEAPU8.set(bytes, input)
    stream.setInput(input, bytes.byteLength)
  }
  /** Whether that was the end of the stream. */
  const run = function* (action: number): Generator<Uint8Array, boolean> {
    while (true) {
      stream.setOutput(output, OUTPUT_BYTES)
      const result = code(stream, action)
      const unpacked = OUTPUT_BYTES - stream.availOut
      // copied, since the decoder writes there again
      if (unpacked > 0) yield memory.HEAPU8.slice(output, output + unpacked)
      if (result === LZMA_STREAM_END) return true
      if (result !== LZMA_OK) throw explain(result, name)
      if (stream.availIn === 0 && unpacked < OUTPUT_BYTES) return false
    }
  }
  try {
    begin(stream, MAX_DICTIONARY_BYTES + DECODER_BYTES)
    give(before)
    if (before.byteLength > 0) yield* run(LZMA_RUN)
    for (let ended = false; !ended; ) {
      const bytes = await packed.peek(INPUT_BYTES)
      const given = bytes.byteLength
      give(bytes)
      ended = yield* run(given === 0 ? LZMA_FINISH : LZMA_RUN)
      await packed.exactly(given - stream.availIn, name)
    }
  } finally {
    end(stream)
    stream.free()
    memory._free(input)
    memory._free(output)
  }
}

function explain(result: number, name: string): Error {
  switch (result) {
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
      return onPurpose('dictionary', `${name} is packed with a very large dictionary`)
    case LZMA_OPTIONS_ERROR:
      return unsupported(name, 'is packed with a filter or an option that dpkg does not know')
    case LZMA_BUF_ERROR:
      return cut(name)
    case LZMA_FORMAT_ERROR:
      return damaged(name, 'it does not begin as such data does')
    case LZMA_DATA_ERROR:
      return damaged(name, 'a checksum does not match, or its form is wrong')
    default:
      return new Error(`the decoder of ${name} ended with code ${result}`)
  }
}
