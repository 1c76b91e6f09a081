/**
 * A map by appliance of which only the entries of some appliances are there. It holds nothing itself: it looks into the
 * map it was made of, so it is made at once however large that is. It is read only.
 */
import { assert } from '../../protocol/assert.ts'

const READ_ONLY = 'what one may see of a map is not where it is changed'

export class OwnEntries<Key, Value> extends Map<Key, Value> {
  readonly #all: ReadonlyMap<Key, Value>
  readonly #own: ReadonlyMap<Key, unknown>
  readonly #show: (value: Value) => Value

  constructor(
    all: ReadonlyMap<Key, Value>,
    own: ReadonlyMap<Key, unknown>,
    show: (value: Value) => Value = (value) => value,
  ) {
    super()
    this.#all = all
    this.#own = own
    this.#show = show
  }

  override get(key: Key): Value | undefined {
    const value = this.#own.has(key) ? this.#all.get(key) : undefined
    return value === undefined ? undefined : this.#show(value)
  }
  override has(key: Key): boolean {
    return this.#own.has(key) && this.#all.has(key)
  }
  override get size(): number {
    return [...this.keys()].length
  }
  /** Goes through the smaller of the two. */
  override *keys(): MapIterator<Key> {
    const [fewer, more] = this.#own.size < this.#all.size ? [this.#own, this.#all] : [this.#all, this.#own]
    for (const key of fewer.keys()) if (more.has(key)) yield key
  }
  override *values(): MapIterator<Value> {
    for (const key of this.keys()) {
      const value = this.#all.get(key)
      if (value !== undefined) yield this.#show(value)
    }
  }
  override *entries(): MapIterator<[Key, Value]> {
    for (const key of this.keys()) {
      const value = this.#all.get(key)
      if (value !== undefined) yield [key, this.#show(value)]
    }
  }
  override [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries()
  }
  override forEach(act: (value: Value, key: Key, map: Map<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) act(value, key, this)
  }
  override set(): this {
    assert(false, READ_ONLY)
    return this
  }
  override delete(): boolean {
    assert(false, READ_ONLY)
    return false
  }
  override clear(): void {
    assert(false, READ_ONLY)
  }
}
