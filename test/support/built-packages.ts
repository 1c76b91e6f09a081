/**
 * Our own packages, as `npm run packages` builds them, not compressed where nothing asks for that. They are built once for a
 * test file.
 */
import path from 'node:path'
import { buildPackages } from '../../controller/package/build-packages.ts'
import { KINDS } from '../../controller/package/package-kinds.ts'
import { provide } from './machine.ts'

export const HERE = process.arch === 'arm64' ? 'arm64' : 'amd64'

export type BuiltPackage = 'agent' | 'controller'

/** The path of the package file. */
export async function buildPackageOf(
  daemon: BuiltPackage,
  { out, version = '0.1.0', compression = 'none' }: { out: string; version?: string; compression?: 'none' | 'xz' },
): Promise<string> {
  await provide('strip', 'dpkg-deb')
  const kinds = KINDS.filter((kind) => kind.daemon === daemon)
  await buildPackages({ out, kinds, architectures: [HERE], version, compression, key: undefined, say: () => undefined })
  return path.join(out, `patchmesh-${daemon}_${version}_${HERE}.deb`)
}
