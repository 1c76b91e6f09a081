/**
 * What the judge may find, and what it judges by.
 */
import type { Report } from '../../../protocol/trust/statements.ts'
import type { BundleSpec } from '../drawn/bundle-spec.ts'
import type { PackageSpec } from '../drawn/package-spec.ts'
import type { Install } from '../drawn/world-plan.ts'
import type { Archive } from './archive.ts'
import type { Reading } from './reading.ts'
import type { Entry } from './tree.ts'

export const FINDINGS = [
  'false-installed',
  'lost-admin-file',
  'not-as-before',
  'refused-but-changed',
  'words-not-true',
  'no-end',
  'process-left',
  'hold-lost',
  'bystander-worse',
  'beside-a-living-script',
  'healthy-but-failed',
  'agent-broken',
] as const
export type Finding = (typeof FINDINGS)[number]

export type Complaint = { readonly finding: Finding; readonly sentence: string }

/** Something of the admin's: what was there, or null for what the admin had deleted. */
export type AdminFile = { readonly path: string; readonly entry: Entry | null }

export type Case = {
  readonly install: Install
  /** The package that the patch is or brings; null for a bundle without one. */
  readonly archive: Archive | null
  readonly before: Reading
  readonly after: Reading
  /** How the appliance says that it ended. */
  readonly report: Report
  readonly adminFiles: readonly AdminFile[]
  /** From a path to where the admin has diverted it. */
  readonly diversions: ReadonlyMap<string, string>
  /** Beginnings of paths that dpkg leaves out here. */
  readonly leftOut: readonly string[]
  /**
   * Marks of the postinsts that were killed below the frontend of debconf. It tells dpkg of them that they ended well,
   * and whoever asks dpkg learns no better.
   */
  readonly swallowedKills: ReadonlySet<string>
  /** Whether dpkg was told other things by the admin. */
  readonly isConfigured: boolean
  readonly nativeArchitecture: string
}

export function specOf({ install }: Case): PackageSpec | BundleSpec {
  return install.patch.spec
}

/** The key under which a reading has the package of the patch. */
export function keyOf({ archive }: Case): string | null {
  return archive === null ? null : `${archive.name}:${archive.architecture}`
}

/** What an appliance says of how it is now that it did not install. */
export function claimsAsBefore({ reason }: Report): boolean {
  return /\bas before\b|\bas it was\b/.test(reason)
}

export function claimsNothingChanged({ reason }: Report): boolean {
  return /\bnothing (had been|has been|was|is) (changed|touched)\b|\bnothing changed\b/.test(reason)
}
