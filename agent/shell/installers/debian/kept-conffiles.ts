/**
 * The configuration files that an install or its way back could take away: those of the package that is there and those
 * that the patch brings, as they were before it. dpkg purges what it thinks is a package's own, also a file that the
 * administrator wrote long before; so what was there is kept, and put back after dpkg is done. What somebody has changed
 * since the patch was installed is theirs and stays.
 */
import { createHash } from 'node:crypto'
import { copyFile, lstat, mkdir, open, readFile, rename, rm, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder } from '../../durable-file.ts'
import type { ConfigurationFile } from '../before.ts'
import { exists } from './dpkg-database.ts'

const FOLDER = 'configuration-files'
/** Larger than any that a person writes; a patch that ships one is refused, since it could not be taken back. */
const MAX_CONFIGURATION_FILE_BYTES = 64 * 1024 * 1024
/** Where dpkg lays what it did not put in the file's place. */
const BESIDE = ['.dpkg-new', '.dpkg-dist', '.dpkg-old']

/** Keeps these files in the scratch folder, durably. */
export async function keepConffiles(
  root: string,
  scratch: string,
  paths: readonly string[],
): Promise<ConfigurationFile[]> {
  const folder = join(scratch, FOLDER)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  const kept: ConfigurationFile[] = []
  for (const path of [...new Set(paths)].sort()) {
    const beside: string[] = []
    for (const ending of BESIDE) if (await exists(join(root, path + ending))) beside.push(ending)
    kept.push({ path, kept: await keepOne(join(root, path), folder, String(kept.length)), beside })
  }
  await syncFolder(folder)
  return kept
}

async function keepOne(from: string, folder: string, file: string): Promise<ConfigurationFile['kept']> {
  if (!(await exists(from))) return null
  const found = await lstat(from)
  // A link or a folder in its place is none of dpkg's: it stays as it is.
  if (!found.isFile()) return null
  if (found.size > MAX_CONFIGURATION_FILE_BYTES) {
    throw new Error(`${from} has ${found.size} bytes and could not be put back: no configuration file is that large`)
  }
  const copy = join(folder, file)
  await copyFile(from, copy)
  const handle = await open(copy)
  await handle.sync().finally(() => handle.close())
  return {
    file: join(FOLDER, file),
    sha256: digest(await readFile(copy)),
    ...{ mode: found.mode & 0o7777, owner: found.uid, group: found.gid, modifiedMs: found.mtimeMs },
  }
}

/** Files that are not as they were, and stay: somebody else has changed them meanwhile, or the patch has brought them. */
export type Unlike = { readonly changed: readonly string[]; readonly brought: readonly string[] }

/**
 * Puts back what is gone or was exchanged for what the patch ships, whose MD5 digests are `shipped` by path. What the patch
 * has brought where nothing was is dpkg's to take away: a file that dpkg knows and does not find counts as deleted by the
 * administrator, and is not installed any more.
 */
export async function restoreConffiles(
  root: string,
  scratch: string,
  files: readonly ConfigurationFile[],
  shipped: ReadonlyMap<string, string>,
): Promise<Unlike> {
  const changed: string[] = []
  const brought: string[] = []
  for (const { path, kept, beside } of files) {
    const at = join(root, path)
    for (const ending of BESIDE) if (!beside.includes(ending)) await rm(at + ending, { force: true })
    const now = (await exists(at)) && (await lstat(at)).isFile() ? await readFile(at) : null
    if (kept === null) {
      if (now !== null && md5(now) === shipped.get(path)) brought.push(path)
      continue
    }
    if (now !== null && digest(now) === kept.sha256) continue
    if (now === null ? await exists(at) : md5(now) !== shipped.get(path)) changed.push(path)
    else await putBack(join(scratch, kept.file), at, kept)
  }
  return { changed, brought }
}

async function putBack(copy: string, at: string, kept: NonNullable<ConfigurationFile['kept']>): Promise<void> {
  const temporary = join(dirname(at), `.${basename(at)}.patchmesh-new`)
  await mkdir(dirname(at), { recursive: true })
  await copyFile(copy, temporary)
  const file = await open(temporary)
  try {
    await file.chown(kept.owner, kept.group)
    await file.chmod(kept.mode)
    await file.sync()
  } finally {
    await file.close()
  }
  await utimes(temporary, new Date(kept.modifiedMs), new Date(kept.modifiedMs))
  await rename(temporary, at)
  await syncFolder(dirname(at))
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The digest that dpkg keeps of each configuration file; it tells files apart here and proves nothing. */
function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
