/**
 * Writes patches onto a disk as protocol/patch-disk.ts says. What is there already and right stays, so that a second run
 * goes on where the first was cut; a patch is listed only when all of it was proven and is durable.
 */
import { createHash } from 'node:crypto'
import { constants, type FileHandle, lstat, mkdir, open, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder, writeDurably } from '../../agent/shell/durable-file.ts'
import { piecesOnDisk, readDisk } from '../../agent/shell/patch-disk.ts'
import { ByteReader } from '../../protocol/byte-reader.ts'
import { equalBytes } from '../../protocol/hashing.ts'
import { PeerId } from '../../protocol/identifiers.ts'
import {
  DISK_LIST,
  type DiskList,
  HASHES_FILE,
  PUBLICATION_FILE,
  partAt,
  writeDiskList,
} from '../../protocol/patch-disk.ts'
import { hashAt, pieceCount, pieceHash, pieceRange, provesPieces } from '../../protocol/pieces.ts'
import { isRefusal, RefusedError } from '../../protocol/refusals.ts'
import { decodeEnvelope, open as openEnvelope } from '../../protocol/trust/envelope.ts'
import { Publication } from '../../protocol/trust/statements.ts'
import type { PatchProof } from '../api/schemas.ts'
import { LocalFileError } from './exchange.ts'
import { readableBytes } from './quantities.ts'

export type Proof = { signedBy: PeerId; publication: Publication; envelope: Uint8Array; hashes: Uint8Array }

/** What the Service Center answers is compared as it will be at the site. */
export function readProof({ signedBy, publication, hashes: leaves }: PatchProof): Proof {
  const envelope = Buffer.from(publication, 'base64')
  const hashes = Buffer.from(leaves, 'base64')
  const signed = decodeEnvelope(envelope)
  if (isRefusal(signed)) throw new RefusedError(signed)
  const opened = openEnvelope(Publication, signed, [PeerId.parse(signedBy)])
  if (isRefusal(opened)) throw new RefusedError(opened)
  if (!provesPieces(hashes, opened, Buffer.from(opened.piecesRoot, 'hex')))
    throw new Error(`the piece hashes of ${opened.name} ${opened.version} are not what the Service Center has signed`)
  return { signedBy: PeerId.parse(signedBy), publication: opened, envelope, hashes }
}

/** Where the disk is another Service Center's, or its list is damaged, nothing of it is touched. */
export async function openDisk(folder: string, signingKey: PeerId): Promise<DiskList['patches']> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }))
  const list = await readDisk(folder)
  if (isRefusal(list)) {
    if (list.refused === 'not_found') return []
    throw new LocalFileError(`${list.message}: name an empty folder, or remove that file`)
  }
  if (list.signingKey === signingKey) return list.patches
  throw new LocalFileError(`${folder} has patches of another Service Center (${list.signingKey}): name an empty folder`)
}

/** Returns how many bytes were written; `file` gives those of the patch from one on. */
export async function writePatch(
  folder: string,
  { publication, envelope, hashes }: Proof,
  file: (from: number) => AsyncIterable<Uint8Array>,
  progress: (done: number) => void,
): Promise<number> {
  const below = path.join(folder, publication.sha256)
  await onDisk(below, async () => {
    await mkdir(below, { recursive: true })
    if ((await lstat(below)).isSymbolicLink()) throw new LocalFileError(`${below} is a link to elsewhere: remove it`)
    await put(below, HASHES_FILE, hashes)
    await put(below, PUBLICATION_FILE, envelope)
  })
  const first = await firstMissing(below, publication, hashes, progress)
  if (first === pieceCount(publication)) return 0
  const { offset } = pieceRange(publication, first)
  await refuseWithoutRoom(folder, publication.bytes - offset)
  await writePieces({ below, publication, hashes, first, file, progress })
  await proveWhole(below, publication, hashes)
  return publication.bytes - offset
}

export async function listOnDisk(folder: string, signingKey: PeerId, patches: DiskList['patches']): Promise<void> {
  const text = writeDiskList({ signingKey, writtenAt: new Date().toISOString(), patches })
  await onDisk(path.join(folder, DISK_LIST), () => put(folder, DISK_LIST, Buffer.from(text)))
}

/** What somebody has put on the disk leads to no file elsewhere. */
async function put(folder: string, name: string, content: Uint8Array): Promise<void> {
  await rm(path.join(folder, `.${name}.new`), { force: true })
  await writeDurably(folder, name, content)
}

