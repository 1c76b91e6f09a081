/**
 * Which database a data folder belongs to, in `DIR/database.json`, where that is not the embedded one: so the commands beside a
 * controller find it, and a controller that is started without its setting does not begin a new one.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DamagedFile } from '../../../agent/shell/damaged-file.ts'
import { syncFolder, writeDurably } from '../../../agent/shell/durable-file.ts'
import { readIfThere } from '../../../agent/shell/installers/read-if-there.ts'
import { jsonIn } from '../../../protocol/json-in.ts'
import { databaseExists, databaseFile } from './embedded-file.ts'

const FILE = 'database.json'
const Noted = z.strictObject({ url: z.string() })

/** The protocol is one of those that PostgreSQL knows, and no password is in it: settings and files are read by many. */
export const DatabaseUrl = z
  .url({ protocol: /^postgres(?:ql)?$/, error: 'is not postgresql://USER@HOST:PORT/NAME', abort: true })
  .refine((text) => new URL(text).password === '' && !new URL(text).searchParams.has('password'), {
    error: 'has a password: put it into PGPASSWORD, or into the file of PGPASSFILE',
  })

/** Null for the embedded database. */
export async function notedDatabase(folder: string): Promise<string | null> {
  const text = await readIfThere(join(folder, FILE))
  if (text === null) return null
  const noted = Noted.safeParse(jsonIn(text))
  if (noted.success) return noted.data.url
  const advice = 'Write {"url":"postgresql://USER@HOST:PORT/NAME"} into it, as the controller did.'
  throw new DamagedFile({ file: join(folder, FILE), what: 'does not name a database', advice })
}

/** Throws a sentence for a folder that has an embedded one: what that knows would be forgotten. */
export async function noteDatabase(folder: string, url: string): Promise<void> {
  if (databaseExists(folder))
    throw new Error(
      `The folder has the database ${databaseFile(folder)}, and would forget what it knows: take another folder with --data, or move that file away`,
    )
  if ((await notedDatabase(folder)) === url) return
  await writeDurably(folder, FILE, Buffer.from(`${JSON.stringify({ url } satisfies z.infer<typeof Noted>)}\n`))
}

/** The embedded database is the one again. */
export async function forgetDatabase(folder: string): Promise<void> {
  await rm(join(folder, FILE))
  await syncFolder(folder)
}
