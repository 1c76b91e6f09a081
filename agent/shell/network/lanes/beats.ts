/**
 * Bytes that come in small bursts, read together. On a link of 40 Mbit/s some ten kilobytes arrive every few milliseconds,
 * and each arrival would wake all that lies above the socket; so whoever got little waits for the next beat, and everybody
 * who waits reads in the same turn. Who gets much is never held up. (What network cards do as interrupt moderation.)
 */

/** The latest that bytes wait in the kernel; far less than a piece takes on a link on which it matters. */
const BEAT_MS = 10

export class Beats {
  #waiting: (() => void)[] = []

  /** `go` is called at the next beat. */
  wait(go: () => void): void {
    if (this.#waiting.length === 0) setTimeout(() => this.#beat(), BEAT_MS)
    this.#waiting.push(go)
  }

  #beat(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}