async function firstMissing(
  below: string,
  publication: Publication,
  hashes: Uint8Array,
  progress: (done: number) => void,
): Promise<number> {
  const there = piecesOnDisk(below, publication, hashes)
  try {
    for (let index = 0; index < pieceCount(publication); index++) {
      if ((await there.piece(index)) === null) return index
      progress(pieceRange(publication, index).offset)
    }
    return pieceCount(publication)
  } finally {
    await there.close()
  }
}

async function writePieces(options: {
  below: string
  publication: Publication
  hashes: Uint8Array
  first: number
  file: (from: number) => AsyncIterable<Uint8Array>
  progress: (done: number) => void
}): Promise<void> {
  const { below, publication, hashes, first, file, progress } = options
  const reader = new ByteReader(file(pieceRange(publication, first).offset))
  let part: { name: string; handle: FileHandle } | null = null
  try {
    for (let index = first; index < pieceCount(publication); index++) {
      const { offset, length } = pieceRange(publication, index)
      const place = partAt(offset)
      const bytes = await wholePiece(reader, length, `piece ${index + 1}`)
      if (!equalBytes(pieceHash(bytes), hashAt(hashes, index))) throw wrongAtServiceCenter(publication, index)
      const name = path.join(below, place.part)
      await onDisk(name, async () => {
        if (part?.name !== name) {
          await finish(part?.handle)
          part = { name, handle: await openPart(name) }
        }
        for (let done = 0; done < length; )
          done += (await part.handle.write(bytes, done, length - done, place.offset + done)).bytesWritten
      })
      progress(offset + length)
    }
    await onDisk(below, async () => {
      await finish(part?.handle)
      part = null
      await syncFolder(below)
    })
  } finally {
    await reader.close()
    await (part as { handle: FileHandle } | null)?.handle.close()
  }
}

/** Chunks are small, and a piece that grew by each of them would be copied again and again. */
async function wholePiece(reader: ByteReader, length: number, place: string): Promise<Uint8Array> {
  const piece = Buffer.allocUnsafe(length)
  let filled = 0
  for await (const chunk of reader.span(length, place)) {
    piece.set(chunk, filled)
    filled += chunk.byteLength
  }
  return piece
}

function wrongAtServiceCenter({ name, version }: Publication, index: number): Error {
  return new Error(
    `piece ${index + 1} of ${name} ${version} comes from the Service Center otherwise than it was signed: its copy is damaged there, wait until it is mended and export again`,
  )
}

/** A link that lies there is not followed, and a pipe keeps nobody waiting. */
async function openPart(name: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(name, flags, 0o644)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new LocalFileError(`${name} is not a file: remove it`)
}

async function finish(handle: FileHandle | undefined): Promise<void> {
  await handle?.sync()
  await handle?.close()
}

/** As the disk gives it back: its digest is the name of the patch. */
async function proveWhole(below: string, publication: Publication, hashes: Uint8Array): Promise<void> {
  const there = piecesOnDisk(below, publication, hashes)
  const whole = createHash('sha256')
  try {
    for (let index = 0; index < pieceCount(publication); index++) whole.update((await there.piece(index)) ?? '')
    if (whole.digest('hex') === publication.sha256) return
  } finally {
    await there.close()
  }
  throw new LocalFileError(`${below} gives back other bytes than were written: take another disk`)
}

async function refuseWithoutRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await onDisk(folder, () => statfs(folder))
  if (bavail * bsize >= needed) return
  const [wants, has] = [needed, bavail * bsize].map(readableBytes)
  throw new LocalFileError(
    `${folder} has room for ${has} and ${wants} are to be written: make room, or take another disk`,
  )
}

/** What the disk refuses is a sentence with its place. */
async function onDisk<Result>(place: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === '') throw error
    const what = WORDS[code] ?? 'look at the disk'
    throw new LocalFileError(`${place} cannot be written (${code}): ${what}; what was listed before is as it was`, {
      cause: error,
    })
  }
}

const WORDS: Record<string, string> = {
  EROFS: 'the disk is mounted read-only, or has a switch for it',
  ENOSPC: 'the disk is full',
  EACCES: 'you may not write there',
  EIO: 'the disk fails, or was taken out',
  ENOTDIR: 'name a folder',
  ELOOP: 'a link lies there: remove it',
}
