/**
 * The private folders in which patches are unpacked and what was before is kept, one for each patch. A folder that cannot
 * be removed takes room and harms nobody, so it never decides how an install ended: it is told as a word, kept in mind,
 * and tried again with the next install and at the next start.
 */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Sha256 } from '../../protocol/identifiers.ts'
import { causes } from './causes.ts'
import { DamagedFile } from './damaged-file.ts'
import { removeTree } from './remove-tree.ts'

export type WarningLog = { warn(fields: Record<string, unknown>, line: string): void }

export class Scratch {
  readonly #folder: string
  readonly #log: WarningLog
  /** Names of folders that could not be removed; never more than patches that were installed since the start. */
  readonly #leftOver = new Set<string>()

  constructor(folder: string, log: WarningLog) {
    this.#folder = folder
    this.#log = log
  }

  folderOf(patch: Sha256): string {
    return join(this.#folder, patch)
  }

  /** Makes the folder of a patch ready for its installer. */
  async provide(patch: Sha256): Promise<void> {
    this.#leftOver.delete(patch)
    for (const name of this.#leftOver) await this.#remove(name)
    await mkdir(this.folderOf(patch), { recursive: true, mode: 0o700 })
  }

  /** Why the folder of this patch could not be removed, as a sentence; null when it is gone. */
  remove(patch: Sha256): Promise<string | null> {
    return this.#remove(patch)
  }

  /** At the start: removes what earlier installs left. */
  async clear(isNeeded: (patch: Sha256) => boolean | Promise<boolean>): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of (await readdir(this.#folder)).sort()) {
      const patch = Sha256.safeParse(name)
      if (!patch.success || !(await this.#isNeeded(isNeeded, patch.data))) await this.#remove(name)
    }
  }

  /** One of which nobody can tell any more is kept, and harms no other. */
  async #isNeeded(isNeeded: (patch: Sha256) => boolean | Promise<boolean>, patch: Sha256): Promise<boolean> {
    try {
      return await isNeeded(patch)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      this.#log.warn({ err: error, patch }, `a working folder is kept as it is: ${error.message}`)
      return true
    }
  }

  async #remove(name: string): Promise<string | null> {
    const folder = join(this.#folder, name)
    try {
      await removeTree(folder)
      this.#leftOver.delete(name)
      return null
    } catch (error) {
      this.#leftOver.add(name)
      this.#log.warn({ err: error, folder }, 'a working folder cannot be removed: tried again later')
      return `its working folder ${folder} could not be removed and is tried again later: ${causes(error)}`
    }
  }
}
