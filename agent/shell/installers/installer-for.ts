/**
 * Which installer handles which patch: dpkg's a Debian package, bare or wrapped in a bundle, and any other bundle its own
 * programs. A release of the agent is for its own, agent-release.ts.
 */
import { isOfAgent } from '../../../protocol/bundle/manifest.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'
import { notExchanged } from './agent-release.ts'
import { debianPackage } from './debian/debian-package.ts'
import type { Installer } from './installer.ts'
import { patchBundle } from './patch-bundle.ts'

/** `agent` is there where the agent can be exchanged. */
export function installerFor(publication: Publication, agent: Installer = notExchanged): Installer {
  if (isOfAgent(publication.manifest)) return agent
  return isInstalledByDpkg(publication) ? debianPackage : patchBundle
}

export function isInstalledByDpkg({ format, manifest }: Publication): boolean {
  return !isOfAgent(manifest) && (format === 'deb' || manifest.install.package !== undefined)
}
