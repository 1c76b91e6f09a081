/**
 * Makes the package file that dpkg is given: the patch itself where it is a Debian package, or the one inside of it where
 * a publisher has wrapped and signed it. It comes out of a copy whose hash was just checked, and has its name only when
 * the whole bundle around it is proven.
 */
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { looksLikeBundle, readBundle, readHead } from '../../../../protocol/bundle/bundle.ts'
import { HEAD_BYTES } from '../../../../protocol/bundle/file-kinds.ts'
import { ByteReader } from '../../../../protocol/byte-reader.ts'
import { isRefusal, type Refusal, RefusedError } from '../../../../protocol/refusals.ts'
import type { InstallTask } from '../installer.ts'
import { stageCopy } from '../staged-copy.ts'

/** Where it is, once it was made. */
export function stagedPackage({ scratch }: InstallTask): string {
  return join(scratch, 'package.deb')
}

/** Its path, or why the stored copy is not what was published. */
export async function stagePackage(task: InstallTask): Promise<string | Refusal> {
  const copy = await stageCopy(task)
  if (isRefusal(copy)) return copy
  try {
    await unwrapPackage(copy, stagedPackage(task))
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
  return stagedPackage(task)
}

/** Makes `out` the package that `copy`, which is proven and ours, is or has inside; `copy` is gone then. */
export async function unwrapPackage(copy: string, out: string): Promise<void> {
  const wrapped = await wrappedPackage(copy)
  if (wrapped === null) {
    if (copy !== out) await rename(copy, out)
    return
  }
  const unproven = `${out}.unproven`
  await rm(unproven, { force: true })
  await unwrap(copy, wrapped, unproven)
  await rm(copy)
  await rename(unproven, out)
}

/** Where the package is in the payload; null where the file is one itself. */
async function wrappedPackage(file: string): Promise<string | null> {
  const reader = new ByteReader(createReadStream(file))
  try {
    if (!looksLikeBundle(await reader.peek(HEAD_BYTES))) return null
    const { manifest } = await readHead(reader)
    return manifest.install.package ?? null
  } finally {
    await reader.close()
  }
}

/** Throws a `RefusedError` on whatever the Service Center would refuse. */
async function unwrap(bundle: string, wrapped: string, out: string): Promise<void> {
  const file = await open(out, 'wx', 0o600)
  try {
    let isWrapped = false
    for await (const part of readBundle(createReadStream(bundle), ['sha256'])) {
      if (part.part === 'content') {
        if (isWrapped) await file.appendFile(part.bytes)
      } else isWrapped = part.part === 'file' && part.path === wrapped
    }
    await file.sync()
  } finally {
    await file.close()
  }
}
