/**
 * What is in a package file, by dpkg-deb alone: its files, unpacked into a folder of their own, and its conffiles.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../run-tool.ts'
import { type Entry, readFolder } from './tree.ts'

export type Archive = {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly entries: ReadonlyMap<string, Entry | null>
  readonly conffiles: readonly string[]
}

const known = new Map<string, Archive>()

export async function readArchive(file: string): Promise<Archive> {
  const kept = known.get(file)
  if (kept !== undefined) return kept
  const folder = await mkdtemp(join(tmpdir(), 'world-archive-'))
  try {
    // One run for both: starting a process is what a world's time goes to.
    const tree = join(folder, 'tree')
    await runTool('dpkg-deb', ['--raw-extract', file, tree])
    const control = join(folder, 'control')
    await rename(join(tree, 'DEBIAN'), control)
    const fields = await readFile(join(control, 'control'), 'utf8')
    const list = join(control, 'conffiles')
    const conffiles = existsSync(list) ? (await readFile(list, 'utf8')).split('\n').filter((line) => line !== '') : []
    const archive = {
      name: fieldOf(fields, 'Package'),
      version: fieldOf(fields, 'Version'),
      architecture: fieldOf(fields, 'Architecture'),
      entries: readFolder(tree),
      conffiles,
    }
    known.set(file, archive)
    return archive
  } finally {
    await rm(folder, { recursive: true })
  }
}

function fieldOf(control: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? ''
}
