/**
 * Makes the copy that is installed. The copy in the store was verified when it arrived, but between then and now
 * somebody may have exchanged it; so its bytes are hashed on their way into the task's private scratch folder, and only
 * that copy, with the hash that the publication states, is ever unpacked or handed to dpkg.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { InstallTask } from './installer.ts'

const BUFFER_BYTES = 1024 * 1024

/** Where the copy of this task is, once it was made. */
function stagedCopy({ publication, scratch }: InstallTask): string {
  return join(scratch, publication.format === 'deb' ? 'package.deb' : 'bundle.patch')
}

/** The path of the copy, or `not_replicated` when the store does not hold the bytes of this publication. */
export async function stageCopy(task: InstallTask): Promise<string | Refusal> {
  const { publication, file, scratch } = task
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const path = stagedCopy(task)
  const { name, version, bytes, sha256 } = publication
  const copied = await copyProven(file, path, sha256, bytes)
  if (copied === 'right') return path
  if (isRefusal(copied)) return copied
  return refuse(
    'not_replicated',
    `the stored copy of ${name} ${version} has changed: its SHA-256 is ${copied.sha256} instead of ${sha256}`,
  )
}

/** What is not right is gone again when this returns. `bytes` says how many there must be, where that is known. */
export async function copyProven(
  from: string,
  to: string,
  sha256: Sha256,
  bytes?: number,
): Promise<'right' | { sha256: string } | Refusal> {
  await rm(to, { force: true })
  const copied = await copyHashing(from, to, bytes)
  if (!isRefusal(copied) && copied.sha256 === sha256) return 'right'
  await rm(to, { force: true })
  return copied
}

async function copyHashing(from: string, to: string, expected?: number): Promise<{ sha256: string } | Refusal> {
  const source = await openPlainFile(from)
  if (isRefusal(source)) return source
  try {
    const { size } = await source.stat()
    const bytes = expected ?? size
    if (size !== bytes) return refuse('not_replicated', `the stored copy has ${size} bytes instead of ${bytes}`)
    const target = await open(to, 'wx', 0o600)
    try {
      const hash = createHash('sha256')
      const buffer = Buffer.alloc(BUFFER_BYTES)
      for (let total = 0; total < bytes; ) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(BUFFER_BYTES, bytes - total))
        if (bytesRead === 0) break
        const chunk = buffer.subarray(0, bytesRead)
        hash.update(chunk)
        await target.appendFile(chunk)
        total += bytesRead
      }
      await target.sync()
      return { sha256: hash.digest('hex') }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Never through a link, and never waiting for the writer of a named pipe. */
async function openPlainFile(path: string) {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') return refuse('not_replicated', 'the store does not hold the patch any more')
    if (code !== 'ELOOP') throw new Error(`the stored copy ${path} could not be opened`, { cause: error })
  }
  return refuse('not_replicated', 'the stored copy is not a plain file any more')
}
