/**
 * Reads a disk of patches that was carried here (protocol/patch-disk.ts). Nothing on it is believed, and no link on it is
 * followed: what is not as it should be is a sentence, and the other patches are read all the same.
 */
import { constants, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '../../protocol/hashing.ts'
import {
  DISK_LIST,
  type DiskEntry,
  type DiskList,
  HASHES_FILE,
  MAX_DISK_LIST_BYTES,
  MAX_PUBLICATION_BYTES,
  PUBLICATION_FILE,
  partAt,
  readDiskList,
} from '../../protocol/patch-disk.ts'
import { hashAt, pieceCount, pieceHash, pieceRange } from '../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { decodeEnvelope, open as openEnvelope } from '../../protocol/trust/envelope.ts'
import { Publication } from '../../protocol/trust/statements.ts'
import { readFully } from './open-file.ts'
import { MAX_HASHES_BYTES } from './visits/requests.ts'

/** A patch on the disk; its publication names who signed it, and whether that one is trusted is for the agent to say. */
export type CarriedPatch = Pieces & {
  readonly publication: Publication
  readonly envelope: Uint8Array
  readonly hashes: Uint8Array
}

export type Pieces = {
  /** Null where the disk does not give it, or gives something else; why is in `wrong`. */
  readonly piece: (index: number) => Promise<Uint8Array | null>
  /** One sentence for each file that has pieces that are not right. */
  readonly wrong: () => string[]
  close(): Promise<void>
}

export async function readDisk(folder: string): Promise<DiskList | Refusal> {
  const file = join(folder, DISK_LIST)
  const text = await small(file, MAX_DISK_LIST_BYTES)
  if (!isRefusal(text)) return readDiskList(text.toString(), file)
  if (text.refused !== 'not_found') return text
  const what = `there is no ${DISK_LIST} in ${folder}`
  return refuse(
    'not_found',
    `${what}: name the folder that "patchmesh export --to" has written, on the disk as it is mounted here`,
  )
}

export async function openCarried(
  folder: string,
  { sha256, name, version }: DiskEntry,
): Promise<CarriedPatch | Refusal> {
  const below = join(folder, sha256)
  const envelope = await small(join(below, PUBLICATION_FILE), MAX_PUBLICATION_BYTES)
  if (isRefusal(envelope)) return cut(envelope)
  const hashes = await small(join(below, HASHES_FILE), MAX_HASHES_BYTES)
  if (isRefusal(hashes)) return cut(hashes)
  const signed = decodeEnvelope(envelope)
  if (isRefusal(signed)) return refuse('malformed', `${join(below, PUBLICATION_FILE)} is damaged, or something else`)
  const publication = openEnvelope(
    Publication,
    signed,
    signed.signatures.map(({ keyid }) => keyid),
  )
  if (isRefusal(publication)) return publication
  if (publication.sha256 !== sha256 || publication.name !== name || publication.version !== version) {
    const { name: other, version: its } = publication
    return refuse('malformed', `the disk names ${name} ${version}, and has ${other} ${its} in its place`)
  }
  return { publication, envelope, hashes, ...piecesOnDisk(below, publication, hashes) }

  function cut(refusal: Refusal): Refusal {
    if (refusal.refused !== 'not_found') return refusal
    return refuse(
      'truncated',
      `the disk lists ${name} ${version}, and ${refusal.message}: it was cut, or files were removed`,
    )
  }
}

/** Of the patch that has, or shall have, its parts in this folder. */
export function piecesOnDisk(below: string, publication: Publication, hashes: Uint8Array): Pieces {
  const handles = new Map<string, FileHandle>()
  const wrong = new Map<string, string>()
  const handleOf = async (path: string): Promise<FileHandle> => {
    const known = handles.get(path)
    if (known !== undefined) return known
    const handle = await openPlain(path)
    handles.set(path, handle)
    return handle
  }
  return {
    async piece(index: number): Promise<Uint8Array | null> {
      const { offset, length } = pieceRange(publication, index)
      const place = partAt(offset)
      const path = join(below, place.part)
      const which = `piece ${index + 1} of ${pieceCount(publication)} in ${path}`
      try {
        const bytes = Buffer.allocUnsafe(length)
        const isWhole = await readFully(await handleOf(path), bytes, place.offset)
        if (isWhole && equalBytes(pieceHash(bytes), hashAt(hashes, index))) return bytes
        note(path, isWhole ? `${which} is not what was signed` : `${which} is not there: the file ends before it`)
      } catch (error) {
        note(path, `${which} cannot be read (${codeOf(error)})`)
      }
      return null
    },
    wrong: () => [...wrong.values()],
    async close() {
      for (const handle of handles.values()) await handle.close()
    },
  }

  function note(path: string, sentence: string): void {
    if (!wrong.has(path)) wrong.set(path, sentence)
  }
}

/** A whole file of which no more is read than it may have. */
async function small(file: string, maxBytes: number): Promise<Buffer | Refusal> {
  let handle: FileHandle
  try {
    handle = await openPlain(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return refuse('not_found', `${file} is not there`)
    return refuse('disk_unreadable', `${file} cannot be read (${codeOf(error)})`)
  }
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) return refuse('malformed', `${file} has ${size} bytes, and at most ${maxBytes} belong there`)
    const bytes = Buffer.allocUnsafe(size)
    if (await readFully(handle, bytes, 0)) return bytes
    return refuse('truncated', `${file} became shorter while it was read`)
  } catch (error) {
    return refuse('disk_unreadable', `${file} cannot be read (${codeOf(error)})`)
  } finally {
    await handle.close()
  }
}

/** A pipe or a device that lies there would keep whoever opens it waiting. */
async function openPlain(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw Object.assign(new Error(`${file} is not a file`), { code: 'not a file' })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
