/**
 * Tells listeners (open pages) that something they show has changed. A topic is told at once, and then at most every
 * fifth of a second with the latest change never lost: a transfer changes its numbers far more often than eyes need.
 */
import type { Topic } from './ports.ts'

const QUIET_MS = 200

export class Notices {
  readonly #listeners = new Set<(topic: Topic) => void>()
  /** Topics told a moment ago, and whether they have changed again since. */
  readonly #quiet = new Map<Topic, { changedAgain: boolean; timer: NodeJS.Timeout }>()

  subscribe(listener: (topic: Topic) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(topic: Topic): void {
    const quiet = this.#quiet.get(topic)
    if (quiet !== undefined) {
      quiet.changedAgain = true
      return
    }
    this.#quiet.set(topic, { changedAgain: false, timer: setTimeout(() => this.#wake(topic), QUIET_MS) })
    for (const listener of this.#listeners) listener(topic)
  }

  close(): void {
    for (const { timer } of this.#quiet.values()) clearTimeout(timer)
    this.#quiet.clear()
  }

  #wake(topic: Topic): void {
    const again = this.#quiet.get(topic)?.changedAgain ?? false
    this.#quiet.delete(topic)
    if (again) this.tell(topic)
  }
}
