/**
 * An exact change of the text of one source file. Nothing is written: a process that is started with this changes the
 * text while it loads the file (`change-while-loading.ts`), so that no copy of the sources is needed and production code
 * has no branch for it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type TextChange = {
  /** From the root of the sources. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

export const SOURCES = join(import.meta.dirname, '../..')
/** The environment variable in which a process is told of its change, as JSON. */
export const CHANGE = 'PATCHMESH_TEXT_CHANGE'

/** The whole text of the file as it shall be; throws when the sources no longer have `find` exactly once. */
export function changedText({ file, find, replace }: TextChange): string {
  const parts = readFileSync(join(SOURCES, file), 'utf8').split(find)
  if (parts.length !== 2)
    throw new Error(`${file} has its text ${parts.length - 1} times, not once: ${JSON.stringify(find)}`)
  return parts.join(replace)
}
