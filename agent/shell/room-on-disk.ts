/**
 * A disk that is full ends nothing: what must be written waits, says so once with its file, and goes on by itself when
 * there is room. Whoever asks meanwhile is told; what was decided already is never taken back.
 */
import { statfsSync } from 'node:fs'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { causes } from './causes.ts'
import { isDiskFull } from './sqlite-file.ts'

const TRY_AGAIN_MS = 1000
/** Below this nothing new is begun: what has begun needs the rest. */
const NEEDED_BYTES = 1024 * 1024

export type RoomLog = {
  warn(fields: Record<string, unknown>, line: string): void
  info(fields: Record<string, unknown>, line: string): void
}

export class RoomOnDisk {
  readonly #folder: string
  readonly #log: RoomLog
  readonly #heard = new Set<() => void>()
  #waiting = 0
  /** There was room on the disk when there was none to write. */
  #isQuota = false

  constructor(folder: string, log: RoomLog) {
    this.#folder = folder
    this.#log = log
  }

  /** Why nothing new can be begun, or null. */
  refusal(): Refusal | null {
    const free = this.#freeBytes()
    if (free < NEEDED_BYTES) return refuse('no_space', `the disk is full: ${free} bytes are free in ${this.#folder}`)
    if (this.#waiting === 0 || !this.#isQuota) return null
    return refuse('no_space', `the quota on ${this.#folder} is used up, though ${free} bytes are free on its disk`)
  }

  /** Calls whenever something begins to wait. */
  onWaiting(heard: () => void): void {
    this.#heard.add(heard)
  }

  /** What `act` gives, as soon as there is room for it; any other error than that there is none is thrown. */
  async whenThereIsRoom<Result>(act: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await act()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#log.warn({ error: causes(error), folder: this.#folder }, `the disk is full, ${this.#folder} waits for room`)
    }
    this.#waiting += 1
    this.#isQuota = this.#freeBytes() >= NEEDED_BYTES
    for (const heard of this.#heard) heard()
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
        const done = await this.#attempt(act)
        if (done !== null) return done.result
      }
    } finally {
      this.#waiting -= 1
    }
  }

  /** The same where nothing depends on it: resolves at once when there is no room, and goes on beside. */
  async orLater(act: () => void | Promise<void>, follow: (work: Promise<void>) => void): Promise<void> {
    try {
      await act()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      follow(this.whenThereIsRoom(act))
    }
  }

  /** Once, for what may as well stay undone. */
  async ifThereIsRoom(act: () => void | Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#log.warn({ error: causes(error), folder: this.#folder }, 'the disk is full')
    }
  }

  async #attempt<Result>(act: () => Result | Promise<Result>): Promise<{ result: Result } | null> {
    try {
      const result = await act()
      this.#log.info({ folder: this.#folder }, 'there is room on the disk again')
      return { result }
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#isQuota = this.#freeBytes() >= NEEDED_BYTES
      return null
    }
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder)
    return bavail * bsize
  }
}
