/**
 * `patchmesh release example`: a small, honest patch to try things with. It installs one file, remembers the version
 * that was there and can bring it back; the rest of it is filler that does not compress. The same options give the same
 * bytes, of whatever size without using memory.
 */
import { createCipheriv } from 'node:crypto'
import type { Manifest } from '../../protocol/bundle/manifest.ts'
import { TAR_BLOCK_BYTES } from '../../protocol/bundle/tar.ts'
import { sha256 } from '../../protocol/hashing.ts'
import { PatchName, PatchVersion } from '../../protocol/identifiers.ts'
import { MAX_PATCH_BYTES } from '../../protocol/limits.ts'
import { RefusedError, refuse } from '../../protocol/refusals.ts'
import { type BundleContent, type BundlePlan, bundleBytes, type ManifestDraft, writeBundle } from './write-bundle.ts'

export type ExampleOptions = {
  readonly name?: string
  readonly version?: string
  /** Size of the whole file, rounded up to a multiple of 512; default 1 MiB. */
  readonly bytes?: number
  /** Which of its programs fails, to see what the fleet does then. */
  readonly failing?: 'install' | 'health'
  readonly out: string
}

const DEFAULT_BYTES = 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
/** Equal options give equal bytes, so the date is fixed too. */
const CREATED = '2026-01-01T00:00:00.000Z'
/**
 * A size is written in the manifest and so can move the manifest's own length over a block; where no filler then fits
 * exactly, the second publisher, a little longer, moves it out of the way.
 */
const PUBLISHERS = ['patchmesh example', 'patchmesh release example']

/** Throws a `RefusedError` where no such bundle can be made. */
export async function writeExampleBundle(options: ExampleOptions): Promise<Manifest> {
  const name = PatchName.safeParse(options.name ?? 'example')
  const version = PatchVersion.safeParse(options.version ?? '1.0.0')
  if (!name.success) throw refusal('bad_name', `${options.name} ${name.error.issues[0]?.message}.`)
  if (!version.success) throw refusal('bad_name', `${options.version} ${version.error.issues[0]?.message}.`)
  const asked = options.bytes ?? DEFAULT_BYTES
  if (!Number.isSafeInteger(asked) || asked < 1 || asked > MAX_PATCH_BYTES) {
    throw refusal('too_large', `A patch has 1 to ${MAX_PATCH_BYTES} bytes, not ${asked}.`)
  }
  const bytes = Math.ceil(asked / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES
  const contents = programs(name.data, version.data, options.failing)
  const plan = (publisher: string, fillerBytes: number): BundlePlan => ({
    draft: { ...draft(name.data, version.data, bytes), publisher },
    contents: [...contents, filler(name.data, version.data, fillerBytes)],
  })
  for (const publisher of PUBLISHERS) {
    const least = bundleBytes(plan(publisher, 0))
    if (least > bytes) throw refusal('size_mismatch', `An example has at least ${least} bytes, not ${asked}.`)
    let fillerBytes = 0
    for (let attempt = 0; attempt < 4 && bundleBytes(plan(publisher, fillerBytes)) !== bytes; attempt++) {
      fillerBytes += bytes - bundleBytes(plan(publisher, fillerBytes))
    }
    const fitting = plan(publisher, fillerBytes)
    if (bundleBytes(fitting) === bytes) return await writeBundle(options.out, fitting)
  }
  throw new Error(`no filler makes an example of exactly ${bytes} bytes`)
}

function draft(name: PatchName, version: PatchVersion, bytes: number): Omit<ManifestDraft, 'publisher'> {
  return {
    name,
    version,
    kind: 'update',
    created: CREATED,
    appliesTo: { applianceTypes: [], fromVersions: [] },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: 'none', estimateSeconds: 5 },
    pair: { peerCompat: [], maxSkewSeconds: 24 * 3600, order: 'secondary-first' },
    install: { program: 'install', timeoutSeconds: 60 },
    verify: { detect: { versionFile: `/opt/${name}/version` }, health: 'health', soakSeconds: 0 },
    revert: { script: 'revert' },
    diskBytes: bytes,
  }
}

/** The three programs. Each may be cut at any line and started again: what counts changes in one rename. */
function programs(name: PatchName, version: PatchVersion, failing: ExampleOptions['failing']): BundleContent[] {
  const places = [`folder="$PATCHMESH_ROOT/opt/${name}"`, `before="$folder/before-${version}"`]
  const found = `[ "$(cat "$folder/version" 2>/dev/null)" = "${version}" ]`
  const fail = (what: string) => [`echo "${name} ${version} was made with --failing ${failing}: ${what}" >&2`, 'exit 1']
  const install = [
    'mkdir -p "$folder"',
    `if ${found}; then echo "${version} is installed already"; exit 0; fi`,
    'if [ -f "$folder/version" ]; then',
    '  cp "$folder/version" "$before.new" && mv -f "$before.new" "$before"',
    'else',
    '  rm -f "$before"',
    'fi',
    `printf '%s\\n' "${version}" > "$folder/version.new"`,
    'sync "$folder/version.new" 2>/dev/null || sync',
    'mv -f "$folder/version.new" "$folder/version"',
    `echo "installed ${name} ${version}"`,
  ]
  const revert = [
    `if ! ${found}; then echo "${version} is not installed"; exit 0; fi`,
    'if [ -f "$before" ]; then mv -f "$before" "$folder/version"; else rm -f "$folder/version"; fi',
    `echo "reverted ${name} ${version}"`,
  ]
  const health = [found]
  const script = (path: string, lines: string[]): BundleContent => ({
    path,
    executable: true,
    content: Buffer.from(['#!/bin/sh', 'set -eu', ...places, ...lines, ''].join('\n')),
  })
  return [
    script('install', failing === 'install' ? fail('it does not install') : install),
    script('revert', revert),
    script('health', failing === 'health' ? fail('it installs and is never healthy') : health),
  ]
}

/** A key stream of its name and version: nothing compresses it, and no two examples share a piece of it. */
function filler(name: PatchName, version: PatchVersion, size: number): BundleContent {
  const key = sha256(Buffer.from(`${name} ${version}`)).subarray(0, 16)
  function* chunks(): Generator<Uint8Array> {
    const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
    const zeros = Buffer.alloc(CHUNK_BYTES)
    for (let left = size; left > 0; left -= CHUNK_BYTES) yield stream.update(zeros.subarray(0, left))
  }
  return { path: 'filler', content: { size, chunks } }
}

function refusal(...given: Parameters<typeof refuse>): RefusedError {
  return new RefusedError(refuse(...given))
}
