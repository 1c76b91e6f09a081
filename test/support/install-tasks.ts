/**
 * Tasks for installers in roots of their own: packages that a test builds, put into an empty root or into a small Debian
 * root where maintainer scripts run, as an appliance has them.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ifThere } from '../../agent/shell/if-there.ts'
import type { InstallTask, Outcome } from '../../agent/shell/installers/installer.ts'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { bundleFixture, bundleManifest } from './bundle-fixtures.ts'
import { debianPublication, publicationOf } from './publications.ts'
import { buildPackage, copyOf, minimalDebianRoot, type OwnPackage } from './real-packages.ts'

const run = promisify(execFile)

export class InstallTasks {
  readonly #folders: string[] = []

  /** For `after` of a test file. */
  readonly removeAll = async (): Promise<void> => {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }

  async newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-task-'))
    this.#folders.push(folder)
    return folder
  }

  /** A package that the test builds, for a root of its own. */
  async forPackage(own: OwnPackage, root: 'empty' | 'debian' = 'debian'): Promise<InstallTask> {
    const task = await this.#task(own)
    await (root === 'debian' ? minimalDebianRoot(task.root) : mkdir(task.root))
    return task
  }

  /** Another package for the root of an earlier task, as another patch. */
  async next(task: InstallTask, own: OwnPackage): Promise<InstallTask> {
    return { ...(await this.#task(own)), root: task.root }
  }

  /**
   * A bundle whose programs are shell text; it keeps its version in /opt/fixture/version, or brings a package that dpkg
   * is asked for.
   */
  async forBundle(
    programs: { readonly install: string; readonly revert?: string },
    detectedPackage?: string,
  ): Promise<InstallTask> {
    const folder = await this.newFolder()
    const payload = Object.entries(programs).map(([name, text]) => ({
      name: `payload/${name}`,
      mode: 0o755,
      content: `#!/bin/sh\nset -e\n${text}\n`,
    }))
    const revert = programs.revert === undefined ? 'none' : { script: 'revert' }
    const detect =
      detectedPackage === undefined ? {} : { verify: { detect: { dpkg: detectedPackage }, soakSeconds: 0 } }
    const manifest = Manifest.omit({ payload: true }).parse({ ...bundleManifest(), ...detect, revert })
    const file = join(folder, 'stored')
    await writeFile(file, bundleFixture({ payload, manifest }))
    return this.#laidOut(folder, await publicationOf(file, 'bundle', manifest), file, true)
  }

  async #task(own: OwnPackage): Promise<InstallTask> {
    const folder = await this.newFolder()
    const file = await copyOf(await buildPackage(folder, own), join(folder, 'stored'))
    return this.#laidOut(folder, await debianPublication(file), file, false)
  }

  async #laidOut(
    folder: string,
    publication: InstallTask['publication'],
    file: string,
    withRoot: boolean,
  ): Promise<InstallTask> {
    const task = { publication, file, root: join(folder, 'root'), scratch: join(folder, 'scratch') }
    await mkdir(task.scratch)
    if (withRoot) await mkdir(task.root)
    return task
  }
}

export function withTimeout(task: InstallTask, timeoutSeconds: number): InstallTask {
  const { publication } = task
  const install = { ...publication.manifest.install, timeoutSeconds }
  return { ...task, publication: { ...publication, manifest: { ...publication.manifest, install } } }
}

export function succeeds(outcome: Outcome): void {
  assert.equal(outcome.ok, true, `${outcome.reason}\n${outcome.output}`)
}

export function fails(outcome: Outcome, reason: RegExp): void {
  assert.equal(outcome.ok, false, `it should have failed: ${outcome.reason}`)
  assert.match(outcome.reason, reason)
}

export async function isThere(path: string): Promise<boolean> {
  return (await ifThere(stat(path))) !== null
}

/** The letters and the version that dpkg has of a package, as "ii 1.0"; empty where it knows none. */
export async function dpkgSays(task: InstallTask, name: string): Promise<string> {
  const words = [`--admindir=${task.root}/var/lib/dpkg`, '--show', '--showformat=${db:Status-Abbrev} ${Version}']
  const [asked] = await Promise.allSettled([run('dpkg-query', [...words, name])])
  return asked.status === 'rejected' ? '' : asked.value.stdout.trim().replaceAll(/ +/g, ' ')
}

/** dpkg below the root, as an administrator runs it by hand; it must end well. */
export async function dpkg(task: InstallTask, ...words: string[]): Promise<void> {
  await run('dpkg', [`--root=${task.root}`, ...words])
}

/** What `dpkg --set-selections` is told below the root, such as "hello hold". */
export async function select(task: InstallTask, line: string): Promise<void> {
  const selecting = run('dpkg', [`--root=${task.root}`, '--set-selections'])
  selecting.child.stdin?.end(`${line}\n`)
  await selecting
}

/** Where the file of another package, built for this test only, lies beside a task. */
export function besideOf(task: InstallTask, name: string): string {
  return join(dirname(task.scratch), name)
}
