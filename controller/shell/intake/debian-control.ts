/**
 * What a Debian package says of itself: the fields of its control file, and the manifest that follows from them, all
 * but the payload, which is the whole file and known to whoever received it.
 */
import { PatchName, PatchVersion } from '../../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES } from '../../../protocol/limits.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { type Refusal, type RefusalCode, refuse } from '../../../protocol/refusals.ts'

export type ManifestDraft = Omit<Manifest, 'payload'>

/** What else there is to know of a package than its fields. */
export type PackageFacts = {
  readonly control: ReadonlyMap<string, string>
  /** Whether it runs programs of its own when it is installed or removed. */
  readonly hasScripts: boolean
  readonly unpackedBytes: number
  readonly createdSeconds: number
}

const NAME = /^[a-z0-9][a-z0-9+.-]{1,99}$/
const VERSION = /^(\d{1,9}:)?[A-Za-z0-9][A-Za-z0-9.+~:-]*$/
const ARCHITECTURE = /^[a-z0-9][a-z0-9-]{0,39}$/
const FIELD = /^([!-9;-~]+):(.*)$/
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const YEAR_10000_SECONDS = 253_402_300_800
const INSTALL_TIMEOUT_SECONDS = 1800

/** One paragraph of `Field: value` lines; the names in lower case, folded lines dropped but for the first. */
export function parseControl(bytes: Uint8Array): ReadonlyMap<string, string> | Refusal {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refuse('malformed', 'The control file is not UTF-8 text.')
  }
  const fields = new Map<string, string>()
  const lines = text.split('\n')
  while (lines.at(-1) === '') lines.pop()
  for (const [index, line] of lines.entries()) {
    if (/^[ \t]/.test(line) && index > 0) continue
    const [, name, value] = FIELD.exec(line) ?? []
    if (name === undefined || value === undefined) {
      return refuse('malformed', `Line ${index + 1} of the control file is not "Field: value".`)
    }
    if (fields.has(name.toLowerCase())) return refuse('malformed', `The control file has the field ${name} twice.`)
    fields.set(name.toLowerCase(), value.trim())
  }
  return fields
}

export function deriveManifest(facts: PackageFacts): ManifestDraft | Refusal {
  const name = field(facts, 'Package', NAME, 'bad_name')
  const version = field(facts, 'Version', VERSION, 'bad_name')
  const architecture = field(facts, 'Architecture', ARCHITECTURE, 'bad_manifest')
  for (const value of [name, version, architecture]) if (typeof value !== 'string') return value
  const patchName = PatchName.safeParse(name)
  const patchVersion = PatchVersion.safeParse(version)
  if (!patchName.success) return refuse('bad_name', `The Package field ${quoted(String(name))} is too long.`)
  if (!patchVersion.success) return refuse('bad_name', `The Version field ${quoted(String(version))} is too long.`)
  const publisher = facts.control.get('maintainer') ?? ''
  if (UNPRINTABLE.test(publisher)) return refuse('bad_manifest', 'The Maintainer field has control characters.')
  const installedSize = facts.control.get('installed-size')
  if (installedSize !== undefined && !/^\d{1,12}$/.test(installedSize)) {
    return refuse('bad_manifest', `The Installed-Size field ${quoted(installedSize)} is no number.`)
  }
  // what it says of itself, and never less than there is to unpack
  const diskBytes = Math.max(facts.unpackedBytes, Number(installedSize ?? 0) * 1024)
  const createdSeconds = facts.createdSeconds < YEAR_10000_SECONDS ? facts.createdSeconds : 0
  return {
    name: patchName.data,
    version: patchVersion.data,
    kind: 'update',
    publisher: publisher.slice(0, 200) || 'unknown',
    created: new Date(createdSeconds * 1000).toISOString(),
    appliesTo: {
      applianceTypes: [],
      fromVersions: [],
      ...(architecture === 'all' ? {} : { architecture: String(architecture) }),
    },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: facts.hasScripts ? 'service' : 'none', estimateSeconds: 60 },
    pair: { peerCompat: [], maxSkewSeconds: 24 * 3600, order: 'secondary-first' },
    install: { timeoutSeconds: INSTALL_TIMEOUT_SECONDS },
    verify: { detect: { dpkg: patchName.data }, soakSeconds: 0 },
    revert: 'none',
    diskBytes: Math.min(diskBytes, 8 * MAX_PATCH_BYTES),
  }
}

function field(facts: PackageFacts, name: string, grammar: RegExp, code: RefusalCode): string | Refusal {
  const value = facts.control.get(name.toLowerCase())
  if (value === undefined) return refuse('bad_manifest', `The control file has no ${name} field.`)
  if (grammar.test(value)) return value
  return refuse(code, `The ${name} field of the control file, ${quoted(value)}, is not one.`)
}
