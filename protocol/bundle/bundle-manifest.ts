/**
 * The two descriptions at the head of a patch bundle: `manifest.json` as bytes becomes a manifest or a refusal, and
 * `signatures.json` becomes signatures, which publishers.ts judges. What can be judged without the payload is judged here, before any of it is read.
 */
import { z } from 'zod'
import { MAX_SIGNATURES } from '../limits.ts'
import { isRefusal, type Refusal, refuse } from '../refusals.ts'
import { parseStrictJson } from '../strict-json.ts'
import { Manifest } from './manifest.ts'
import { contradiction } from './manifest-contradictions.ts'

/** One publisher's signature over the bytes of manifest.json. */
export const BundleSignature = z.strictObject({
  keyid: z.string().regex(/^[0-9a-f]{64}$/, 'is not a key id of 64 hexadecimal digits'),
  sig: z.base64().min(4).max(1024),
})
export type BundleSignature = z.infer<typeof BundleSignature>
export const BundleSignatures = z.array(BundleSignature).max(MAX_SIGNATURES)

export function readManifest(bytes: Uint8Array): Manifest | Refusal {
  const text = parseStrictJson(bytes, 'manifest.json', 'bad_manifest')
  if (isRefusal(text)) return text
  const parsed = Manifest.safeParse(text.json)
  if (!parsed.success) {
    const { place, fault } = firstFault(parsed.error)
    const code = place === 'name' || place === 'version' ? 'bad_name' : 'bad_manifest'
    return refuse(code, `manifest.json is not a manifest: ${place === '' ? '' : `${place}: `}${fault}.`)
  }
  const fault = contradiction(parsed.data)
  return fault === null ? parsed.data : refuse('bad_manifest', `manifest.json contradicts itself: ${fault}.`)
}

/** Signatures of the right form; whether anybody of note made them is judged in publishers.ts. */
export function readSignatures(bytes: Uint8Array): BundleSignature[] | Refusal {
  const text = parseStrictJson(bytes, 'signatures.json', 'malformed')
  if (isRefusal(text)) return text
  const parsed = BundleSignatures.safeParse(text.json)
  if (parsed.success) return parsed.data
  const { place, fault } = firstFault(parsed.error)
  return refuse(
    'malformed',
    `signatures.json is not a list of signatures: ${place === '' ? '' : `${place}: `}${fault}.`,
  )
}

/** The payload paths that a manifest says are programs. */
export function declaredPrograms(manifest: Manifest): string[] {
  const { install, verify, revert } = manifest
  return [install.program, verify.health, typeof revert === 'string' ? undefined : revert.script].filter(
    (path) => path !== undefined,
  )
}

function firstFault(error: z.ZodError): { place: string; fault: string } {
  const issue = error.issues[0]
  return { place: issue?.path.join('.').slice(0, 100) ?? '', fault: (issue?.message ?? 'unknown').slice(0, 200) }
}
