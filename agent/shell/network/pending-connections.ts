/**
 * Who may begin a handshake. Places are kept for addresses from which a member has come before, so that strangers who
 * open sockets from a hundred addresses keep no member out; and where all places of a kind are taken, the newcomer gets
 * that of whoever has waited longest: a handshake takes a moment, and who only holds a socket is the oldest soon.
 */
import type { Socket } from 'node:net'

export type PendingLimits = {
  /** Handshakes at once from addresses that no member has come from, and how many begin in a second. */
  readonly strangers: number
  readonly strangersPerSecond: number
  /** From one address of theirs. */
  readonly strangersPerAddress: number
  /** Handshakes at once from addresses that members have come from, and from one of them. */
  readonly known: number
  readonly knownPerAddress: number
  /** Addresses that are remembered. */
  readonly remembered: number
}

/** A socket of which nobody knows yet whose it is. */
export type Pending = Pick<Socket, 'remoteAddress' | 'destroy' | 'once'>

type Place = { readonly address: string; readonly group: Map<Pending, Place> }

export class PendingConnections {
  readonly #limits: PendingLimits
  readonly #clock: () => number
  /** In the order in which they came. */
  readonly #strangers = new Map<Pending, Place>()
  readonly #known = new Map<Pending, Place>()
  readonly #byAddress = new Map<string, Set<Pending>>()
  /** Of members, the latest last. */
  readonly #addresses = new Set<string>()
  #second = 0
  #begunInSecond = 0

  constructor(limits: PendingLimits, clock: () => number = () => performance.now()) {
    this.#limits = limits
    this.#clock = clock
  }

  /** False where it is to be closed at once. */
  admit(socket: Pending): boolean {
    const address = addressOf(socket)
    const isKnown = this.#addresses.has(address)
    if (!isKnown && !this.#mayBegin()) return false
    const { strangers, strangersPerAddress, known, knownPerAddress } = this.#limits
    const group = isKnown ? this.#known : this.#strangers
    const beside = this.#byAddress.get(address) ?? new Set()
    if (beside.size >= (isKnown ? knownPerAddress : strangersPerAddress)) this.#evict(oldest(beside))
    else if (group.size >= (isKnown ? known : strangers)) this.#evict(oldest(group.keys()))
    group.set(socket, { address, group })
    this.#byAddress.set(address, beside.add(socket))
    socket.once('close', () => this.#leave(socket))
    return true
  }

  /** The other side has proven who it is; from the address of a member more are let in from now on. */
  settled(socket: Pending, isMember: boolean): void {
    this.#leave(socket)
    if (!isMember) return
    const address = addressOf(socket)
    this.#addresses.delete(address)
    this.#addresses.add(address)
    if (this.#addresses.size > this.#limits.remembered) this.#addresses.delete(oldest(this.#addresses) as string)
  }

  #mayBegin(): boolean {
    const second = Math.floor(this.#clock() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#begunInSecond = 0
    }
    this.#begunInSecond += 1
    return this.#begunInSecond <= this.#limits.strangersPerSecond
  }

  #evict(socket: Pending | undefined): void {
    if (socket === undefined) return
    this.#leave(socket)
    // Others wait for this place.
    socket.destroy()
  }

  #leave(socket: Pending): void {
    const place = this.#strangers.get(socket) ?? this.#known.get(socket)
    if (place === undefined) return
    place.group.delete(socket)
    const beside = this.#byAddress.get(place.address)
    beside?.delete(socket)
    if (beside?.size === 0) this.#byAddress.delete(place.address)
  }
}

function addressOf(socket: Pending): string {
  return socket.remoteAddress ?? ''
}

function oldest<Value>(values: Iterable<Value>): Value | undefined {
  const [first] = values
  return first
}
