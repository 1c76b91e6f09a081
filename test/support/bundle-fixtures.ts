/**
 * Patch bundles made by hand in memory, right in everything but what a test changes.
 */
import { sha256Hex } from '../../protocol/hashing.ts'
import { PieceHasher } from '../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'
import { END_OF_TAR, type TarFixture, tarEntry } from './tar-fixtures.ts'

export const SCRIPT: TarFixture = { name: 'payload/install', mode: 0o755, content: '#!/bin/sh\nexit 0\n' }

export type BundleFixture = {
  /** Entries after signatures.json; default the one program that the manifest names. */
  readonly payload?: readonly (TarFixture | Buffer)[]
  /** Fields that replace the manifest's own. */
  readonly manifest?: Readonly<Record<string, unknown>>
  /** The text of manifest.json, made from what it would have been. */
  readonly manifestText?: (text: string) => string
  readonly signatures?: string
  readonly end?: Buffer
}

export function bundleFixture(fixture: BundleFixture = {}): Buffer {
  const payload = Buffer.concat(
    (fixture.payload ?? [SCRIPT]).map((entry) => (Buffer.isBuffer(entry) ? entry : tarEntry(entry))),
  )
  const pieceSize = pieceLengthBytes(payload.byteLength)
  const hasher = new PieceHasher(pieceSize)
  hasher.update(payload)
  const { bytes, sha256, piecesRoot } = hasher.finish()
  const manifest = {
    ...bundleManifest(),
    payload: { size: bytes, sha256, pieceSize, piecesRoot },
    ...fixture.manifest,
  }
  const text = JSON.stringify(manifest)
  const manifestText = fixture.manifestText?.(text) ?? text
  return Buffer.concat([
    description('manifest.json', manifestText),
    description('signatures.json', fixture.signatures ?? '[]'),
    payload,
    fixture.end ?? END_OF_TAR,
  ])
}

/** manifest.json or signatures.json as a bundle has it. */
export function description(name: string, content: string): Buffer {
  return tarEntry({ name, content, linkName: sha256Hex(Buffer.from(content)) })
}

/** Everything a manifest has but its payload. */
export function bundleManifest(): Readonly<Record<string, unknown>> {
  return {
    name: 'fixture',
    version: '1.0.0',
    kind: 'hotfix',
    publisher: 'tests',
    created: '2026-01-01T00:00:00Z',
    appliesTo: { applianceTypes: [], fromVersions: [] },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: 'none', estimateSeconds: 1 },
    pair: { peerCompat: [], maxSkewSeconds: 3600, order: 'any' },
    install: { program: 'install', timeoutSeconds: 10 },
    verify: { detect: { versionFile: '/opt/fixture/version' }, soakSeconds: 0 },
    revert: 'none',
    diskBytes: 0,
  }
}
