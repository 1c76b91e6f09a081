/**
 * Makes the publication of a file the way the Service Center would, for tests that need one without a Service Center.
 * Nothing is checked here.
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Manifest, type PatchFormat } from '../../protocol/bundle/manifest.ts'
import { PieceHasher } from '../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'
import { Publication } from '../../protocol/trust/statements.ts'

const run = promisify(execFile)
const PUBLISHED_AT = Date.UTC(2026, 0, 1)

type PackageFields = { readonly name: string; readonly version: string; readonly architecture: string }

/** `manifest` may lack its payload, which is then the whole file. */
export async function publicationOf(
  file: string,
  format: PatchFormat,
  manifest: Omit<Manifest, 'payload'> & Partial<Pick<Manifest, 'payload'>>,
): Promise<Publication> {
  const hasher = new PieceHasher(pieceLengthBytes((await stat(file)).size))
  for await (const chunk of createReadStream(file)) hasher.update(chunk)
  const { bytes, sha256, piecesRoot } = hasher.finish()
  const payload = { size: bytes, sha256, pieceSize: hasher.pieceLength, piecesRoot }
  return Publication.schema.parse({
    name: manifest.name,
    version: manifest.version,
    bytes,
    sha256,
    pieceLength: hasher.pieceLength,
    piecesRoot,
    format,
    manifest: { payload, ...manifest },
    publishedAt: PUBLISHED_AT,
  })
}

/**
 * The publication of a Debian package, with the manifest that follows from its control fields; `fields` are those, where
 * whoever built it knows them.
 */
export async function debianPublication(
  file: string,
  { timeoutSeconds = 120, fields }: { timeoutSeconds?: number; fields?: PackageFields } = {},
): Promise<Publication> {
  const { name, version, architecture } = fields ?? (await fieldsOf(file))
  const manifest = Manifest.omit({ payload: true }).parse({
    name,
    version,
    kind: 'update',
    publisher: 'Debian',
    created: new Date(PUBLISHED_AT).toISOString(),
    appliesTo: { applianceTypes: [], fromVersions: [], architecture },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: 'none', estimateSeconds: 5 },
    pair: { peerCompat: [], maxSkewSeconds: 86_400, order: 'secondary-first' },
    install: { timeoutSeconds },
    verify: { detect: { dpkg: name }, soakSeconds: 0 },
    revert: 'none',
    diskBytes: 0,
  })
  return publicationOf(file, 'deb', manifest)
}

async function fieldsOf(file: string): Promise<PackageFields> {
  const { stdout } = await run('dpkg-deb', ['--show', '--showformat=${Package}\n${Version}\n${Architecture}', file])
  const [name = '', version = '', architecture = ''] = stdout.split('\n')
  return { name, version, architecture }
}
