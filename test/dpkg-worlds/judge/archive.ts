/**
 * What is in a package file, by dpkg-deb alone: its files, unpacked into a folder of their own, and its conffiles.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askTool, runTool } from '../run-tool.ts'
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
    const shown = await runTool('dpkg-deb', ['--show', '--showformat=${Package} ${Version} ${Architecture}', file])
    const [name = '', version = '', architecture = ''] = shown.split(' ')
    await runTool('dpkg-deb', ['--extract', file, folder])
    const { text } = await askTool('dpkg-deb', ['--info', file, 'conffiles'])
    const conffiles = text.split('\n').filter((line) => line.startsWith('/'))
    const archive = { name, version, architecture, entries: readFolder(folder), conffiles }
    known.set(file, archive)
    return archive
  } finally {
    await rm(folder, { recursive: true })
  }
}
