/**
 * The loop around a core: events in, one at a time; effects out, in order; an effect that must be finished before the
 * next one begins is awaited. An error that escapes an effect is a bug or a dead disk and ends the process: the ledger
 * or the database has what is needed to start again.
 */

/** Events in line above which whoever delivers from outside shall wait: one peer must not fill the memory. */
const MAX_EVENTS_IN_LINE = 1_000
/** Sockets and timers get their turn at least this often, however long the line is. */
const EVENTS_IN_A_ROW = 100

export class EventLoop<Event, Effect> {
  readonly #step: (event: Event) => Effect[]
  readonly #perform: (effect: Effect) => void | Promise<void>
  readonly #fail: (error: unknown) => void
  readonly #queue: Event[] = []
  #waiting: (() => void)[] = []
  #running = false
  #turning: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: {
    step: (event: Event) => Effect[]
    perform: (effect: Effect) => void | Promise<void>
    /** Ends the process, with the error in the log. */
    fail: (error: unknown) => void
  }) {
    this.#step = options.step
    this.#perform = options.perform
    this.#fail = options.fail
  }

  readonly deliver = (event: Event): void => {
    if (this.#isClosed) return
    this.#queue.push(event)
    if (this.#running) return
    this.#running = true
    this.#turning = this.#run().catch(this.#fail)
  }

  /** What is in line is done still; what comes after is left, as a crash would leave it. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turning
  }

  /** Nothing that comes by itself and again, such as the time, needs to be delivered now. */
  get isFull(): boolean {
    return this.#queue.length >= MAX_EVENTS_IN_LINE
  }

  /** Undefined while there is room for more events, else resolves when there is. */
  readonly room = (): Promise<void> | undefined => {
    if (this.#queue.length < MAX_EVENTS_IN_LINE) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Work that goes on beside the loop and ends in an event; an error that escapes it ends the process like any other. */
  readonly follow = (work: Promise<void>): void => {
    work.catch(this.#fail)
  }

  /** Performs effects that no event led to, such as those of `resume`. */
  async perform(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) {
      const done = this.#perform(effect)
      if (done !== undefined) await done
    }
  }

  async #run(): Promise<void> {
    let inARow = 0
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      await this.perform(this.#step(event))
      if (this.#queue.length < MAX_EVENTS_IN_LINE && this.#waiting.length > 0) this.#letIn()
      if (++inARow % EVENTS_IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    this.#running = false
  }

  #letIn(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const enter of waiting) enter()
  }
}
