/**
 * Makes a backup of a data folder, whether a controller runs on it or not. The database is copied by SQLite in one
 * transaction, so it is that of one moment, and nobody waits for it. The file appears under its name only when it is
 * complete and on the disk; what a kill left is a folder beside it that says so by its name.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { syncFolder } from '../../../agent/shell/durable-file.ts'
import { ifThere } from '../../../agent/shell/if-there.ts'
import { inWords } from '../../../agent/shell/sqlite-file.ts'
import product from '../../../package.json' with { type: 'json' }
import { Sha256 } from '../../../protocol/identifiers.ts'
import { databaseExists, databaseFile } from '../database/embedded-file.ts'
import { notedDatabase } from '../database/noted-database.ts'
import { embeddedDatabase } from '../database/sqlite-database.ts'
import { readKeySeeds } from '../keys.ts'
import { type BackupContents, BackupError, CONTENTS_NAME, copyName, DATABASE_NAME } from './backup-contents.ts'
import { peersOf } from './sealed-keys.ts'

export type BackupOptions = {
  readonly folder: string
  readonly out: string
  /** Whether the copies of patches come along. */
  readonly withPatches: boolean
  /** Told as bytes of what is packed are read. */
  progress(bytes: number, ofBytes: number): void
}

export async function makeBackup(options: BackupOptions): Promise<BackupContents> {
  const { folder, out, withPatches } = options
  const seeds = await readKeySeeds(folder)
  const url = await notedDatabase(folder)
  if (url !== null) throw new BackupError(`the database of ${folder} is ${url}: back it up with pg_dump`)
  if (!databaseExists(folder) || seeds === null)
    throw new BackupError(`there is no controller's data in ${folder}: name its data folder with --data`)
  await refuseToReplace(out)
  const beside = await mkdtemp(path.join(path.dirname(out), '.patchmesh-backup-unfinished-'))
  try {
    const snapshot = path.join(beside, DATABASE_NAME)
    copyDatabase(databaseFile(folder), snapshot)
    const contents: BackupContents = {
      format: 'patchmesh-backup/1',
      release: product.version,
      madeAt: new Date().toISOString(),
      ...peersOf(seeds),
      database: { bytes: (await stat(snapshot)).size, sha256: await digestOf(snapshot) },
      copies: withPatches ? await copiesIn(folder) : [],
    }
    const unfinished = path.join(beside, 'backup')
    await write(unfinished, contents, { snapshot, folder, progress: options.progress })
    await refuseToReplace(out)
    await rename(unfinished, out)
    await syncFolder(path.dirname(out))
    return contents
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

async function refuseToReplace(out: string): Promise<void> {
  if ((await ifThere(access(out))) === null) return
  throw new BackupError(`${out} is there already, and a backup is never replaced: name another file`)
}

/** `VACUUM INTO` copies what one transaction sees and is done by SQLite itself (sqlite.org, "VACUUM"). */
function copyDatabase(from: string, to: string): void {
  inWords(embeddedDatabase(from), () => {
    const database = new DatabaseSync(from, { readOnly: true })
    try {
      database.prepare('vacuum into ?').run(to)
    } finally {
      database.close()
    }
  })
}

async function copiesIn(folder: string): Promise<BackupContents['copies']> {
  const store = path.join(folder, 'store')
  const names = ((await ifThere(readdir(store))) ?? []).sort()
  const copies: BackupContents['copies'] = []
  for (const name of names) {
    const sha256 = Sha256.safeParse(name)
    if (sha256.success) copies.push({ sha256: sha256.data, bytes: (await stat(path.join(store, name))).size })
  }
  return copies
}

type Sources = { snapshot: string; folder: string; progress: BackupOptions['progress'] }

async function write(file: string, contents: BackupContents, { snapshot, folder, progress }: Sources): Promise<void> {
  const archive = pack()
  const written = pipeline(archive, createZstdCompress(), createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  const entries = [
    { name: DATABASE_NAME, from: snapshot, bytes: contents.database.bytes },
    ...contents.copies.map(({ sha256, bytes }) => ({
      name: copyName(sha256),
      from: path.join(folder, copyName(sha256)),
      bytes,
    })),
  ]
  const ofBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  const fill = async (): Promise<void> => {
    archive.entry({ name: CONTENTS_NAME, mode: 0o600 }, `${JSON.stringify(contents, null, 2)}\n`)
    for (const { name, from, bytes } of entries) {
      const source = createReadStream(from)
      source.on('data', (chunk) => progress((done += chunk.length), ofBytes))
      await pipeline(source, entryOf(archive, name, bytes))
    }
    archive.finalize()
  }
  const filled = fill().catch((error: Error) => {
    archive.destroy(error)
    throw error
  })
  const [, filling] = await Promise.allSettled([written, filled])
  if (filling.status === 'rejected') throw changedMeanwhile(filling.reason)
  await written
  const handle = await open(file)
  await handle.sync().finally(() => handle.close())
}

function entryOf(archive: Pack, name: string, size: number): NodeJS.WritableStream {
  return archive.entry({ name, size, mode: 0o600 }) as unknown as NodeJS.WritableStream
}

function changedMeanwhile(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code !== 'ENOENT') return error
  return new BackupError('a patch was withdrawn while its copy was read: make the backup again', { cause: error })
}

export async function digestOf(file: string): Promise<Sha256> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex') as Sha256
}
