/**
 * Gzip data as zlib's gzread reads it for dpkg: all members, one after the other; and what does not begin as gzip does
 * is taken for what it is, unpacked. Zeros may follow.
 */
import { createGunzip } from 'node:zlib'
import type { ByteReader } from '../../../../protocol/byte-reader.ts'
import { onPurpose } from '../refused-on-purpose.ts'
import { cut, damaged } from './faults.ts'
import { CHUNK_BYTES, codeOf, inWords, through } from './node-decoder.ts'

export async function* unpackGzip(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const magic = Buffer.from(await packed.peek(2)).toString('hex')
  if (magic !== '1f8b') return yield* packed.rest()
  const decoder = createGunzip({ chunkSize: CHUNK_BYTES })
  // what the decoder was given and has not used yet, and where that begins
  let given: Uint8Array[] = []
  let begin = 0
  const chunks = async function* () {
    for (let chunk = await packed.atMost(CHUNK_BYTES); chunk !== null; chunk = await packed.atMost(CHUNK_BYTES)) {
      while (given[0] !== undefined && begin + given[0].byteLength <= decoder.bytesWritten) {
        begin += given[0].byteLength
        given = given.slice(1)
      }
      const copy = Uint8Array.from(chunk)
      given.push(copy)
      yield copy
    }
  }
  yield* through(decoder, chunks(), (fault) => explain(fault, name))
  const rest = Buffer.concat(given).subarray(decoder.bytesWritten - begin)
  if (!rest.every((byte) => byte === 0)) throw goesOn(name)
}

function explain(fault: unknown, name: string): Error {
  // another member is looked for where one ends, and the first began as one
  if (inWords(fault) === 'incorrect header check') return goesOn(name)
  return codeOf(fault) === 'Z_BUF_ERROR' ? cut(name) : damaged(name, inWords(fault))
}

function goesOn(name: string): Error {
  return onPurpose('second_stream', `${name} goes on behind its packed data`)
}
