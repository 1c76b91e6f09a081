/**
 * A file that a command makes and that is worth something by itself: a key, a policy.
 */
import { open } from 'node:fs/promises'
import { LocalFileError } from './exchange.ts'

/** For its owner alone, and durable: a key that is lost after its public part was handed on is worth nothing. */
export async function writeNewFile(out: string, content: string | Buffer): Promise<void> {
  try {
    const file = await open(out, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const why = code === 'EEXIST' ? 'is there already, and is never replaced' : `cannot be written (${code})`
    throw new LocalFileError(`${out} ${why}: name another file`, { cause: error })
  }
}
