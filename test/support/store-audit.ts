/**
 * The store as an auditor sees it: the stock `sha256sum` over every file, compared with the file's name.
 */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The names in `DATA/store`, after `sha256sum` agreed with each of them. */
export async function auditStore(data: string): Promise<string[]> {
  const names = await readdir(join(data, 'store'))
  for (const name of names) {
    const { stdout } = await run('sha256sum', [join(data, 'store', name)])
    if (!stdout.startsWith(`${name} `)) throw new Error(`sha256sum of ${data}/store/${name} is ${stdout}`)
  }
  return names
}
