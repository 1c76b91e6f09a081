/**
 * Whether everything fits before anything is unpacked. dpkg writes each file beside the one that is there and replaces
 * all of them at the end, so for a while old and new are there together: what is needed is counted for each file system
 * that the package touches, in bytes and in inodes, and for dpkg's own database. On one file system everything adds up.
 * Room for the way back is asked for too: an install that fails where nothing can be put back has lost what was there.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeBytes, type Room, roomAt } from '../../file-systems.ts'
import { databaseFolder } from '../dpkg-database.ts'
import type { BytePath } from '../package-contents.ts'
import type { BelowRoot } from './below-root.ts'
import { wayBackOf } from './room-for-the-way-back.ts'
import type { PlacedEntry, Situation } from './situation.ts'

/** dpkg writes its status anew beside the old one and keeps a copy; the log and what scripts make come on top. */
const COPIES_OF_STATUS = 2
const SPARE_BYTES = 1024 * 1024
const SPARE_INODES = 16

type Amount = { bytes: number; inodes: number }
type Need = Amount & {
  readonly place: string
  readonly room: Room
  /** Of the entries, those that the version has that is there; and what the way back would unpack of that version. */
  readonly common: Amount
  readonly old: Amount
  copies: number
}

export async function isThereRoom(situation: Situation): Promise<string | null> {
  const needs = new Map<number, Need>()
  for (const entry of situation.entries) await addEntry(needs, situation, entry)
  await addDatabase(needs, situation)
  for (const { place, room, bytes, inodes } of needs.values()) {
    if (bytes > room.freeBytes) {
      return `the package needs ${describeBytes(bytes)} on the file system of ${place}, and ${describeBytes(room.freeBytes)} are free there (${bytes} and ${room.freeBytes} bytes); make room first`
    }
    if (room.freeInodes !== null && inodes > room.freeInodes) {
      return `the package needs ${describeInodes(inodes)} on the file system of ${place}, and ${room.freeInodes} are free there; remove files first`
    }
  }
  const declared = isDeclaredRoomThere(situation, [...needs.values()])
  if (declared !== null) return declared
  await addWayBack(needs, situation)
  return isThereRoomToGoBack([...needs.values()])
}

function isThereRoomToGoBack(needs: readonly Need[]): string | null {
  for (const { place, room, bytes, inodes, common, old, copies } of needs) {
    const moreBytes = Math.max(0, old.bytes - common.bytes) + copies
    if (bytes + moreBytes > room.freeBytes) {
      return `the package needs ${describeBytes(bytes)} on the file system of ${place}, its way back ${describeBytes(moreBytes)} more, and ${describeBytes(room.freeBytes)} are free there (${bytes}, ${moreBytes} and ${room.freeBytes} bytes); make room first`
    }
    const moreInodes = Math.max(0, old.inodes - common.inodes)
    if (room.freeInodes !== null && inodes + moreInodes > room.freeInodes) {
      return `the package needs ${describeInodes(inodes)} on the file system of ${place}, its way back ${moreInodes} more, and ${room.freeInodes} are free there; remove files first`
    }
  }
  return null
}

/** What its control file or manifest says that it needs counts for all its file systems together. */
function isDeclaredRoomThere({ task }: Situation, needs: readonly Need[]): string | null {
  const { diskBytes } = task.publication.manifest
  const free = needs.reduce((sum, { room }) => sum + room.freeBytes, 0)
  if (diskBytes <= free) return null
  return `the package says that it needs ${describeBytes(diskBytes)}, and ${describeBytes(free)} are free on the file systems that it goes to (${diskBytes} and ${free} bytes); make room first`
}

async function addEntry(needs: Map<number, Need>, { below, ownFiles }: Situation, entry: PlacedEntry): Promise<void> {
  if (entry.goesTo === '/' || entry.kind === 'hard link') return
  const need = await needAt(needs, below, entry.goesTo)
  const bytes = entry.kind === 'file' ? wholeBlocks(entry.bytes, need.room) : 0
  for (const amount of ownFiles.has(entry.goesTo) && entry.kind !== 'folder' ? [need, need.common] : [need]) {
    amount.inodes += 1
    amount.bytes += bytes
  }
}

async function addWayBack(needs: Map<number, Need>, situation: Situation): Promise<void> {
  const { task, below } = situation
  const { files, copiedBytes } = await wayBackOf(situation)
  for (const { path, bytes } of files) {
    const { old, room } = await needAt(needs, below, path)
    old.inodes += 1
    old.bytes += wholeBlocks(bytes, room)
  }
  const room = await roomAt(task.scratch)
  const need = needs.get(room.device) ?? (await startNeed(needs, task.scratch))
  need.copies += wholeBlocks(copiedBytes, room)
}

async function needAt(needs: Map<number, Need>, below: BelowRoot, path: BytePath): Promise<Need> {
  const folder = await below.folderOf(path)
  return needs.get(folder.device) ?? (await startNeed(needs, below.readable(folder)))
}

async function addDatabase(needs: Map<number, Need>, { task, control, entries }: Situation): Promise<void> {
  const folder = databaseFolder(task.root)
  const room = await roomAt(folder)
  const need = needs.get(room.device) ?? (await startNeed(needs, folder))
  const status = await stat(join(folder, 'status'))
  const list = entries.reduce((sum, { path }) => sum + path.length + 1, 0)
  need.bytes += wholeBlocks(status.size, room) * COPIES_OF_STATUS + wholeBlocks(list, room) + SPARE_BYTES
  for (const content of control.values()) need.bytes += wholeBlocks(content.length, room)
  need.inodes += control.size + SPARE_INODES
}

async function startNeed(needs: Map<number, Need>, place: string): Promise<Need> {
  const nothing = { bytes: 0, inodes: 0 }
  const room = await roomAt(place)
  const need = { place, room, ...nothing, common: { ...nothing }, old: { ...nothing }, copies: 0 }
  needs.set(need.room.device, need)
  return need
}

function wholeBlocks(bytes: number, { blockBytes }: Room): number {
  return Math.ceil(bytes / blockBytes) * blockBytes
}

function describeInodes(count: number): string {
  return count === 1 ? '1 inode' : `${count} inodes`
}
