/**
 * Patches for a world: nominal bytes that give a number of pieces, and for each piece a few symbolic bytes which are
 * really hashed, so that the Merkle root and the digest of the whole hold as they do for a real file.
 */
import type { z } from 'zod'
import type { Command } from '../../controller/core/effects.ts'
import { AGENT_KIND, AGENT_PACKAGE, Manifest, type PatchFormat } from '../../protocol/bundle/manifest.ts'
import { asSha256, sha256Hex } from '../../protocol/hashing.ts'
import { MIN_PIECE_BYTES } from '../../protocol/limits.ts'
import { pieceCount, pieceHash, pieceLengthBytes, piecesRoot } from '../../protocol/pieces.ts'

export type SymbolicPatch = {
  readonly publication: Extract<Command, { kind: 'publish' }>['publication']
  readonly hashes: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

export type PatchOptions = {
  name?: string
  version?: string
  pieces?: number
  /** Nominal; instead of `pieces`. */
  bytes?: number
  restart?: 'none' | 'service' | 'reboot'
  order?: 'secondary-first' | 'any'
  soakSeconds?: number
  /** Makes another file of the same name and version. */
  content?: string
  format?: PatchFormat
  /** In the place of what the manifest would say. */
  manifest?: Partial<z.input<typeof Manifest>>
}

/** A release of the agent. */
export function agentPatch(version: string, options: Pick<PatchOptions, 'pieces' | 'soakSeconds'> = {}): SymbolicPatch {
  const { soakSeconds = 0 } = options
  const verify = { detect: { dpkg: AGENT_PACKAGE }, soakSeconds }
  const install = { package: 'package.deb', timeoutSeconds: 60 }
  const manifest = { kind: AGENT_KIND, verify, install, revert: 'none' } as const
  return symbolicPatch({ ...options, name: AGENT_PACKAGE, version, restart: 'service', manifest })
}

export function symbolicPatch(options: PatchOptions = {}): SymbolicPatch {
  const { name = 'patch-1', version = '1', content = '' } = options
  const bytes = options.bytes ?? (options.pieces ?? 4) * MIN_PIECE_BYTES
  const pieceLength = pieceLengthBytes(bytes)
  const count = pieceCount({ bytes, pieceLength })
  const pieces = Array.from({ length: count }, (_, index) =>
    Buffer.from(`${name} ${version} ${content} piece ${index}`),
  )
  const hashes = Buffer.concat(pieces.map((piece) => pieceHash(piece)))
  const sha256 = sha256Hex(...pieces)
  const root = asSha256(piecesRoot(hashes))
  const manifest = Manifest.parse({
    name,
    version,
    kind: 'hotfix',
    publisher: 'somebody',
    created: '2026-01-01T00:00:00.000Z',
    payload: { size: bytes, sha256, pieceSize: MIN_PIECE_BYTES, piecesRoot: root },
    appliesTo: { applianceTypes: [], fromVersions: [] },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: options.restart ?? 'service', estimateSeconds: 5 },
    pair: { peerCompat: [], maxSkewSeconds: 3600, order: options.order ?? 'secondary-first' },
    install: { program: 'install', timeoutSeconds: 60 },
    verify: { detect: { versionFile: `/opt/${name}/version` }, soakSeconds: options.soakSeconds ?? 0 },
    revert: { script: 'revert' },
    diskBytes: 0,
    ...options.manifest,
  })
  return {
    publication: {
      name: manifest.name,
      version: manifest.version,
      bytes,
      sha256,
      pieceLength,
      piecesRoot: root,
      format: options.format ?? 'bundle',
      manifest,
    },
    hashes,
    pieces,
  }
}
