/**
 * The whole check of an uploaded bundle: its own form, and where it wraps a Debian package, that package as if it had
 * been uploaded by itself. What the signed manifest says of the package must be what the package says, since an
 * appliance goes by the one and dpkg by the other.
 */
import { type BundleHead, type BundlePart, headOf, readBundle } from '../../../protocol/bundle/bundle.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { PayloadDigest } from '../../../protocol/bundle/payload-digests.ts'
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../../protocol/refusals.ts'
import type { ManifestDraft } from './debian/package-manifest.ts'
import { inspectDebianPackage } from './debian-package.ts'

export async function inspectWholeBundle(
  chunks: AsyncIterable<Uint8Array>,
  digests?: readonly PayloadDigest[],
): Promise<BundleHead | Refusal> {
  const parts = readBundle(chunks, digests)
  try {
    return await inspectParts(parts)
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  } finally {
    await parts.return(undefined)
  }
}

async function inspectParts(parts: AsyncGenerator<BundlePart, void, undefined>): Promise<BundleHead | Refusal> {
  let head: BundleHead | null = null
  for (let next = await parts.next(); next.done !== true; ) {
    const part = next.value
    if (part.part === 'head') head = headOf(part)
    const { manifest } = head ?? {}
    if (part.part === 'file' && manifest !== undefined && part.path === manifest.install.package) {
      const content = new Content(parts)
      const draft = await inspectDebianPackage(content.chunks())
      if (isRefusal(draft)) return refuse(draft.refused, `In payload/${part.path}: ${draft.message}`)
      const fault = contradiction(manifest, draft)
      if (fault !== null) return refuse('bad_manifest', `manifest.json says ${fault}.`)
      next = await content.behind()
    } else next = await parts.next()
  }
  return head ?? refuse('empty_file', 'The file has 0 bytes; a patch was expected.')
}

/** A clause; null where they agree. */
function contradiction(manifest: Manifest, draft: ManifestDraft): string | null {
  const { name, version, appliesTo, verify } = manifest
  const detected = 'dpkg' in verify.detect ? verify.detect.dpkg : undefined
  const said: [field: string, manifest: string | undefined, draft: string | undefined][] = [
    ['name', name, draft.name],
    ['version', version, draft.version],
    ['appliesTo.architecture', appliesTo.architecture, draft.appliesTo.architecture],
    ['verify.detect.dpkg', detected, draft.name],
  ]
  for (const [field, ours, theirs] of said) {
    if (ours !== theirs)
      return `${field} is ${orNothing(ours)}, and the package that it wraps says ${orNothing(theirs)}`
  }
  return null
}

function orNothing(text: string | undefined): string {
  return text === undefined ? 'nothing' : quoted(text)
}

/** The content of one file of a bundle, as the parts of the bundle come. */
class Content {
  readonly #parts: AsyncGenerator<BundlePart, void, undefined>
  #behind: IteratorResult<BundlePart, void> | null = null

  constructor(parts: AsyncGenerator<BundlePart, void, undefined>) {
    this.#parts = parts
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    while (this.#behind === null) {
      const next = await this.#parts.next()
      if (next.done !== true && next.value.part === 'content') yield next.value.bytes
      else this.#behind = next
    }
  }

  /** The part that follows it. */
  async behind(): Promise<IteratorResult<BundlePart, void>> {
    for await (const bytes of this.chunks()) void bytes
    if (this.#behind === null) throw new Error('a file of a bundle has content without an end')
    return this.#behind
  }
}
