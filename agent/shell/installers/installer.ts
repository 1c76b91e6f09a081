/**
 * The small interface behind which each file type installs. An installer never decides whether a patch may be
 * installed and never reports: it looks (`detect`), acts (`install`, `revert`) and proves (`verify`). What an appliance
 * says it has is always what `detect` finds, never what `install` returned.
 */
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'

/** What a package file is, by its own fields. */
export type PackageIdentity = { readonly name: string; readonly version: string; readonly architecture: string }
/** A file of the agent's own; its hash is compared on the way before anything is made of it. */
export type ProvenCopy = { readonly path: string; readonly sha256: Sha256 }

/** One patch on one appliance. */
export type InstallTask = {
  readonly publication: Publication
  /** The verified copy in the store; read only. Before it is used it is copied to `scratch` and hashed on the way. */
  readonly file: string
  /** The folder that is treated as `/`. */
  readonly root: string
  /** A folder of this patch's own, which survives a restart of the agent until the attempt has ended. */
  readonly scratch: string
  /**
   * A Debian package among the appliance's own copies, for the way back: of a patch in the store, or of one that was
   * installed here and has been withdrawn since. Null where there is none; not there where nothing is kept.
   */
  readonly earlier?: (wanted: PackageIdentity) => Promise<ProvenCopy | null>
}

export type Found = {
  readonly result: 'applicable' | 'installed' | 'notApplicable' | 'unknown'
  /** The version that is there now, whichever it is; null where there is none. */
  readonly installedVersion: string | null
  /** A sentence for a person; says why for `notApplicable` and `unknown`. */
  readonly reason: string
}

export type Outcome = {
  readonly ok: boolean
  /** A sentence for a person: what went wrong, or what was done. */
  readonly reason: string
  /** The last part of what the programs printed, at most `MAX_REPORTED_OUTPUT_BYTES`. */
  readonly output: string
  /** Whether the same attempt may succeed later without a change (a lock that somebody holds). */
  readonly temporary: boolean
  /** Only of an install that ended before it had changed anything on the appliance: there is nothing to put back. */
  readonly untouched?: true
}

export interface Installer {
  detect(task: InstallTask): Promise<Found>
  /** Ends by the manifest's `install.timeoutSeconds`: then the whole process tree is killed and the outcome says so. */
  install(task: InstallTask): Promise<Outcome>
  /** Whether the patch is there and healthy, judged afresh. */
  verify(task: InstallTask): Promise<Outcome>
  /** Back to what was there before `install`, as far as the manifest promises it. */
  revert(task: InstallTask): Promise<Outcome>
  /**
   * After a restart of the agent: waits for a program that an earlier process of the agent started for this task and
   * that still runs, up to the manifest's timeout. Returns at once when there is none.
   */
  settle(task: InstallTask): Promise<void>
}
