/**
 * What a package file brings: its control files and every entry that it would unpack, as the real dpkg-deb gives them.
 * Nothing is written and nothing is judged here. Names are kept as dpkg keeps them, as bytes: each character of a path
 * is one byte (`latin1`), and `readableName` makes a name for a person of it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { cleanEnvironment } from '../clean-environment.ts'

/** Names as bytes, and old tars without a magic: dpkg takes both. */
const TAR_OPTIONS = { highWaterMark: 64 * 1024, filenameEncoding: 'latin1', allowUnknownFormat: true }
/** Scripts and lists of the largest packages are well below it; intake has checked the same. */
const MAX_CONTROL_FILE_BYTES = 4 * 1024 * 1024
/** The largest package on a slow disk is read well within it; dpkg itself would be stopped by the patch's own time. */
const READING_DEADLINE_MS = 30 * 60_000
const MAX_COMPLAINT_CHARACTERS = 2_000

/** A path below the root of the appliance: one slash before it, none behind it, each character one byte. */
export type BytePath = string

export type PackageEntry = {
  readonly path: BytePath
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'hard link' | 'special'
  readonly bytes: number
  /** Of a hard link a path, of a symbolic link its text. */
  readonly target: string
}

export type PackageContents = {
  /** Name and content of each control file, as bytes. */
  readonly control: ReadonlyMap<string, string>
  readonly entries: readonly PackageEntry[]
  /** Of the files that were asked for, the MD5 as dpkg records it. */
  readonly md5: ReadonlyMap<BytePath, string>
}

/** The control files alone, which come before the bulk. */
export async function readControlFiles(packageFile: string): Promise<Map<string, string>> {
  const control = new Map<string, string>()
  await readTar('--ctrl-tarfile', packageFile, async (path, header, content) => {
    if (header.type !== 'file') return
    if (header.size > MAX_CONTROL_FILE_BYTES) throw new Error(`the control file ${readableName(path)} is too large`)
    const parts: Buffer[] = []
    for await (const chunk of content) parts.push(chunk)
    control.set(path.slice(1), Buffer.concat(parts).toString('latin1'))
  })
  return control
}

/** `hashed` are the files whose MD5 is wanted. */
export async function readEntries(
  packageFile: string,
  hashed: ReadonlySet<BytePath>,
): Promise<Pick<PackageContents, 'entries' | 'md5'>> {
  const entries: PackageEntry[] = []
  const md5 = new Map<BytePath, string>()
  await readTar('--fsys-tarfile', packageFile, async (path, header, content) => {
    const kind = KINDS[header.type] ?? 'special'
    const target = kind === 'hard link' ? bytePath(header.linkname) : (header.linkname ?? '')
    entries.push({ path, kind, bytes: kind === 'file' ? header.size : 0, target })
    if (kind !== 'file' || !hashed.has(path)) return
    const hash = createHash('md5')
    for await (const chunk of content) hash.update(chunk)
    md5.set(path, hash.digest('hex'))
  })
  return { entries, md5 }
}

/** As dpkg does: what stands before the first name, and slashes behind it, are dropped. The root itself is `/`. */
export function bytePath(name: string): BytePath {
  return `/${withoutSlashes(name.replace(/^(\.?\/)+/, ''))}`.replace(/^\/\.$/, '/')
}

/** Without those at its end. */
export function withoutSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
}

export function readableName(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}

const KINDS: Readonly<Record<string, PackageEntry['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
  symlink: 'symbolic link',
  link: 'hard link',
}

type Header = { readonly type: string; readonly size: number; readonly linkname: string }
type TakeEntry = (path: BytePath, header: Header, content: AsyncIterable<Buffer>) => Promise<void>

async function readTar(which: '--ctrl-tarfile' | '--fsys-tarfile', packageFile: string, take: TakeEntry) {
  const child = spawn('dpkg-deb', [which, packageFile], {
    env: cleanEnvironment(),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: READING_DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  const tar = extract(TAR_OPTIONS)
  const ended = howItEnds(child)
  child.once('error', (error) => tar.destroy(error))
  child.stdout.on('error', (error) => tar.destroy(error))
  child.stdout.pipe(tar)
  try {
    for await (const entry of tar) {
      const content = entry as unknown as AsyncIterable<Buffer>
      await take(bytePath(entry.header.name), entry.header, content)
      entry.resume()
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error('the package cannot be read', { cause: error })
  }
  const complaint = await ended
  if (complaint !== null) throw new Error(`the package cannot be read: ${complaint}`)
}

/** Null when the program ended well, else what it said. */
function howItEnds(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string | null> {
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, MAX_COMPLAINT_CHARACTERS)
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, signal) => {
      resolve(status === 0 ? null : said.trim() || `dpkg-deb ended with ${status === null ? signal : status}`)
    })
  })
}
