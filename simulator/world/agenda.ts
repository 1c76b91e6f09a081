/**
 * What is still to happen in a world, in the order of virtual time; what is due at one moment happens in the order in
 * which it was entered, so a run never depends on how the heap lies in memory.
 */
export type Entry = { readonly timeMs: number; readonly turn: number; readonly act: () => void }

export class Agenda {
  readonly #heap: Entry[] = []
  #turn = 0

  get length(): number {
    return this.#heap.length
  }

  /** When the next entry is due, or null. */
  get nextMs(): number | null {
    return this.#heap[0]?.timeMs ?? null
  }

  enter(timeMs: number, act: () => void): void {
    const heap = this.#heap
    const entry: Entry = { timeMs, turn: this.#turn++, act }
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Entry
      // A newer entry goes before an older one only when it is due earlier.
      if (parent.timeMs <= timeMs) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  /** Takes out the next entry. */
  take(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      let child = heap[below]
      if (child === undefined) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below += 1
      }
      if (!isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
    return first
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.turn < right.turn)
}
