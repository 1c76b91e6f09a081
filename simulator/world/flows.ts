/**
 * Streams of pieces as fluids. A flow is one direction of one stream with its queue of parcels; flows share links max-min
 * fairly, and shares are worked out anew only when a flow begins, ends or stands still, and only around the links that it
 * goes over. A flow that goes from one parcel to the next changes nothing, so a thousand of them cost little.
 */
import { type SharedFlow, type SharedLink, shareFairly } from './fair-sharing.ts'

/** One direction of a link, with what it has carried; bytes are those of our frames, without headers below them. */
export class Link implements SharedLink {
  readonly name: string
  readonly flows = new Set<Flow>()
  levelBytesPerMs = Number.POSITIVE_INFINITY
  pieceBytes = 0
  messageBytes = 0
  /** Called when it gets another rate. */
  whenChanged: (link: Link) => void = () => {}
  #bytesPerMs: number

  constructor(name: string, bytesPerMs: number) {
    this.name = name
    this.#bytesPerMs = bytesPerMs
  }

  get bytesPerMs(): number {
    return this.#bytesPerMs
  }

  set bytesPerMs(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs
    this.whenChanged(this)
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
  toldBytesPerMs = 0
  /** The rate at which it has moved since `sinceMs`. */
  movingBytesPerMs = 0
  readonly parcels: Parcel[] = []
  /** Nothing moves, without anybody being told. */
  isBlocked = false
  /** The first parcel's turn has come. */
  hasBegun = false
  /** Of the first parcel. */
  sentBytes = 0
  sinceMs = 0
  /** When its first parcel will have left, and when the agenda comes to look whether it has: then or earlier. */
  dueMs = Number.POSITIVE_INFINITY
  lookMs = Number.POSITIVE_INFINITY
  /** Invalidates what is in the agenda for it. */
  version = 0

  constructor(path: readonly Link[], ceilingBytesPerMs: number) {
    this.path = path
    this.ceilingBytesPerMs = ceilingBytesPerMs
  }

  get isMoving(): boolean {
    return this.movingBytesPerMs > 0
  }
}

export class Flows {
  readonly #now: () => number
  readonly #at: (timeMs: number, act: () => void) => void
  readonly #changed = new Set<Link>()
  /** Those that begin and share no link. */
  readonly #alone = new Set<Flow>()
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
    flow.hasBegun = false
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
    if (flow.hasBegun) this.#join(flow)
    else if (flow.parcels.length > 0) this.#begin(flow)
  }

  /** What it could use if it were alone is another now. */
  raise(flow: Flow, ceilingBytesPerMs: number): void {
    flow.ceilingBytesPerMs = ceilingBytesPerMs
    for (const link of flow.path) if (link.flows.has(flow)) this.#mark(link)
  }

  #begin(flow: Flow): void {
    while (flow.parcels[0]?.begin() === false) flow.parcels.shift()
    flow.hasBegun = flow.parcels.length > 0
    if (!flow.hasBegun) this.#halt(flow)
    else if (flow.isBlocked) return
    else if (!flow.isMoving) this.#join(flow)
    else this.#schedule(flow)
  }

  #join(flow: Flow): void {
    flow.sinceMs = this.#now()
    if (flow.path.length === 0) this.#alone.add(flow)
    for (const link of flow.path) {
      link.flows.add(flow)
      link.whenChanged = this.#mark
      this.#changed.add(link)
    }
    this.#settleSoon()
  }

  #halt(flow: Flow): void {
    this.#advance(flow)
    flow.version += 1
    flow.lookMs = Number.POSITIVE_INFINITY
    flow.rateBytesPerMs = 0
    flow.toldBytesPerMs = 0
    flow.movingBytesPerMs = 0
    if (flow.parcels.length === 0) flow.sentBytes = 0
    this.#alone.delete(flow)
    for (const link of flow.path) if (link.flows.delete(flow)) this.#mark(link)
  }

  readonly #mark = (link: Link): void => {
    this.#changed.add(link)
    this.#settleSoon()
  }

  #settleSoon(): void {
    if (this.#willSettle) return
    this.#willSettle = true
    this.#at(this.#now(), () => this.#settle())
  }

  /** Shares anew, once for all that changed at this moment. */
  #settle(): void {
    this.#willSettle = false
    for (const flow of this.#alone) this.#schedule(flow)
    this.#alone.clear()
    for (const flow of shareFairly(this.#changed) as Set<Flow>) {
      if (flow.movingBytesPerMs === flow.rateBytesPerMs) continue
      this.#advance(flow)
      flow.movingBytesPerMs = flow.rateBytesPerMs
      this.#schedule(flow)
    }
    this.#changed.clear()
  }

  #advance(flow: Flow): void {
    const now = this.#now()
    const first = flow.parcels[0]
    const room = first === undefined ? Number.POSITIVE_INFINITY : first.bytes - flow.sentBytes
    const moved = Math.min(room, flow.movingBytesPerMs * (now - flow.sinceMs))
    flow.sinceMs = now
    if (moved <= 0) return
    flow.sentBytes += moved
    for (const link of flow.path) link.pieceBytes += moved
  }

  /** When the first parcel will have left, at the rate of now. What is in the agenda already is waited for, if it is earlier. */
  #schedule(flow: Flow): void {
    const first = flow.parcels[0] as Parcel
    if (flow.path.length === 0) flow.movingBytesPerMs = ownRate(flow)
    flow.dueMs = this.#now() + (first.bytes - flow.sentBytes) / flow.movingBytesPerMs
    if (flow.lookMs > flow.dueMs) this.#lookAtDue(flow)
  }

  #lookAtDue(flow: Flow): void {
    flow.lookMs = flow.dueMs
    flow.version += 1
    const { version } = flow
    this.#at(flow.dueMs, () => {
      if (flow.version !== version) return
      flow.lookMs = Number.POSITIVE_INFINITY
      if (flow.dueMs > this.#now()) this.#lookAtDue(flow)
      else this.#left(flow)
    })
  }

  #left(flow: Flow): void {
    const first = flow.parcels[0] as Parcel
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
