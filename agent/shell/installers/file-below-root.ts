/**
 * Reads a small file of the appliance below its install root, as a process whose `/` is that root would find it: an
 * absolute link starts again at the root and `..` stops there, so no link leads out of it. What is found is checked
 * again on the open file, for the case that somebody exchanged a folder for a link in between.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'

/** The same as the kernel's own limit. */
const MAX_LINKS = 40

/** The content; null where there is no such file; an `Error` for what is no plain file, too large, or unreadable. */
export async function readFileBelowRoot(root: string, path: string, maxBytes: number): Promise<Buffer | null> {
  const realRoot = await realpath(root).catch((cause: unknown) => {
    throw new Error(`the install root ${root} cannot be read: make it, or name another with --install-root`, { cause })
  })
  const found = await openBelow(realRoot, path)
  if (found === null) return null
  try {
    const real = await realpath(`/proc/self/fd/${found.fd}`)
    if (!isBelow(realRoot, real)) throw new Error(`${path} leads out of ${root}`)
    const { size } = await found.stat()
    if (!(await found.stat()).isFile()) throw new Error(`${path} is not a plain file`)
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes, and at most ${maxBytes} were expected`)
    const buffer = Buffer.alloc(maxBytes)
    const { bytesRead } = await found.read(buffer, 0, maxBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await found.close()
  }
}

async function openBelow(realRoot: string, path: string): Promise<FileHandle | null> {
  let at = realRoot
  let links = 0
  const left = path.split('/').reverse()
  for (let segment = left.pop(); segment !== undefined; segment = left.pop()) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') {
      at = at === realRoot ? realRoot : dirname(at)
      continue
    }
    const next = join(at, segment)
    const link = await linkAt(next)
    if (link === null) {
      at = next
      continue
    }
    if (++links > MAX_LINKS) throw new Error(`${path} goes through more than ${MAX_LINKS} links`)
    if (link.startsWith('/')) at = realRoot
    left.push(...link.split('/').reverse())
  }
  try {
    return await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isAbsent(error)) return null
    throw new Error(`${path} could not be read`, { cause: error })
  }
}

/** Where the link points; null for what is no link or not there. */
async function linkAt(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isAbsent(error) || (error instanceof Error && 'code' in error && error.code === 'EINVAL')) return null
    throw new Error(`${path} could not be looked up`, { cause: error })
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

function isBelow(root: string, path: string): boolean {
  return root === '/' || path.startsWith(root + sep)
}
