/**
 * Builds the package files of a world with the real dpkg-deb, each once in a run, since many worlds draw the same one.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type PackageSpec, scriptText } from './drawn/package-spec.ts'
import { runTool } from './run-tool.ts'

/** Unpacked so far and back; what takes longer is no better test. */
const FAST = ['-z1']

/** The path of the package file below `folder`. */
export async function buildSpec(folder: string, spec: PackageSpec): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 24)
  const file = join(folder, `${key}.deb`)
  if (existsSync(file)) return file
  const tree = await mkdtemp(join(folder, 'tree-'))
  await mkdir(join(tree, 'DEBIAN'), { mode: 0o755 })
  await writeFile(join(tree, 'DEBIAN/control'), controlText(spec))
  for (const script of spec.scripts) {
    await writeFile(join(tree, 'DEBIAN', script), scriptText(spec, script), { mode: 0o755 })
  }
  if (spec.habits.some(({ habit }) => habit === 'asks-debconf'))
    await writeFile(join(tree, 'DEBIAN/templates'), templates(spec))
  const triggers = [
    ...(spec.interest === null ? [] : [`interest ${spec.interest}`]),
    ...(spec.activates === null ? [] : [`activate ${spec.activates}`]),
  ]
  if (triggers.length > 0) await writeFile(join(tree, 'DEBIAN/triggers'), `${triggers.join('\n')}\n`)
  const conffiles = Object.keys(spec.conffiles)
  if (conffiles.length > 0) await writeFile(join(tree, 'DEBIAN/conffiles'), `${conffiles.join('\n')}\n`)
  for (const [path, content] of Object.entries({ ...spec.files, ...spec.conffiles })) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), content)
  }
  for (const [path, target] of Object.entries(spec.links)) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await symlink(target, join(tree, path))
  }
  if (spec.bulkBytes > 0) {
    await writeFile(join(tree, 'opt', spec.name, 'bulk'), '')
    await truncate(join(tree, 'opt', spec.name, 'bulk'), spec.bulkBytes)
  }
  const packing = [`-Z${spec.packing}`, ...(spec.packing === 'none' ? [] : FAST)]
  await runTool('dpkg-deb', ['--root-owner-group', ...packing, '--build', tree, `${tree}.deb`])
  await rm(tree, { recursive: true })
  await rename(`${tree}.deb`, file)
  return file
}

function controlText(spec: PackageSpec): string {
  const lines = [
    `Package: ${spec.name}`,
    `Version: ${spec.version}`,
    `Architecture: ${spec.architecture}`,
    'Maintainer: patchmesh worlds <worlds@patchmesh.invalid>',
    ...(spec.isShared ? ['Multi-Arch: same'] : []),
    `Installed-Size: ${Math.ceil(spec.bulkBytes / 1024) + 8}`,
    'Description: drawn for a world',
  ]
  return `${lines.join('\n')}\n`
}

function templates({ name }: PackageSpec): string {
  return `Template: ${name}/colour\nType: string\nDefault: blue\nDescription: Which colour?\n No colour is wrong.\n`
}
