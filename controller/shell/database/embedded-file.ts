/**
 * Where the embedded database of a data folder lies, and whether there is one.
 */
import { statSync } from 'node:fs'
import path from 'node:path'

export function databaseFile(folder: string): string {
  return path.join(folder, 'patchmesh.sqlite')
}

/** One of no bytes holds nothing, and SQLite would take it for a new one. */
export function databaseExists(folder: string): boolean {
  return (statSync(databaseFile(folder), { throwIfNoEntry: false })?.size ?? 0) > 0
}
