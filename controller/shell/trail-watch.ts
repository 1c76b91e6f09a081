/**
 * Looks after the trail while the controller runs: checks it at the start, each hour in which something was written or a
 * break is known, and whenever somebody asks; remembers what it was, so that what is cut off its end is missed; and
 * writes its head into the log, which is the copy that nobody changes together with the database.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { CHAIN_BEGIN, EMPTY_CHAIN } from '../core/trail-chain.ts'
import { checkTrail, type TrailCheck } from './check-trail.ts'
import type { Repository } from './ports.ts'

const HOUR_MS = 3600 * 1000

type WatchLog = {
  info(fields: Record<string, unknown>, line: string): void
  error(fields: Record<string, unknown>, line: string): void
}

export class TrailWatch {
  readonly #repository: Repository
  readonly #clock: () => number
  readonly #log: WatchLog
  readonly #stopping = new AbortController()
  /** One check at a time, since each reads the whole trail: whoever asks meanwhile is answered by the next. */
  #underWay: Promise<unknown> = Promise.resolve()
  #next: { noted: Set<Sha256>; check: Promise<TrailCheck> } | null = null
  #timer: NodeJS.Timeout | undefined
  #last: TrailCheck | null = null
  #known = EMPTY_CHAIN

  constructor({ repository, clock, log }: { repository: Repository; clock: () => number; log: WatchLog }) {
    this.#repository = repository
    this.#clock = clock
    this.#log = log
  }

  /** The newest check; null until the first one is done. */
  get last(): TrailCheck | null {
    return this.#last
  }

  /** `noted` is a head that somebody has noted earlier. */
  check(noted: Sha256 | null = null): Promise<TrailCheck> {
    this.#next ??= this.#afterThis()
    if (noted !== null) this.#next.noted.add(noted)
    return this.#next.check
  }

  start(): void {
    void this.look()
    this.#timer = setInterval(() => void this.look(), HOUR_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    await this.#underWay
  }

  /** Checks what was written since the last check, with all before it, and says the head in the log. */
  async look(): Promise<void> {
    try {
      const [newest] = await this.#repository.trail({ organizations: null, limit: 1 })
      const isNew = this.#last?.chain.head !== (newest?.hash ?? CHAIN_BEGIN)
      if (!isNew && this.#last?.broken === null) return
      const { chain, broken } = await this.check()
      const { entries, head } = chain
      if (broken === null) this.#log.info({ entries, head }, 'the trail is intact')
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#log.error({ err: error }, 'the trail could not be checked')
    }
  }

  /** Until it begins, it takes the heads of everybody who asks. */
  #afterThis(): { noted: Set<Sha256>; check: Promise<TrailCheck> } {
    const noted = new Set<Sha256>()
    const check = this.#underWay.then(() => {
      this.#next = null
      return this.#check(noted)
    })
    // The next one follows however this one ends; what went wrong is told to those who asked.
    this.#underWay = Promise.allSettled([check])
    return { noted, check }
  }

  async #check(noted: ReadonlySet<Sha256>): Promise<TrailCheck> {
    const { signal } = this.#stopping
    const check = await checkTrail({
      ...{ repository: this.#repository, nowMs: this.#clock(), noted, known: this.#known, signal },
    })
    const { chain, broken } = check
    this.#last = check
    if (broken === null && chain.position > this.#known.position) this.#known = chain
    if (broken !== null) this.#log.error({ ...broken, head: chain.head }, 'the trail is broken')
    return check
  }
}
