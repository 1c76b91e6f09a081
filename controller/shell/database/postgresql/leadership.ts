/**
 * Which node leads: a row of the database, good for ten seconds by the database's clock and renewed every three. A node that
 * could not renew it stops by its own clock before it ends, and the fence (fenced-dialect.ts) holds where it did not notice. No lock
 * of a session is taken, so a pooler, a restart of the database and a network that is cut leave nothing behind.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../../../agent/shell/log.ts'
import { isAway } from './away.ts'
import type { Connections } from './connect.ts'

export const LEASE_SECONDS = 10
const RENEW_MS = 3_000
/** The database's clock and ours may run apart, and stopping takes a moment. */
const MARGIN_MS = 1_500
const ASK_MS = 1_000
const SAY_MS = 10_000

export type LeadershipOptions = {
  readonly connections: Connections
  /** By which people know this node. */
  readonly node: string
  readonly log: Log
  /** Asked before each attempt; it throws where this node must not lead. */
  mayLead(): Promise<void>
  /** Called as it begins to wait, and whenever the reason changes. */
  waits(reason: string): void
}

/** The epoch of a lead, and when it was asked for by this process's own clock: no later than the lease begins. */
export type Lead = { readonly epoch: number; readonly askedMs: number }

/** Resolves when this node leads; it waits for as long as that takes. */
export async function takeTheLead(options: LeadershipOptions): Promise<Lead> {
  const { node, log, waits } = options
  let said = ''
  let saidAt = Number.NEGATIVE_INFINITY
  for (;;) {
    const askedMs = performance.now()
    const reason = await attempt(options)
    if (typeof reason === 'number') return { epoch: reason, askedMs }
    if (reason !== said) waits(reason)
    if (reason !== said || performance.now() - saidAt > SAY_MS) {
      log.info({ node }, reason)
      saidAt = performance.now()
    }
    said = reason
    await pause(ASK_MS)
  }
}

/** The epoch, or why not. */
async function attempt({ connections, node, mayLead }: LeadershipOptions): Promise<number | string> {
  try {
    await mayLead()
    const { rows } = await connections.query(TAKE, [node, LEASE_SECONDS])
    const epoch: unknown = rows[0]?.['epoch']
    if (typeof epoch === 'number') return epoch
    const { rows: held } = await connections.query('select holder from lease where id = 1')
    return `stands by: ${String(held[0]?.['holder'] ?? 'another node')} leads`
  } catch (error) {
    if (!isAway(error)) throw error
    return `stands by: the database cannot be reached (${error instanceof Error ? error.message : String(error)})`
  }
}

/**
 * One statement, so that nobody sees half of it. The row is locked first and judged after that; the fence is moved once the transaction
 * that writes under the old epoch has ended.
 */
const TAKE = `
  with taken as (
    update lease set epoch = epoch + 1, holder = $1, "expiresAt" = clock_timestamp() + make_interval(secs => $2)
    where id = 1 and "expiresAt" < clock_timestamp() returning epoch
  )
  update leadership set epoch = taken.epoch from taken where id = 1 returning leadership.epoch`

const RENEW = `
  update lease set "expiresAt" = clock_timestamp() + make_interval(secs => $2)
  where id = 1 and epoch = $1 returning epoch`

const RELEASE = `update lease set "expiresAt" = clock_timestamp() where id = 1 and epoch = $1`

export class Leadership {
  readonly epoch: number
  readonly #connections: Connections
  readonly #lost: (reason: string) => void
  readonly #log: Log
  #heldUntilMs: number
  #timers: NodeJS.Timeout[] = []
  #renewing: Promise<void> | null = null
  #isOver = false

  /** `connections` are for the lease alone, so that its renewal never waits for a commit; `lost` is called once. */
  constructor(options: { connections: Connections; lead: Lead; log: Log; lost: (reason: string) => void }) {
    const { connections, lead, log, lost } = options
    this.#connections = connections
    this.epoch = lead.epoch
    this.#heldUntilMs = goodUntil(lead.askedMs)
    this.#lost = lost
    this.#log = log
    this.#timers.push(
      setInterval(() => {
        this.#renewing ??= this.#renew().finally(() => {
          this.#renewing = null
        })
      }, RENEW_MS),
      setInterval(() => this.#look(), 250),
    )
  }

  /** Whether the lease is still ours, as far as this process can know. */
  get holds(): boolean {
    return !this.#isOver && performance.now() < this.#heldUntilMs
  }

  /** Another node may lead at once. */
  async release(): Promise<void> {
    this.#end()
    await this.#renewing
    try {
      await this.#connections.query(RELEASE, [this.epoch])
    } catch (error) {
      if (!isAway(error)) throw error
      this.#log.info({ epoch: this.epoch }, 'the lease was not given back, and ends by itself')
    }
  }

  async #renew(): Promise<void> {
    const askedMs = performance.now()
    try {
      const { rows } = await this.#connections.query(RENEW, [this.epoch, LEASE_SECONDS])
      if (rows.length === 0) this.#lose('another node has taken the lead')
      else this.#heldUntilMs = goodUntil(askedMs)
    } catch (error) {
      this.#log.warn({ err: error, epoch: this.epoch }, 'the lease could not be renewed; it is tried again')
    }
  }

  #look(): void {
    if (!this.#isOver && performance.now() >= this.#heldUntilMs)
      this.#lose('the lease could not be renewed in time: the database was away, or this process was')
  }

  #lose(reason: string): void {
    if (this.#isOver) return
    this.#end()
    this.#lost(reason)
  }

  #end(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }
}

function goodUntil(askedMs: number): number {
  return askedMs + LEASE_SECONDS * 1000 - MARGIN_MS
}
