/**
 * Opens what a Service Center is made of, its keys and its database, in the one order in which nothing that was lost is
 * made anew: keys first, then the database that belongs to them. Throws a sentence where they are damaged, missing or not
 * of one another.
 */
import { endNew, isNewFolder, type KeptAuthority, loadAuthority } from './keys.ts'
import { openRepository, type SqlRepository } from './repository.ts'

export type OpenData = { readonly authority: KeptAuthority; readonly repository: SqlRepository }

/** `proven` reads the whole database first. */
export async function openData(folder: string, { proven = false } = {}): Promise<OpenData> {
  const authority = await loadAuthority(folder)
  const { mesh, signing } = authority
  const repository = await openRepository({
    folder,
    root: signing.peer,
    mesh,
    proven,
    isNew: await isNewFolder(folder),
  })
  await endNew(folder)
  return { authority, repository }
}
