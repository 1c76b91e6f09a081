/**
 * Streams that faults can interrupt: cut with a reset, silent one way or both, or with an end that lost its power. What
 * came into a silence is held, and delivered in its order when the silence is over; a silence that lasts for a quarter of
 * an hour ends a stream. A connection that has died without a word stays dead, for every stream on it, until somebody
 * hangs up.
 */
import type { Channel } from '../../agent/core/events.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { Flows } from './flows.ts'
import { Partitions } from './partitions.ts'
import { type Host, type Lane, OTHER_END, type Port, type Stream } from './streams.ts'

/** A stream in which nothing arrives ends at both sides: the patience of Linux's TCP, fifteen retransmissions. */
const SILENT_STREAM_MS = 924_000

export type Timing = { readonly now: () => number; readonly at: (timeMs: number, act: () => void) => void }

export class InterruptibleStreams {
  protected readonly streams = new Set<Stream>()
  protected readonly flows: Flows
  readonly #partitions = new Partitions()
  readonly #timing: Timing

  constructor(timing: Timing, flows: Flows) {
    this.#timing = timing
    this.flows = flows
  }

  /** Ends every stream between the two at once, as a reset does, and lets none be opened. */
  cut(one: string, other: string): void {
    this.#partitions.cut(one, other)
    for (const stream of [...this.streams]) {
      const { from, to } = stream.up
      if (this.#partitions.isCut(from.host.name, to.host.name)) this.end(stream, 'the link was cut')
    }
  }

  /** From now on nothing gets from one to the other, and neither is told. */
  silence(from: string, to: string): void {
    this.#partitions.silence(from, to)
    this.#observePartitions()
  }

  /** A site's WAN link goes silent, both ways. */
  isolate(site: string): void {
    this.#partitions.isolate(site)
    this.#observePartitions()
  }

  rejoin(site: string): void {
    this.#partitions.rejoin(site)
    this.#observePartitions()
  }

  /** Lifts every cut and silence between the two. */
  mend(one: string, other: string): void {
    this.#partitions.mend(one, other)
    this.#observePartitions()
  }

  mendAll(): void {
    this.#partitions.mendAll()
    this.#observePartitions()
  }

  /** A NAT has forgotten it, or an address has changed: what is open between the two is dead, and nobody is told. */
  die(one: string, other: string): void {
    for (const stream of [...this.streams]) {
      const ends = [stream.up.from.host.name, stream.up.to.host.name]
      if (!stream.isHalfOpen && ends.includes(one) && ends.includes(other)) this.halfOpen(stream)
    }
  }

  /** The host is there again: what is left of its old streams is answered with a reset. */
  answer(host: Host): void {
    for (const stream of [...this.streams]) {
      if (stream.isHalfOpen && (stream.up.from.host === host || stream.up.to.host === host))
        this.end(stream, 'reset by the other side')
    }
  }

  protected end(stream: Stream, reason: string): void {
    if (stream.hasEnded) return
    const { up, down, kind } = stream
    this.#forget(stream)
    const channel = kind === 'control' ? 'uplink' : 'source'
    const [dialler, listener] = [up.from, down.from]
    const other = OTHER_END[channel]
    if (dialler.streams[channel].get(listener.host.peer) === stream) {
      dialler.streams[channel].delete(listener.host.peer)
      dialler.host.hear({ kind: 'closed', channel, peer: listener.host.peer, reason })
    }
    if (listener.streams[other].get(dialler.host.peer) === stream) {
      listener.streams[other].delete(dialler.host.peer)
      listener.host.hear({ kind: 'closed', channel: other, peer: dialler.host.peer, reason })
    }
  }

  /** This end gives it up; where nothing gets through, the other is not told. */
  protected giveUp(stream: Stream, here: Port, reason: string): void {
    const isHeard = !stream.isHalfOpen && !this.isSilent(stream.up.from, stream.up.to)
    if (isHeard) return this.end(stream, reason)
    for (const [channel, streams] of Object.entries(here.streams) as [Channel, Map<PeerId, Stream>][]) {
      for (const [peer, open] of streams) {
        if (open !== stream) continue
        streams.delete(peer)
        here.host.hear({ kind: 'closed', channel, peer, reason })
      }
    }
    if (!stream.isHalfOpen) this.halfOpen(stream)
  }

  #forget(stream: Stream): void {
    stream.hasEnded = true
    this.streams.delete(stream)
    this.flows.drop(stream.up.flow)
    this.flows.drop(stream.down.flow)
  }

  /** Its other end lost power: nobody answers any more. */
  protected halfOpen(stream: Stream): void {
    stream.isHalfOpen = true
    this.flows.block(stream.up.flow)
    this.flows.block(stream.down.flow)
    this.after(SILENT_STREAM_MS, () => this.end(stream, 'nobody answers'))
  }

  #observePartitions(): void {
    for (const stream of [...this.streams]) {
      if (stream.isHalfOpen) continue
      const { up, down } = stream
      const [isUpSilent, isDownSilent] = [this.isSilent(up.from, up.to), this.isSilent(down.from, down.to)]
      // Where acknowledgements do not come back, bytes do not go on either.
      const isSilent = isUpSilent || isDownSilent
      for (const { flow } of [up, down]) this.flows[isSilent ? 'block' : 'unblock'](flow)
      if (!isUpSilent) release(up)
      if (!isDownSilent) release(down)
      if (isSilent && stream.silentSinceMs === null) this.#watch(stream, this.#timing.now())
      else if (!isSilent) stream.silentSinceMs = null
    }
  }

  #watch(stream: Stream, sinceMs: number): void {
    stream.silentSinceMs = sinceMs
    this.after(SILENT_STREAM_MS, () => {
      if (stream.silentSinceMs === sinceMs) this.end(stream, 'nothing came through for a minute')
    })
  }

  protected isSilent(from: Port, to: Port): boolean {
    return this.#partitions.isSilent(from.where, to.where)
  }

  protected isCut(from: Port, to: Port): boolean {
    return this.#partitions.isCut(from.host.name, to.host.name)
  }

  protected after(delayMs: number, act: () => void): void {
    this.#timing.at(this.#timing.now() + delayMs, act)
  }
}

/** In the order in which it came; `held` is empty before, so that nothing is held again. */
function release({ held }: Lane): void {
  for (const arrive of held.splice(0)) arrive()
}
