/**
 * What the intake would find out about a patch, for tests in which nobody reads its bytes.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'
import { Publication } from '../../protocol/trust/statements.ts'

type PublicationText = {
  name: string
  version: string
  bytes: number
  restart: 'none' | 'service' | 'reboot'
  estimateSeconds?: number
  digest: Sha256
  supersedes?: { name: string; version?: string }[]
  requires?: { name: string; version?: string }[]
}

export function publicationOf({
  name,
  version,
  bytes,
  restart,
  estimateSeconds = 5,
  digest,
  supersedes = [],
  requires = [],
}: PublicationText): Omit<Publication, 'publishedAt'> {
  const pieceLength = pieceLengthBytes(bytes)
  const { publishedAt: _, ...publication } = Publication.schema.parse({
    ...{ name, version, bytes, sha256: digest, pieceLength, piecesRoot: digest, format: 'bundle', publishedAt: 0 },
    manifest: {
      ...{ name, version, kind: 'update', publisher: 'Example Ltd', created: '2026-01-01T00:00:00.000Z' },
      payload: { size: bytes, sha256: digest, pieceSize: pieceLength, piecesRoot: digest },
      appliesTo: { applianceTypes: [], fromVersions: [] },
      ...{ requires, conflicts: [], supersedes, impact: { restart, estimateSeconds } },
      pair: { peerCompat: [], maxSkewSeconds: 3600, order: 'secondary-first' },
      install: { program: 'install', timeoutSeconds: 60 },
      verify: { detect: { versionFile: '/opt/example/version' }, soakSeconds: 0 },
      ...{ revert: { script: 'revert' }, diskBytes: bytes },
    },
  })
  return publication
}
