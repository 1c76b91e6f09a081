/**
 * The write path that survives a power cut: a temporary file, synced, renamed into place, and the folder synced. A name
 * holds either the old content or the new, whole.
 */
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

export async function writeDurably(folder: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.new`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, name))
  await syncFolder(folder)
}

/** Makes the names in a folder durable: what was renamed into it, or removed. */
export async function syncFolder(folder: string | Buffer): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
