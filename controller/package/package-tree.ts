/**
 * The files of one package, in a folder that dpkg-deb packs: every byte and every mode follows from the sources, never from
 * who builds it and when.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { exampleFile } from '../../agent/shell/config/showing.ts'
import { ROOT } from './bundle-sources.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completions.ts'
import { copyrightOf, licencesOf, lintianOverrides } from './licences.ts'
import { commandsPage, daemonPage, settingsPage } from './manual-pages.ts'
import { type Architecture, placeNode } from './node-binary.ts'
import { type Kind, maintainerScript } from './package-kinds.ts'

export type Release = { readonly version: string; readonly date: Date }

/** What is the same for every architecture of one kind. */
export type Prepared = {
  readonly kind: Kind
  readonly release: Release
  /** With the bundle, lib/. */
  readonly bundle: string
  readonly contents: readonly string[]
  readonly bill: string
}

/** In which postinst links to what is in share/. */
const SHARED_FOLDERS = [
  ...['usr/share/man/man1', 'usr/share/bash-completion/completions'],
  ...['usr/share/zsh/vendor-completions', 'usr/share/fish/vendor_completions.d'],
]

/** Writes everything but the control files. */
export async function layOut(tree: string, prepared: Prepared, architecture: Architecture): Promise<void> {
  const { kind, release, bundle, contents, bill } = prepared
  const { name, daemon } = kind
  const home = path.join(tree, 'usr/lib', name)
  const put = async (file: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(path.dirname(path.join(tree, file)), { recursive: true })
    await writeFile(path.join(tree, file), content)
  }
  await mkdir(path.join(home, 'bin'), { recursive: true })
  await placeNode(architecture, path.join(home, 'bin/node'))
  await copyTree(bundle, path.join(home, 'lib'))
  await put(`usr/lib/${name}/patchmesh`, await readFile(path.join(ROOT, 'patchmesh')))
  await put(`usr/lib/${name}/package.json`, `${JSON.stringify({ name, version: release.version, type: 'module' })}\n`)
  await put(`usr/lib/systemd/system/${name}.service`, await readFile(path.join(kind.folder, `${name}.service`)))
  if (kind.hasUser) {
    await put(`usr/lib/sysusers.d/${name}.conf`, await readFile(path.join(kind.folder, `${name}.sysusers`)))
  }
  const title = `The ${daemon} of patchmesh. "patchmesh config check" says whether this file is right; "systemctl reload ${name}" has it read again.`
  await put(`etc/patchmesh/${daemon}.yaml`, await exampleFile(kind.schema, { title, given: kind.given }))

  const source = { version: release.version, date: release.date.toISOString().slice(0, 10) }
  const { overview, helps, completed } = await kind.commands()
  const own = helps.find(({ command }) => command === daemon)?.text ?? ''
  await put(`usr/lib/${name}/share/patchmesh.1.gz`, gzip(commandsPage(overview, helps, source)))
  await put(`usr/lib/${name}/share/patchmesh.bash`, bashCompletion(completed))
  await put(`usr/lib/${name}/share/patchmesh.zsh`, zshCompletion(completed))
  await put(`usr/lib/${name}/share/patchmesh.fish`, fishCompletion(completed))
  await put(`usr/share/man/man8/${name}.8.gz`, gzip(daemonPage(daemon, kind.summary, own, source)))
  await put(`usr/share/man/man5/${name}.yaml.5.gz`, gzip(settingsPage(daemon, kind.schema, source)))
  await put(`usr/share/doc/${name}/changelog.gz`, gzip(changelogOf(kind, release)))
  await put(`usr/share/doc/${name}/copyright`, copyrightOf(kind))
  await put(`usr/share/doc/${name}/third-party-licences.gz`, gzip(await licencesOf(contents)))
  await put(`usr/share/lintian/overrides/${name}`, lintianOverrides(kind))
  await put(`usr/share/doc/${name}/sbom.cdx.json.gz`, gzip(bill))
  for (const shared of SHARED_FOLDERS) await mkdir(path.join(tree, shared), { recursive: true })
  await settleModes(tree, new Set([`usr/lib/${name}/patchmesh`, `usr/lib/${name}/bin/node`]))
}

/** DEBIAN/ beside it. */
export async function writeControl(
  tree: string,
  { kind, release }: Prepared,
  architecture: Architecture,
): Promise<void> {
  const files = await filesBelow(tree)
  const sums = []
  let bytes = 0
  for (const file of files) {
    const content = await readFile(path.join(tree, file))
    bytes += content.byteLength
    if (!file.startsWith('etc/')) sums.push(`${createHash('md5').update(content).digest('hex')}  ${file}`)
  }
  const control = [
    `Package: ${kind.name}`,
    `Version: ${release.version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The makers of patchmesh <packages@patchmesh.example>',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: ${kind.depends.join(', ')}`,
    'Section: admin',
    'Priority: optional',
    'Homepage: https://patchmesh.example/',
    `Description: ${kind.summary}`,
    ...kind.description.map((line) => ` ${line}`),
    '',
  ]
  const debian = path.join(tree, 'DEBIAN')
  await mkdir(debian)
  await writeFile(path.join(debian, 'control'), control.join('\n'))
  await writeFile(path.join(debian, 'conffiles'), `/etc/patchmesh/${kind.daemon}.yaml\n`)
  await writeFile(path.join(debian, 'md5sums'), `${sums.join('\n')}\n`)
  for (const script of ['postinst', 'prerm', 'postrm'] as const) {
    await writeFile(path.join(debian, script), await maintainerScript(kind, script))
    await chmod(path.join(debian, script), 0o755)
  }
  await chmod(debian, 0o755)
  for (const file of ['control', 'conffiles', 'md5sums']) await chmod(path.join(debian, file), 0o644)
}

/** Of Debian's form, with the one entry that this release is. */
function changelogOf({ name }: Kind, { version, date }: Release): string {
  const when = date.toUTCString().replace('GMT', '+0000')
  const entry = `${name} (${version}) unstable; urgency=medium\n\n  * What has changed is told in CHANGELOG.md of the sources.\n`
  const signed = ` -- The makers of patchmesh <packages@patchmesh.example>  ${when}\n`
  return `${entry}\n${signed}`
}

async function copyTree(from: string, to: string): Promise<void> {
  for (const file of await filesBelow(from)) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true })
    await writeFile(path.join(to, file), await readFile(path.join(from, file)))
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

async function settleModes(tree: string, programs: ReadonlySet<string>): Promise<void> {
  await chmod(tree, 0o755)
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    await chmod(file, entry.isDirectory() || programs.has(path.relative(tree, file)) ? 0o755 : 0o644)
  }
}

/** Without a name or a time in its header. */
function gzip(text: string): Uint8Array {
  return gzipSync(text, { level: 9 })
}
