/**
 * Files that root has made for the user of an installed controller are that user's, as the folder is in which they lie.
 */
import { lchown, readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** `place` and, where it is a folder, what is in it; a link that this user has put there leads nowhere. */
export async function giveToOwner(place: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(path.dirname(place))
  const inside = (await stat(place)).isDirectory() ? await readdir(place) : []
  for (const one of [place, ...inside.map((name) => path.join(place, name))]) await lchown(one, uid, gid)
}
