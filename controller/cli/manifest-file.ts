/**
 * The manifest of a patch as whoever makes it writes it: without the payload, which is found out, and without what has a
 * usual value. What is left out is said here, and nowhere guessed.
 */
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { MAX_MANIFEST_BYTES } from '../../protocol/limits.ts'
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import { readSmallFile } from './read-small-file.ts'
import type { ManifestDraft } from './write-bundle.ts'

const USUAL = {
  kind: 'update',
  appliesTo: { applianceTypes: [], fromVersions: [] },
  requires: [],
  conflicts: [],
  supersedes: [],
  impact: { restart: 'none', estimateSeconds: 60 },
  pair: { peerCompat: [], maxSkewSeconds: 24 * 3600, order: 'secondary-first' },
  revert: 'none',
} as const

const Draft = Manifest.omit({ payload: true })

/** `found` is what follows from the payload where the file does not say otherwise. */
export async function readManifestFile(
  name: string,
  found: { readonly created: string; readonly diskBytes: number },
): Promise<ManifestDraft> {
  const parsed = parseStrictJson(await readSmallFile(name, MAX_MANIFEST_BYTES), name, 'bad_manifest')
  if (isRefusal(parsed)) throw new RefusedError(parsed)
  const { json } = parsed
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(`${name} is no object`)
  if ('payload' in json) throw wrong(`${name} describes the payload, which is found out: leave that field out`)
  const draft = Draft.safeParse({ ...USUAL, ...found, ...json })
  if (draft.success) return draft.data
  const issue = draft.error.issues[0]
  throw wrong(`${name} is no manifest: ${issue?.path.join('.') || 'it'} ${issue?.message}`)
}

function wrong(what: string): RefusedError {
  return new RefusedError(refuse('bad_manifest', `${what}.`))
}
