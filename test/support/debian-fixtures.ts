/**
 * Debian packages: real ones, built by dpkg-deb, and archives laid together by hand for what dpkg-deb would not build.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type TarFixture, tarArchive } from './tar-fixtures.ts'

export type DebianFixture = {
  readonly compression?: 'gzip' | 'xz' | 'zstd' | 'none'
  /** Lines of the control file. */
  readonly control?: readonly string[]
  /** Files by their path on the appliance. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>
  /** Maintainer scripts by name. */
  readonly scripts?: Readonly<Record<string, string>>
}

export const CONTROL = [
  'Package: fixture',
  'Version: 1:2.0-3~rc1',
  'Architecture: amd64',
  'Maintainer: Tests <tests@example.org>',
  'Installed-Size: 12',
  'Depends: libc6',
  'Description: a fixture',
  ' with a folded line',
]

export function buildDebianPackage(fixture: DebianFixture = {}): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'debian-fixture-'))
  try {
    const tree = join(folder, 'tree')
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    chmodSync(tree, 0o755)
    chmodSync(join(tree, 'DEBIAN'), 0o755)
    writeFileSync(join(tree, 'DEBIAN/control'), `${(fixture.control ?? CONTROL).join('\n')}\n`)
    for (const [name, text] of Object.entries(fixture.scripts ?? {})) {
      writeFileSync(join(tree, 'DEBIAN', name), text, { mode: 0o755 })
    }
    for (const [path, content] of Object.entries(fixture.files ?? { '/opt/fixture/version': '2.0\n' })) {
      mkdirSync(dirname(join(tree, path)), { recursive: true })
      writeFileSync(join(tree, path), content)
    }
    const out = join(folder, 'out.deb')
    const compression = `-Z${fixture.compression ?? 'gzip'}`
    execFileSync('dpkg-deb', ['--root-owner-group', compression, '--build', tree, out], { stdio: 'pipe' })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export type ArFixture = { readonly name: string; readonly content: Uint8Array | string; readonly size?: string }

export function arArchive(members: readonly ArFixture[]): Buffer {
  const parts = [Buffer.from('!<arch>\n')]
  for (const { name, content, size } of members) {
    const bytes = Buffer.from(content)
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)]
    const header = `${fields.join('')}${(size ?? String(bytes.byteLength)).padEnd(10)}\`\n`
    parts.push(Buffer.from(header, 'latin1'), bytes, Buffer.from(bytes.byteLength % 2 === 0 ? '' : '\n'))
  }
  return Buffer.concat(parts)
}

/** The three members of a package, the archives inside them made by hand. */
export function debianMembers(parts: { control?: readonly TarFixture[]; data?: readonly TarFixture[] }): ArFixture[] {
  const control = parts.control ?? [{ name: './control', content: `${CONTROL.join('\n')}\n` }]
  const data = parts.data ?? [{ name: './', type: '5', mode: 0o755 }]
  return [
    { name: 'debian-binary', content: '2.0\n' },
    { name: 'control.tar.gz', content: gzipSync(tarArchive(control)) },
    { name: 'data.tar.gz', content: gzipSync(tarArchive(data)) },
  ]
}
