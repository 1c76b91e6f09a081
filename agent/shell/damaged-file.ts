/**
 * A file of the data folder that is not what patchmesh has written there: an error whose sentences name the file, what is
 * wrong with it and what to do. Whoever reads a file that a daemon keeps throws it, and no other error for what the file
 * holds, so that no damage is taken for a fault of the network or for a bug.
 */
import { readFile } from 'node:fs/promises'

export type Damage = {
  readonly file: string
  /** What is wrong, after the name of the file: `has 31 bytes instead of 32`. */
  readonly what: string
  /** One sentence for whoever has to mend it. */
  readonly advice: string
}

export class DamagedFile extends Error {
  readonly file: string

  constructor({ file, what, advice }: Damage, cause?: unknown) {
    super(`The file ${file} ${what}. ${advice}`, cause === undefined ? {} : { cause })
    this.file = file
  }
}

/** The bytes, or null where there is no such file. */
export async function readKept(file: string, advice: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    switch (code) {
      case 'ENOENT':
        return null
      case 'EISDIR':
        throw new DamagedFile({ file, what: 'is a folder', advice }, error)
      case 'EACCES':
      case 'EPERM':
        throw new DamagedFile(
          { file, what: 'cannot be read', advice: 'Give it to the user who runs the daemon.' },
          error,
        )
      case 'EIO':
        throw new DamagedFile({ file, what: 'is on a disk that cannot read it', advice }, error)
      default:
        throw error
    }
  }
}
