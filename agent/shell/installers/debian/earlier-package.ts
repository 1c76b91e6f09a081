/**
 * The package file of the version that was there, without which dpkg cannot bring it back. It is looked for, in this
 * order, among the appliance's own proven copies (a patch in the store, or what a patch installed), and in apt's cache
 * below the root; it is kept in the scratch folder before the install begins, so that nobody can take it away meanwhile.
 * Before dpkg gets it, it is proven by its hash where one is known, and by its own fields in any case.
 */
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Sha256 } from '../../../../protocol/identifiers.ts'
import { ifThere } from '../../if-there.ts'
import { linkOrCopy } from '../../link-or-copy.ts'
import { askProgram } from '../ask-program.ts'
import type { InstallTask, PackageIdentity } from '../installer.ts'
import { copyProven } from '../staged-copy.ts'
import { exists } from './dpkg-database.ts'
import { unwrapPackage } from './staged-package.ts'

const KEPT = 'earlier-packages'

/** Keeps what there is of these versions; what is nowhere cannot be kept, and the revert says so. */
export async function keepEarlierPackages(task: InstallTask, wanted: readonly PackageIdentity[]): Promise<void> {
  const folder = join(task.scratch, KEPT)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const identity of wanted) {
    const own = (await task.earlier?.(identity)) ?? null
    if (own !== null) await linkOrCopy(own.path, join(folder, `${fileName(identity)}.${own.sha256}`))
    const cached = await cachedByApt(task.root, identity)
    if (cached !== null) await linkOrCopy(cached, join(folder, fileName(identity)))
  }
}

/** How much the copies of it will take in the scratch folder; null where there is none to be had. */
export async function earlierPackageBytes(task: InstallTask, wanted: PackageIdentity): Promise<number | null> {
  const own = (await task.earlier?.(wanted)) ?? null
  const proven = own === null ? null : await ifThere(stat(own.path))
  if (proven !== null) return proven.size
  const cached = await cachedByApt(task.root, wanted)
  // Of apt's file, which may go, one copy is kept, and one is made to be given to dpkg.
  return cached === null ? null : (await stat(cached)).size * 2
}

/** The path of a private copy that is right; null where there is none. */
export async function earlierPackage(task: InstallTask, wanted: PackageIdentity): Promise<string | null> {
  const ready = join(task.scratch, 'earlier.deb')
  const own = (await task.earlier?.(wanted)) ?? null
  const cached = await cachedByApt(task.root, wanted)
  const found: Candidate[] = [
    ...(own === null ? [] : [own]),
    ...(await keptCopies(task, wanted)),
    ...(cached === null ? [] : [{ path: cached, sha256: null }]),
  ]
  for (const { path, sha256 } of found) {
    await rm(ready, { force: true })
    if (sha256 === null) await copyFile(path, ready)
    else if ((await copyProven(path, ready, sha256)) !== 'right') continue
    await unwrapPackage(ready, ready)
    if (await isIt(ready, wanted)) return ready
  }
  await rm(ready, { force: true })
  return null
}

/** `sha256` is null where nothing but the package itself says what it is. */
type Candidate = { readonly path: string; readonly sha256: Sha256 | null }

async function keptCopies({ scratch }: InstallTask, wanted: PackageIdentity): Promise<Candidate[]> {
  const folder = join(scratch, KEPT)
  const name = fileName(wanted)
  const names = (await exists(folder)) ? (await readdir(folder)).sort().reverse() : []
  return names
    .filter((kept) => kept === name || kept.startsWith(`${name}.`))
    .map((kept) => ({ path: join(folder, kept), sha256: Sha256.safeParse(kept.slice(name.length + 1)).data ?? null }))
}

/** What a package file says of itself, as far as it can be read. */
async function isIt(file: string, { name, version, architecture }: PackageIdentity): Promise<boolean> {
  const answer = await askProgram('dpkg-deb', '--show', '--showformat=${Package} ${Version} ${Architecture}', file)
  return answer?.status === 0 && answer.text === `${name} ${version} ${architecture}`
}

async function cachedByApt(root: string, identity: PackageIdentity): Promise<string | null> {
  const path = join(root, 'var/cache/apt/archives', fileName(identity))
  return (await exists(path)) ? path : null
}

/** As apt names what it fetched: NAME_VERSION_ARCHITECTURE.deb, with %3a for the colon of an epoch. */
function fileName({ name, version, architecture }: PackageIdentity): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`
}
