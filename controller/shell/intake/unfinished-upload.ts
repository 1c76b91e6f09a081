/**
 * One upload that is not whole yet, as it lies on disk: `resumable-ID` is what has arrived, and `resumable-ID.json` the
 * note of what it shall become. Where it stands is the length of the file, so no word about it can be wrong: bytes that
 * a power cut spoilt are found by the check of the whole.
 */
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../../agent/shell/durable-file.ts'
import { ifThere } from '../../../agent/shell/if-there.ts'
import { sha256Hex } from '../../../protocol/hashing.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { parseStrictJson } from '../../../protocol/strict-json.ts'
import type { GrowingUpload } from './growing-upload.ts'

export const KEPT_MS = 24 * 3600 * 1000
/** What is compared before somebody goes on: two files with these last bytes in the same place are hardly two. */
const TAIL_BYTES = 64 * 1024
const NOTE_NAME = /^resumable-([0-9a-f]{32})\.json$/

const Note = z.strictObject({
  version: z.literal(1),
  owner: z.string(),
  filename: z.string(),
  bytes: z.int().min(0),
  /** Of the file, as its sender told; by it and name and size a person's own file is found again. */
  lastModified: z.int().nullable(),
})
export type NewUpload = Omit<z.infer<typeof Note>, 'version'>

export type Unfinished = NewUpload & {
  readonly id: string
  readonly path: string
  offset: number
  changedAt: number
  /** Open while bytes come, and a while after. */
  growing: GrowingUpload | null
  /** Ends with whoever has its turn now, and how to end it sooner. */
  turn: Promise<void>
  sender: AbortController | null
}

/** Where an upload stands; `outcome` is set when it is whole. */
export type UploadState = Omit<NewUpload, 'owner'> & {
  id: string
  offset: number
  /** Whether bytes are coming now. */
  sending: boolean
  expiresAt: number
  outcome: { patch: Sha256; created: boolean } | null
}

export function stateOf({ id, filename, bytes, lastModified, offset, sender, changedAt }: Unfinished): UploadState {
  const standing = { offset, sending: sender !== null, expiresAt: changedAt + KEPT_MS, outcome: null }
  return { id, filename, bytes, lastModified, ...standing }
}

/** The names that one takes in its folder. */
export function filesOf({ id }: { id: string }): string[] {
  return [`resumable-${id}`, `resumable-${id}.json`]
}

export async function beginUnfinished(
  folder: string,
  id: string,
  upload: NewUpload,
  changedAt: number,
): Promise<Unfinished> {
  const path = join(folder, `resumable-${id}`)
  const { owner, filename, bytes, lastModified } = upload
  await writeFile(path, '', { mode: 0o600, flag: 'wx' })
  const note: z.infer<typeof Note> = { version: 1, owner, filename, bytes, lastModified }
  await writeDurably(folder, `resumable-${id}.json`, Buffer.from(JSON.stringify(note)))
  return standing({ id, path, ...upload, offset: 0, changedAt })
}

/** What the file of this name is the note of, or null: a note without its file, or that cannot be read, is of nothing. */
export async function loadUnfinished(folder: string, name: string): Promise<Unfinished | null> {
  const id = NOTE_NAME.exec(name)?.[1]
  if (id === undefined) return null
  const path = join(folder, `resumable-${id}`)
  const found = await ifThere(stat(path))
  const parsed = parseStrictJson(await readFile(join(folder, name)), 'the note', 'malformed')
  const note = Note.safeParse(isRefusal(parsed) ? null : parsed.json)
  if (!note.success || found === null || found.size > note.data.bytes) return null
  const { version: _, ...upload } = note.data
  return standing({ id, path, ...upload, offset: found.size, changedAt: found.mtimeMs })
}

export async function deleteUnfinished(upload: Unfinished): Promise<void> {
  await letRest(upload)
  for (const path of [upload.path, `${upload.path}.json`]) await rm(path, { force: true })
}

/** Lets its check go; the next bytes start another, which reads the file again. */
export async function letRest(upload: Unfinished): Promise<void> {
  const { growing } = upload
  upload.growing = null
  await growing?.close()
}

/** The digest of the last bytes that are there, by which a sender sees whether its file is the same. */
export async function tailOf({ path, offset }: Unfinished): Promise<{ bytes: number; sha256: Sha256 }> {
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, offset))
  const file = await open(path, 'r')
  try {
    await file.read(tail, 0, tail.byteLength, offset - tail.byteLength)
  } finally {
    await file.close()
  }
  return { bytes: tail.byteLength, sha256: sha256Hex(tail) }
}

function standing(upload: Omit<Unfinished, 'growing' | 'turn' | 'sender'>): Unfinished {
  return { ...upload, growing: null, turn: Promise.resolve(), sender: null }
}
