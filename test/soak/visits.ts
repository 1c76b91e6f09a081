/**
 * Peers that come, take a piece and go: each with an identity of its own, over real connections, some politely, some by
 * cutting the connection, some without having taken what they asked for.
 */
import { createHash } from 'node:crypto'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { PIECES_PROTOCOL } from '../../protocol/messages.ts'
import { eventually } from '../support/eventually.ts'
import { HostilePeer } from '../support/hostile-peer.ts'

export const PATCH_BYTES = 64 * 1024

export type Measure = {
  /** Memory that is this process's alone, as the kernel counts it. */
  readonly privateMiB: number
  /** What is alive after a collection. */
  readonly heapMiB: number
  readonly sockets: number
  readonly readers: number
}
export type Told = ({ kind: 'measured' } & Measure) | { kind: 'ready'; address: string; patch: Sha256 }

const AT_ONCE = 20

/** From which the identity of this peer is made. */
export function secretOfPeer(number: number): Uint8Array {
  return createHash('sha256').update(`soak ${number}`).digest()
}

/** All of `numbers`, a few at once. */
export async function visitAll(seed: { address: string; patch: Sha256 }, numbers: readonly number[]): Promise<void> {
  const waiting = [...numbers]
  const visitor = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await visit(seed, next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor))
}

async function visit({ address, patch }: { address: string; patch: Sha256 }, number: number): Promise<void> {
  const peer = await HostilePeer.start(secretOfPeer(number))
  try {
    // From one address only so many are let in within a second; whoever is turned away tries again.
    const talk = await eventually('the seed lets it in', () => peer.open(address, PIECES_PROTOCOL))
    const received = (): number => talk.received.reduce((sum, frame) => sum + frame.byteLength, 0)
    talk.say({ kind: 'want', patch })
    await eventually('the seed offers and lets the piece out', () => talk.received.length >= 2)
    talk.say({ kind: 'request', patch, index: 0 })
    const way = number % 3
    if (way > 0) await eventually('the piece arrives', () => received() >= PATCH_BYTES)
    if (way === 1) await talk.stream.close()
    else talk.stream.abort(new Error('gone'))
  } finally {
    await peer.stop()
  }
}
