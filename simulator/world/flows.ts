/**
 * Streams of pieces as fluids. A flow is one direction of one stream with its queue of parcels; flows share links max-min
 * fairly, and shares are worked out anew only when a flow begins, ends or stands still, and only among the flows that
 * this touches. A flow that goes from one parcel to the next changes nothing, so a thousand of them cost little.
 */
import { type SharedFlow, type SharedLink, shareFairly } from './fair-sharing.ts'

/** One direction of a link, with what it has carried; bytes are those of our frames, without headers below them. */
export class Link implements SharedLink {
  readonly name: string
  bytesPerMs: number
  readonly flows = new Set<Flow>()
  pieceBytes = 0
  messageBytes = 0

  constructor(name: string, bytesPerMs: number) {
    this.name = name
    this.bytesPerMs = bytesPerMs
  }
}

export type Parcel = {
  readonly bytes: number
  /** Fixes how long it takes where no link says so. */
  readonly tookMs?: number
  /** Its turn has come. False when there is nothing to send after all. */
  begin(): boolean
  /** Its last byte has left. */
  end(): void
}

export class Flow implements SharedFlow {
  readonly path: readonly Link[]
  ceilingBytesPerMs: number
  rateBytesPerMs = 0
  readonly parcels: Parcel[] = []
  /** Nothing moves, without anybody being told. */
  isBlocked = false
  /** Of the first parcel. */
  sentBytes = 0
  sinceMs = 0
  /** Invalidates what is in the agenda for it. */
  version = 0

  constructor(path: readonly Link[], ceilingBytesPerMs: number) {
    this.path = path
    this.ceilingBytesPerMs = ceilingBytesPerMs
  }

  get isMoving(): boolean {
    return this.rateBytesPerMs > 0
  }
}

export class Flows {
  readonly #now: () => number
  readonly #at: (timeMs: number, act: () => void) => void
  readonly #changed = new Set<Flow>()
  #willSettle = false

  constructor(now: () => number, at: (timeMs: number, act: () => void) => void) {
    this.#now = now
    this.#at = at
  }

  send(flow: Flow, parcel: Parcel): void {
    flow.parcels.push(parcel)
    if (flow.parcels.length === 1 && !flow.isBlocked) this.#begin(flow)
  }

  /** Gives up what has not left yet. */
  drop(flow: Flow): void {
    flow.parcels.length = 0
    this.#halt(flow)
  }

  block(flow: Flow): void {
    if (flow.isBlocked) return
    flow.isBlocked = true
    this.#halt(flow)
  }

  unblock(flow: Flow): void {
    if (!flow.isBlocked) return
    flow.isBlocked = false
    if (flow.parcels.length > 0) this.#join(flow)
  }

  /** What it could use if it were alone is another now. */
  raise(flow: Flow, ceilingBytesPerMs: number): void {
    flow.ceilingBytesPerMs = ceilingBytesPerMs
    if (flow.parcels.length > 0 && !flow.isBlocked) this.#mark(flow)
  }

  /** A link has another rate now. */
  touch(link: Link): void {
    for (const flow of link.flows) this.#mark(flow)
  }

  #begin(flow: Flow): void {
    while (flow.parcels[0]?.begin() === false) flow.parcels.shift()
    if (flow.parcels.length === 0) this.#halt(flow)
    else if (flow.isMoving) this.#schedule(flow)
    else this.#join(flow)
  }

  #join(flow: Flow): void {
    flow.sinceMs = this.#now()
    for (const link of flow.path) link.flows.add(flow)
    this.#mark(flow)
  }

  #halt(flow: Flow): void {
    this.#advance(flow)
    flow.version += 1
    flow.rateBytesPerMs = 0
    if (flow.parcels.length === 0) flow.sentBytes = 0
    for (const link of flow.path) link.flows.delete(flow)
    for (const link of flow.path) for (const other of link.flows) this.#mark(other)
  }

  #mark(flow: Flow): void {
    this.#changed.add(flow)
    if (this.#willSettle) return
    this.#willSettle = true
    this.#at(this.#now(), () => this.#settle())
  }

  /** Shares anew, once for all that changed at this moment. */
  #settle(): void {
    this.#willSettle = false
    const seen = new Set<Flow>()
    for (const changed of this.#changed) {
      if (seen.has(changed) || changed.parcels.length === 0 || changed.isBlocked) continue
      const touched = [...reach(changed)]
      const before = touched.map((flow) => flow.rateBytesPerMs)
      for (const flow of touched) {
        seen.add(flow)
        this.#advance(flow)
      }
      if (changed.path.length === 0) changed.rateBytesPerMs = ownRate(changed)
      else shareFairly(touched)
      for (const [at, flow] of touched.entries()) if (flow.rateBytesPerMs !== before[at]) this.#schedule(flow)
    }
    this.#changed.clear()
  }

  #advance(flow: Flow): void {
    const now = this.#now()
    const first = flow.parcels[0]
    const room = first === undefined ? Number.POSITIVE_INFINITY : first.bytes - flow.sentBytes
    const moved = Math.min(room, flow.rateBytesPerMs * (now - flow.sinceMs))
    flow.sinceMs = now
    if (moved <= 0) return
    flow.sentBytes += moved
    for (const link of flow.path) link.pieceBytes += moved
  }

  /** Enters when the first parcel will have left, at the rate of now. */
  #schedule(flow: Flow): void {
    const first = flow.parcels[0] as Parcel
    if (flow.path.length === 0) flow.rateBytesPerMs = ownRate(flow)
    flow.version += 1
    if (!flow.isMoving) return
    const { version } = flow
    this.#at(this.#now() + (first.bytes - flow.sentBytes) / flow.rateBytesPerMs, () => {
      if (flow.version === version) this.#left(flow, first)
    })
  }

  #left(flow: Flow, first: Parcel): void {
    for (const link of flow.path) link.pieceBytes += first.bytes - flow.sentBytes
    flow.sentBytes = 0
    flow.sinceMs = this.#now()
    flow.parcels.shift()
    this.#begin(flow)
    first.end()
  }
}

/** Where no link is shared, a parcel says itself how long it takes. */
function ownRate(flow: Flow): number {
  const first = flow.parcels[0]
  return first === undefined ? 0 : first.bytes / (first.tookMs ?? 1)
}

/** Everybody whose share depends on this flow's. */
function reach(start: Flow): Set<Flow> {
  const flows = new Set([start])
  const links = new Set<Link>()
  for (const flow of flows) {
    for (const link of flow.path) {
      if (links.has(link)) continue
      links.add(link)
      for (const other of link.flows) flows.add(other)
    }
  }
  return flows
}
