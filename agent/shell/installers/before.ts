/**
 * What was on the appliance before the patch, written to the scratch folder before the first act that changes anything.
 * It is written once: an attempt that is started again after a crash finds what its own first half left and must not
 * take that for the state to go back to. No such record means that nothing is left to put back.
 *
 * It is kept until what was there is back, or the patch was found right. Where an attempt had to be given up, `left` says
 * how things stood then: a later attempt that finds them so still goes back to what was there before the first one, and
 * one that finds them otherwise begins anew, because somebody has decided since.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder, writeDurably } from '../durable-file.ts'
import { readKeptJson } from './kept-json.ts'
import { readIfThere } from './read-if-there.ts'

const FILE = 'before.json'

/** A package as dpkg knew it; the words are those of package-state.ts. */
const KnownPackage = z.strictObject({
  name: z.string(),
  architecture: z.string(),
  version: z.string(),
  configVersion: z.string(),
  want: z.enum(['unknown', 'install', 'hold', 'deinstall', 'purge']),
  status: z.enum([
    'not-installed',
    'config-files',
    'half-installed',
    'unpacked',
    'half-configured',
    'triggers-awaited',
    'triggers-pending',
    'installed',
  ]),
  mustBeUnpackedAgain: z.boolean(),
  coexists: z.boolean(),
  pendingTriggers: z.array(z.string()),
  awaitedPackages: z.array(z.string()),
})

/** A configuration file of the package, or of what was there; the content is a file of the scratch folder. */
const ConfigurationFile = z.strictObject({
  path: z.string(),
  /** Null where there was none. */
  kept: z
    .strictObject({
      file: z.string(),
      sha256: z.string(),
      mode: z.int(),
      owner: z.int(),
      group: z.int(),
      modifiedMs: z.number(),
    })
    .nullable(),
  /** Of the names under which dpkg lays another version beside it, those that were there. */
  beside: z.array(z.string()),
})
export type ConfigurationFile = z.infer<typeof ConfigurationFile>

/** What the patch took over of nobody or of another package (debian/taken-files.ts); `path` is of bytes, below the root. */
const TakenEntry = z.strictObject({
  path: z.string(),
  kind: z.enum(['file', 'folder', 'link']),
  /** Of a file its place in the scratch folder, of a link its text. */
  kept: z.string(),
  mode: z.int(),
  owner: z.int(),
  group: z.int(),
  modifiedMs: z.number(),
})
export type TakenEntry = z.infer<typeof TakenEntry>

/** A file list of dpkg's database, by its name there, and its place in the scratch folder. */
const TakenList = z.strictObject({ name: z.string(), kept: z.string() })
export type TakenList = z.infer<typeof TakenList>

const Before = z.strictObject({
  installedVersion: z.string().nullable(),
  /** Of a Debian package that was removed: its configuration files are still known to dpkg and stay. */
  configurationFiles: z.boolean(),
  /** What dpkg found wrong in its whole database: an install answers only for what it broke itself. */
  audit: z.array(z.strictObject({ package: z.string(), fault: z.string() })).default([]),
  /** Of a Debian package: null where dpkg knew none. */
  package: KnownPackage.nullable().default(null),
  files: z.array(ConfigurationFile).default([]),
  taken: z
    .strictObject({ entries: z.array(TakenEntry), lists: z.array(TakenList) })
    .default({ entries: [], lists: [] }),
  left: z.string().nullable().default(null),
})
export type Before = z.infer<typeof Before>

/** `standing` is how things stand now, in the same words as `recordLeft`. */
export async function rememberBefore(scratch: string, standing: string, gather: () => Promise<Omit<Before, 'left'>>) {
  const kept = await whatWasBefore(scratch)
  if (kept !== null && (kept.left === null || kept.left === standing)) return kept
  const before: Before = { ...(await gather()), left: null }
  await write(scratch, before)
  return before
}

/** The attempt is given up with this left; what was before is kept for whoever tries again. */
export async function recordLeft(scratch: string, before: Before, left: string): Promise<void> {
  await write(scratch, { ...before, left })
}

export function whatWasBefore(scratch: string): Promise<Before | null> {
  return readKeptJson(join(scratch, FILE), Before)
}

/** Whether an attempt was given up here, and what was before it is still to be put back. */
export async function hasLeftSomething(scratch: string): Promise<boolean> {
  return ((await whatWasBefore(scratch))?.left ?? null) !== null
}

/** There is nothing to go back from any more. */
export async function forgetBefore(scratch: string): Promise<void> {
  if ((await readIfThere(join(scratch, FILE))) === null) return
  await rm(join(scratch, FILE))
  await syncFolder(scratch)
}

async function write(scratch: string, before: Before): Promise<void> {
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify(before)))
}
