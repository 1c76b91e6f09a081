/**
 * A small disk of a test's own below a folder, a tmpfs, which can be filled to its last byte and freed again.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FILLER = 'filler'

/** Why this machine cannot mount, or false. */
export function cannotMount(): string | false {
  const folder = join(tmpdir(), `patchmesh-mount-${process.pid}`)
  mkdirSync(folder)
  try {
    mountSmallDisk(folder, 1024 * 1024)
    execFileSync('umount', [folder])
    return false
  } catch (error) {
    return `no tmpfs can be mounted here: ${String(error)}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export class SmallDisks {
  readonly #mounted: string[] = []

  async mount(folder: string, bytes: number): Promise<void> {
    await mkdir(folder, { recursive: true })
    mountSmallDisk(folder, bytes)
    this.#mounted.push(folder)
  }

  /** No byte is left afterwards. */
  fill(folder: string): void {
    for (const block of [1024 * 1024, 4096]) {
      try {
        for (;;) writeFileSync(join(folder, FILLER), Buffer.alloc(block), { flag: 'a' })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    }
  }

  async free(folder: string): Promise<void> {
    await rm(join(folder, FILLER))
  }

  /** Whatever is still open there. */
  unmount(): void {
    for (const folder of this.#mounted.splice(0)) execFileSync('umount', ['--lazy', folder])
  }
}

function mountSmallDisk(folder: string, bytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'patchmesh-test', folder], { stdio: 'pipe' })
}
