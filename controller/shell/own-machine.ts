/**
 * What the Service Center can say of its own process and machine: the end of its log, its settings, the room on its disk,
 * and until when its certificate is good.
 */
import { X509Certificate } from 'node:crypto'
import { statfsSync } from 'node:fs'

export type OwnMachine = {
  recentLog(): string
  settings(): object
  freeBytes(): number
  /** Wall milliseconds; null where it serves no HTTPS. */
  certificateUntil(): number | null
}

export function freeBytesOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Of several in one file the first is the own one. */
export function goodUntil(certificate: Buffer | undefined): number | null {
  return certificate === undefined ? null : new X509Certificate(certificate).validToDate.getTime()
}
