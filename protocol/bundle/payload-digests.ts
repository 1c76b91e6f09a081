/**
 * The digests of a bundle's payload, worked out as it passes and compared with what its manifest says. Each of the two
 * covers every byte, so one is enough to prove the payload; which are worked out is for the caller.
 */
import { createHash, type Hash } from 'node:crypto'
import { asSha256 } from '../hashing.ts'
import { LeafHasher } from '../piece-hasher.ts'
import { piecesRoot } from '../pieces.ts'
import { type Refusal, refuse } from '../refusals.ts'
import type { Manifest } from './manifest.ts'

export type PayloadDigest = 'sha256' | 'piecesRoot'
export const BOTH_DIGESTS: readonly PayloadDigest[] = ['sha256', 'piecesRoot']

const WORDS: Readonly<Record<PayloadDigest, string>> = { sha256: 'SHA-256', piecesRoot: 'pieces root' }

export class PayloadDigests {
  readonly #said: Manifest['payload']
  readonly #whole: Hash | null
  readonly #leaves: LeafHasher | null

  constructor(said: Manifest['payload'], digests: readonly PayloadDigest[]) {
    this.#said = said
    this.#whole = digests.includes('sha256') ? createHash('sha256') : null
    this.#leaves = digests.includes('piecesRoot') ? new LeafHasher(said.pieceSize) : null
  }

  update(bytes: Uint8Array): void {
    this.#whole?.update(bytes)
    this.#leaves?.update(bytes)
  }

  /** To be called once, after the last byte. `begin` is where the payload stands in the file. */
  fault(begin: number): Refusal | null {
    const found = {
      sha256: this.#whole === null ? this.#said.sha256 : asSha256(this.#whole.digest()),
      piecesRoot: this.#leaves === null ? this.#said.piecesRoot : asSha256(piecesRoot(this.#leaves.finish())),
    }
    const wrong = BOTH_DIGESTS.find((digest) => found[digest] !== this.#said[digest])
    return wrong === undefined ? null : payloadMismatch(this.#said, begin, wrong, found[wrong])
  }
}

export function payloadMismatch(
  said: Manifest['payload'],
  begin: number,
  digest: PayloadDigest,
  found: string,
): Refusal {
  const place = `The payload, bytes ${begin} to ${begin + said.size} of the file`
  return refuse('digest_mismatch', `${place}, has ${WORDS[digest]} ${found}, and manifest.json says ${said[digest]}.`)
}
