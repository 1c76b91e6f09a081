/**
 * What is said when a member of a package does not unpack. Damaged is only what a checksum or the form of the data
 * proves to be; what ends early is cut, and what is whole but beyond dpkg or this program is unsupported.
 */
import { RefusedError, refuse } from '../../../../protocol/refusals.ts'

export function damaged(name: string, fault: string): RefusedError {
  return new RefusedError(refuse('digest_mismatch', `${name} is damaged, it does not unpack: ${fault}.`))
}

export function cut(name: string): RefusedError {
  return new RefusedError(refuse('truncated', `${name} ends early, inside its packed data.`))
}

/** `packing` with its article: "xz data". */
export function otherData(name: string, packing: string, head: Uint8Array): RefusedError {
  const begins = `it begins with ${Buffer.from(head).toString('hex')}`
  return new RefusedError(refuse('malformed', `${name} is not ${packing}: ${begins}.`))
}

export function unsupported(name: string, what: string): RefusedError {
  return new RefusedError(refuse('unsupported', `${name} ${what}.`))
}
