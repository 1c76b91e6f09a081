/**
 * How patches lie on a disk that is carried to a site: a folder for each, named by its SHA-256, with the signed publication,
 * the hashes of its pieces, and the uploaded file in parts that any file system takes. `patchmesh-disk.json` lists them, so
 * that a disk that was cut is noticed; it is not signed, and nothing is believed because it stands there.
 */
import { z } from 'zod'
import { PatchName, PatchVersion, PeerId, Sha256 } from './identifiers.ts'
import { jsonIn } from './json-in.ts'
import { MAX_KNOWN_PATCHES, MAX_PATCH_BYTES } from './limits.ts'
import { type Refusal, refuse } from './refusals.ts'

export const DISK_LIST = 'patchmesh-disk.json'
export const MAX_DISK_LIST_BYTES = 1024 * 1024
export const PUBLICATION_FILE = 'publication'
/** A publication is a manifest and a few names. */
export const MAX_PUBLICATION_BYTES = 256 * 1024
export const HASHES_FILE = 'piece-hashes'
/** A whole number of pieces of any length; FAT takes files of less than four of it. */
export const PART_BYTES = 1024 * 1024 * 1024

const FORMAT = 'patchmesh-disk/1'

export const DiskEntry = z.strictObject({
  sha256: Sha256,
  name: PatchName,
  version: PatchVersion,
  bytes: z.int().min(1).max(MAX_PATCH_BYTES),
})
export type DiskEntry = z.infer<typeof DiskEntry>

export const DiskList = z.strictObject({
  format: z.literal(FORMAT),
  /** Of the Service Center that has signed the publications. */
  signingKey: PeerId,
  writtenAt: z.iso.datetime(),
  patches: z.array(DiskEntry).max(MAX_KNOWN_PATCHES),
})
export type DiskList = z.infer<typeof DiskList>

export function writeDiskList(list: Omit<DiskList, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...list }, null, 2)}\n`
}

/** `where` names the file in a refusal. */
export function readDiskList(text: string, where: string): DiskList | Refusal {
  const json = jsonIn(text)
  const parsed = DiskList.safeParse(json)
  if (parsed.success) return parsed.data
  const format = z.looseObject({ format: z.string().startsWith('patchmesh-disk/') }).safeParse(json)
  if (format.success && format.data.format !== FORMAT)
    return refuse('unsupported', `${where} has the form ${format.data.format}, and this release reads ${FORMAT}`)
  return refuse('malformed', `${where} is not the list of a disk that "patchmesh export" has written, or was damaged`)
}

/** The part in which this byte of the patch lies, and where in it. */
export function partAt(offset: number): { part: string; offset: number } {
  return { part: partName(Math.floor(offset / PART_BYTES)), offset: offset % PART_BYTES }
}

/** `patch-0001` and so on: `cat patch-* | sha256sum` gives the name of the folder. */
function partName(index: number): string {
  return `patch-${String(index + 1).padStart(4, '0')}`
}
