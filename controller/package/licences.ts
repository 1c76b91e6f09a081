/**
 * The licences under which a package is handed on: ours, Node's, and those of what is bundled.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './bundle-sources.ts'
import { ARCHITECTURES, nodePackage } from './node-binary.ts'
import type { Kind } from './package-kinds.ts'

export function copyrightOf({ name }: Kind): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: patchmesh
Source: https://patchmesh.example/

Files: *
Copyright: 2026 The makers of patchmesh
License: Apache-2.0
 On Debian systems the text of this licence is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/${name}/bin/node
Copyright: 2026 Node.js contributors and the authors of what is in it
License: MIT
 The texts are in /usr/share/doc/${name}/third-party-licences.gz.

Files: usr/lib/${name}/lib/*
Copyright: 2026 The makers of patchmesh and the authors of the packages of npm in it
License: Apache-2.0 and others
 The packages are listed in /usr/share/doc/${name}/sbom.cdx.json.gz, their texts
 are in /usr/share/doc/${name}/third-party-licences.gz.
`
}

/** The texts of everything that is inside, one after the other; `contents` are paths below node_modules. */
export async function licencesOf(contents: readonly string[]): Promise<string> {
  const texts = []
  for (const inside of contents) {
    const folder = textsOf(inside)
    const { version, license } = JSON.parse(await readFile(path.join(ROOT, folder, 'package.json'), 'utf8')) as {
      version: string
      license?: string
    }
    const files = (await readdir(path.join(ROOT, folder)))
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .sort()
    const own = await Promise.all(files.map((file) => readFile(path.join(ROOT, folder, file), 'utf8')))
    texts.push(
      `${'='.repeat(80)}\n${inside.replace(/^.*node_modules\//, '')} ${version}: ${license ?? 'see below'}\n${'='.repeat(80)}\n\n${own.join('\n\n')}\n`,
    )
  }
  return texts.join('\n')
}

/** The Node of another architecture is not unpacked here; its texts are those of the one that is. */
function textsOf(folder: string): string {
  const isNode = ARCHITECTURES.some((architecture) => nodePackage(architecture) === folder)
  if (!isNode || existsSync(path.join(ROOT, folder))) return folder
  const there = ARCHITECTURES.map(nodePackage).find((other) => existsSync(path.join(ROOT, other)))
  if (there === undefined) throw new Error('no Node of Linux is in node_modules, whose licence goes into a package')
  return there
}

/** What lintian is told to expect: a whole Node, as its makers have built it. */
export function lintianOverrides({ name }: Kind): string {
  const node = `[usr/lib/${name}/bin/node]`
  return [
    '# Node is handed on as its makers release it, with the libraries that they have tested it with.',
    ...['mbedtls', 'zlib'].map((library) => `${name}: embedded-library ${library} ${node}`),
    `${name}: hardening-no-pie ${node}`,
    '',
  ].join('\n')
}
