/**
 * Which installer handles which patch: dpkg's a Debian package, bare or wrapped in a bundle, and any other bundle its own
 * programs.
 */
import type { Publication } from '../../../protocol/trust/statements.ts'
import { debianPackage } from './debian/debian-package.ts'
import type { Installer } from './installer.ts'
import { patchBundle } from './patch-bundle.ts'

export function installerFor(publication: Publication): Installer {
  return isInstalledByDpkg(publication) ? debianPackage : patchBundle
}

export function isInstalledByDpkg({ format, manifest }: Publication): boolean {
  return format === 'deb' || manifest.install.package !== undefined
}
