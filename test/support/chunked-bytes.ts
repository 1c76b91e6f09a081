/** Bytes as the stream of chunks that a reader or a request body is. */
export async function* chunked(bytes: Uint8Array, chunkBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** A copy with one bit turned over. */
export function flipBit(bytes: Uint8Array, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] as number) ^ (1 << bit)
  return flipped
}

/** `count` places spread over `length` bytes, the first and the last among them. */
export function places(count: number, length: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * (length - 1)) / (count - 1)))
}
