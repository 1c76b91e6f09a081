/**
 * Which installer handles which file type.
 */
import type { PatchFormat } from '../../../protocol/manifest.ts'
import type { Publication } from '../../../protocol/statements.ts'
import { debianPackage } from './debian/debian-package.ts'
import type { Installer } from './installer.ts'
import { patchBundle } from './patch-bundle.ts'

const INSTALLERS: { readonly [format in PatchFormat]: Installer } = { bundle: patchBundle, deb: debianPackage }

export function installerFor({ format }: Publication): Installer {
  return INSTALLERS[format]
}
