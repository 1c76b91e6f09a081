/**
 * Proves a backup by reading it again: every entry has its digest, the database is whole, belongs to the keys that the
 * backup names and can be brought to this release, and its trail is intact. Nothing stays of it but what is returned.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { TrailVerification } from '../../core/access-views.ts'
import { checkTrail, trailVerification } from '../check-trail.ts'
import { openRepository } from '../repository.ts'
import { type BackupContents, DATABASE_NAME } from './backup-contents.ts'
import { readBackup } from './read-backup.ts'

export type Proof = {
  readonly contents: BackupContents
  readonly appliances: number
  /** Published and not withdrawn. */
  readonly patches: number
  readonly patchBytes: number
  readonly trail: TrailVerification
}

/** `beside` is a folder on a file system with room for the database. Throws a sentence. */
export async function proveBackup(file: string, beside: string, progress: (bytes: number) => void): Promise<Proof> {
  const folder = await mkdtemp(path.join(beside, '.patchmesh-backup-unfinished-'))
  try {
    const placeOf = (name: string) => (name === DATABASE_NAME ? path.join(folder, name) : null)
    return await proveDatabase(folder, await readBackup(file, { placeOf, progress }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of the database that lies in `folder`; it is brought to this release. */
export async function proveDatabase(folder: string, contents: BackupContents): Promise<Proof> {
  const { signing, mesh } = contents
  const repository = await openRepository({ folder, root: signing, mesh, isNew: false, proven: true })
  try {
    const changes = await repository.load()
    const patches = changes.flatMap(({ table, row }) => (table === 'patches' && row.withdrawal === null ? [row] : []))
    const check = await checkTrail({ repository, nowMs: Date.now() })
    return {
      contents,
      appliances: changes.filter(({ table }) => table === 'appliances').length,
      patches: patches.length,
      patchBytes: patches.reduce((sum, { publication }) => sum + publication.bytes, 0),
      trail: trailVerification(check),
    }
  } finally {
    await repository.close()
  }
}
