/**
 * A support bundle as one file: a tar archive with its manifest first, compressed.
 */
import { buffer } from 'node:stream/consumers'
import { createGzip, createZstdCompress } from 'node:zlib'
import { pack } from 'tar-stream'
import product from '../../../package.json' with { type: 'json' }
import type { Parts } from '../../core/support/parts.ts'

export const BUNDLE_FORMATS = ['tar.zst', 'tar.gz'] as const
export type BundleFormat = (typeof BUNDLE_FORMATS)[number]

export type Labelled = {
  /** What it is about, as people call it. */
  readonly about: string
  readonly madeAt: Date
  readonly keepsNames: boolean
}

/** All files lie in one folder, so that unpacking it litters nothing. */
export async function packed(
  parts: Parts,
  { about, madeAt, keepsNames }: Labelled,
  format: BundleFormat,
): Promise<Buffer> {
  const manifest = {
    format: 'patchmesh-support-1',
    about,
    madeAt: madeAt.toISOString(),
    madeBy: `patchmesh ${product.version}`,
    names: keepsNames ? 'names of people are as they are' : 'people are called by pseudonyms, the same in each bundle',
    files: parts.kept.map(({ name, about: content, content: text, cut }) => {
      return { name, about: content, bytes: Buffer.byteLength(text), cut }
    }),
    leftOut: parts.leftOut,
  }
  const archive = pack()
  const files = [{ name: 'manifest.json', content: `${JSON.stringify(manifest, null, 2)}\n` }, ...parts.kept]
  for (const { name, content } of files) archive.entry({ name: `support/${name}`, mode: 0o600, mtime: madeAt }, content)
  archive.finalize()
  return buffer(archive.pipe(format === 'tar.zst' ? createZstdCompress() : createGzip()))
}
