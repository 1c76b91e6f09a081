/**
 * The Debian packages that patches have installed here, kept for the way back: dpkg brings an earlier version back only
 * from its package file, and the patch that it came with may be withdrawn one day. Of each package the newest that was
 * found right is kept, or the bundle that it came in, as a second name of the stored file, which takes no room until the
 * store lets it go.
 *
 * A name is NAME_VERSION_ARCHITECTURE_SHA256, in which `:` is written `%3a`; none of the last three holds an underscore.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Sha256 } from '../../protocol/identifiers.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { syncFolder } from './durable-file.ts'
import { packageArchitecture, packageName } from './installers/debian/dpkg-database.ts'
import type { PackageIdentity, ProvenCopy } from './installers/installer.ts'
import { isInstalledByDpkg } from './installers/installer-for.ts'
import { linkOrCopy } from './link-or-copy.ts'

export type KeptPackagesOptions = {
  readonly folder: string
  /** The complete copies of the store. */
  readonly stored: () => Iterable<Publication>
  readonly pathOf: (patch: Sha256) => string
}

export class KeptPackages {
  readonly #options: KeptPackagesOptions

  constructor(options: KeptPackagesOptions) {
    this.#options = options
  }

  /** The patch was installed and found right. */
  async keep(publication: Publication): Promise<void> {
    if (!isInstalledByDpkg(publication)) return
    const { folder, pathOf } = this.#options
    const { sha256 } = publication
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const identity = identityOf(publication)
    const name = nameOf(identity, sha256)
    const temporary = join(folder, '.new')
    await rm(temporary, { force: true })
    await linkOrCopy(pathOf(sha256), temporary)
    await rename(temporary, join(folder, name))
    for (const other of await readdir(folder)) {
      const known = readName(other)
      const isSame = known?.name === identity.name && known.architecture === identity.architecture
      if (other !== name && isSame) await rm(join(folder, other), { force: true })
    }
    await syncFolder(folder)
  }

  /** From the store first, else what was kept. */
  readonly find = async (wanted: PackageIdentity): Promise<ProvenCopy | null> => {
    const { folder, stored, pathOf } = this.#options
    for (const publication of stored()) {
      const { sha256 } = publication
      if (isInstalledByDpkg(publication) && isSame(identityOf(publication), wanted))
        return { path: pathOf(sha256), sha256 }
    }
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(folder)) {
      const known = readName(name)
      if (known !== null && isSame(known, wanted)) return { path: join(folder, name), sha256: known.sha256 }
    }
    return null
  }
}

function identityOf(publication: Publication): PackageIdentity {
  const { version } = publication
  return { name: packageName(publication), version, architecture: packageArchitecture(publication) }
}

function isSame(left: PackageIdentity, right: PackageIdentity): boolean {
  return left.name === right.name && left.version === right.version && left.architecture === right.architecture
}

function nameOf({ name, version, architecture }: PackageIdentity, sha256: Sha256): string {
  return [name, version.replaceAll(':', '%3a'), architecture, sha256].join('_')
}

function readName(text: string): (PackageIdentity & { readonly sha256: Sha256 }) | null {
  const parts = text.split('_')
  const [version = '', architecture = '', digest] = parts.splice(-3)
  const name = parts.join('_')
  const sha256 = Sha256.safeParse(digest)
  return sha256.success ? { name, version: version.replaceAll('%3a', ':'), architecture, sha256: sha256.data } : null
}
