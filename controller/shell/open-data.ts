/**
 * Opens what a Service Center is made of, its keys and its database, in the one order in which nothing that was lost is
 * made anew: keys first, then the database that belongs to them. Throws a sentence where they are damaged, missing or not
 * of one another.
 */
import { notedDatabase } from './database/noted-database.ts'
import { PostgresDatabase } from './database/postgresql/postgres-database.ts'
import { endNew, isNewFolder, type KeptAuthority, loadAuthority } from './keys.ts'
import { openRepository, type SqlRepository } from './repository.ts'

export type OpenData = { readonly authority: KeptAuthority; readonly repository: SqlRepository }

export type OpenOptions = {
  /** Reads the whole of an embedded database first. */
  readonly proven?: boolean
  /** Of a controller, which has it open; others open what the folder notes. */
  readonly postgres?: PostgresDatabase
}

export async function openData(
  folder: string,
  { proven = false, postgres: given }: OpenOptions = {},
): Promise<OpenData> {
  const postgres = given ?? (await openNoted(folder))
  try {
    const known = postgres === null ? undefined : { exists: !(await postgres.isEmpty()), name: postgres.name }
    const authority = await loadAuthority(folder, known)
    const { mesh, signing } = authority
    const isNew = await isNewFolder(folder)
    const repository = await openRepository({ folder, postgres, root: signing.peer, mesh, proven, isNew })
    await endNew(folder)
    return { authority, repository }
  } catch (error) {
    if (given === undefined) await postgres?.close()
    throw error
  }
}

async function openNoted(folder: string): Promise<PostgresDatabase | null> {
  const url = await notedDatabase(folder)
  return url === null ? null : PostgresDatabase.open(url)
}
