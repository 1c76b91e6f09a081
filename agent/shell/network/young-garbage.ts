/**
 * The memory of what has passed through. Buffers of the network live for a moment, but V8 counts them outside its heap
 * and, left to itself, marks the whole heap for every 64 MB of them; to collect the young generation now and then frees
 * the same memory in about a millisecond. It needs Node's --expose-gc, and is nothing without it.
 */

/** Each byte of a piece is copied three to five times on its way through the libraries. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024

let passedBytes = 0

/** To be told of all bytes of pieces that came in or went out. */
export function bytesPassed(bytes: number): void {
  passedBytes += bytes
  if (passedBytes < COLLECT_EVERY_BYTES) return
  passedBytes = 0
  globalThis.gc?.({ type: 'minor', execution: 'sync' })
}
