/**
 * The manifest that follows from what a Debian package says of itself, all but the payload, which is the whole file and
 * known to whoever received it.
 */
import { AGENT_KIND, AGENT_PACKAGE, type Manifest } from '../../../../protocol/bundle/manifest.ts'
import { PatchName, PatchVersion } from '../../../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES } from '../../../../protocol/limits.ts'
import type { Refusal } from '../../../../protocol/refusals.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import type { Control } from './control-fields.ts'

export type ManifestDraft = Omit<Manifest, 'payload'>

/** What else there is to know of a package than its fields. */
export type PackageFacts = {
  readonly control: Control
  readonly hasScripts: boolean
  readonly unpackedBytes: number
  readonly createdSeconds: number
}

const YEAR_10000_SECONDS = 253_402_300_800
const INSTALL_TIMEOUT_SECONDS = 1800
const MAX_PUBLISHER_CHARACTERS = 200
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

export function deriveManifest(facts: PackageFacts): ManifestDraft | Refusal {
  const { name, version, architecture, maintainer } = facts.control
  const patchName = PatchName.safeParse(name)
  const patchVersion = PatchVersion.safeParse(version)
  if (!patchName.success) return refuseOnPurpose('long_name', `The Package field has ${name.length} characters`)
  if (!patchVersion.success) return refuseOnPurpose('long_name', `The Version field has ${version.length} characters`)
  const isAgent = name === AGENT_PACKAGE
  const createdSeconds = facts.createdSeconds < YEAR_10000_SECONDS ? facts.createdSeconds : 0
  return {
    name: patchName.data,
    version: patchVersion.data,
    kind: isAgent ? AGENT_KIND : 'update',
    publisher: readable(maintainer) || 'unknown',
    created: new Date(createdSeconds * 1000).toISOString(),
    appliesTo: {
      applianceTypes: [],
      fromVersions: [],
      ...(architecture === 'all' ? {} : { architecture }),
    },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: facts.hasScripts || isAgent ? 'service' : 'none', estimateSeconds: 60 },
    pair: { peerCompat: [], maxSkewSeconds: 24 * 3600, order: 'secondary-first' },
    install: { timeoutSeconds: INSTALL_TIMEOUT_SECONDS },
    verify: { detect: { dpkg: patchName.data }, soakSeconds: 0 },
    revert: 'none',
    diskBytes: diskBytes(facts),
  }
}

/**
 * dpkg keeps whatever Installed-Size says; here it counts where it is a number of kibibytes. It is never less than there
 * is to unpack.
 */
function diskBytes({ control, unpackedBytes }: PackageFacts): number {
  const kibibytes = /^\d{1,12}(\.\d{1,12})?$/.test(control.installedSize) ? Number(control.installedSize) : 0
  return Math.min(Math.max(unpackedBytes, Math.ceil(kibibytes * 1024)), 8 * MAX_PATCH_BYTES)
}

/** Older packages have Latin-1 where today's have UTF-8; what a terminal would act on becomes a space. */
function readable(bytes: string): string {
  const utf8 = Buffer.from(bytes, 'latin1').toString('utf8')
  const text = utf8.includes('\ufffd') ? bytes : utf8
  const cut = text.replace(ACTIVE, ' ').trim().slice(0, MAX_PUBLISHER_CHARACTERS)
  return cut.replace(/\p{Cs}$/u, '')
}
