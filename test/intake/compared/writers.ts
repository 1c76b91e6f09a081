/** Packages as the programs write them that people use: dpkg-deb, CPack, and ar with tar in the forms that it knows. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTROL_FILE, controlMember, dataMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

export function writerVariants(): Variant[] {
  const folder = mkdtempSync(join(tmpdir(), 'writers-'))
  try {
    const tree = makeTree(join(folder, 'tree'))
    return [...byDpkgDeb(folder, tree), ...byCPack(folder, tree), ...byTar(tree), ...byAr(folder, tree)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function makeTree(tree: string): string {
  mkdirSync(join(tree, 'opt/compared/deep'), { recursive: true })
  writeFileSync(join(tree, 'opt/compared/file'), 'compared\n'.repeat(500))
  writeFileSync(join(tree, 'opt/compared/empty'), '')
  symlinkSync('../file', join(tree, 'opt/compared/deep/link'))
  return tree
}

function byDpkgDeb(folder: string, tree: string): Variant[] {
  const built = join(folder, 'built')
  execFileSync('cp', ['--archive', tree, built])
  mkdirSync(join(built, 'DEBIAN'), { mode: 0o755 })
  writeFileSync(join(built, 'DEBIAN/control'), CONTROL_FILE)
  const build = (...options: string[]): Buffer => {
    const out = join(folder, 'out.deb')
    execFileSync('dpkg-deb', ['--root-owner-group', ...options, '--build', built, out], { stdio: 'pipe' })
    return readFileSync(out)
  }
  const packings = ['none', 'gzip', 'xz', 'zstd']
  return [
    ...packings.map((packing) => ({ name: `dpkg-deb -Z${packing}`, bytes: build(`-Z${packing}`) })),
    ...packings.map((packing) => ({
      name: `dpkg-deb -Z${packing}, control.tar with gzip`,
      bytes: build(`-Z${packing}`, '--no-uniform-compression'),
    })),
    { name: 'dpkg-deb -Zxz -z9 -Sextreme', bytes: build('-Zxz', '-z9', '-Sextreme') },
    { name: 'dpkg-deb -Zgzip -Shuffman', bytes: build('-Zgzip', '-Shuffman') },
    { name: 'dpkg-deb -Zgzip -z0', bytes: build('-Zgzip', '-z0') },
    {
      name: 'dpkg-deb, the format before 1995',
      bytes: build('-Zgzip', '--deb-format=0.939000'),
      purpose: 'old_format',
    },
  ]
}

function byCPack(folder: string, tree: string): Variant[] {
  const config = join(folder, 'CPackConfig.cmake')
  const out = join(folder, 'cpack')
  const settings = {
    CPACK_GENERATOR: 'DEB',
    CPACK_PACKAGE_NAME: 'compared',
    CPACK_PACKAGE_VERSION: '1.0',
    CPACK_PACKAGE_FILE_NAME: 'compared',
    CPACK_PACKAGE_DIRECTORY: out,
    CPACK_PACKAGING_INSTALL_PREFIX: '/',
    CPACK_INSTALLED_DIRECTORIES: `${tree};/`,
    CPACK_DEBIAN_PACKAGE_ARCHITECTURE: 'all',
    CPACK_DEBIAN_PACKAGE_MAINTAINER: 'patchmesh tests <tests@patchmesh.invalid>',
    CPACK_PACKAGE_DESCRIPTION: 'made by CPack',
  }
  return ['gzip', 'bzip2', 'xz', 'lzma', 'zstd', 'none'].map((packing) => {
    const all = Object.entries({ ...settings, CPACK_DEBIAN_COMPRESSION_TYPE: packing })
    writeFileSync(config, all.map(([key, value]) => `set(${key} "${value}")\n`).join(''))
    rmSync(out, { recursive: true, force: true })
    execFileSync('cpack', ['--config', config], { cwd: folder, stdio: 'pipe' })
    const file = readdirSync(out).find((name) => name.endsWith('.deb')) ?? ''
    return { name: `CPack with ${packing}`, bytes: readFileSync(join(out, file)) }
  })
}

function byTar(tree: string): Variant[] {
  const tar = (...options: string[]): Buffer =>
    execFileSync('tar', ['--create', '--file=-', '--owner=root', '--group=root', ...options])
  const data = (...options: string[]): Buffer => deb({ data: dataMember(tar(`--directory=${tree}`, ...options, '.')) })
  const formats = ['v7', 'oldgnu', 'gnu', 'ustar', 'posix']
  return [
    ...formats.map((format) => ({ name: `tar --format=${format}, data.tar`, bytes: data(`--format=${format}`) })),
    { name: 'tar --format=gnu --sparse, data.tar', bytes: data('--format=gnu', '--sparse') },
    { name: 'tar --blocking-factor=1, data.tar', bytes: data('--format=gnu', '--blocking-factor=1') },
    {
      name: 'tar of opt without the root, data.tar',
      bytes: deb({ data: dataMember(tar('--format=gnu', `--directory=${tree}`, 'opt')) }),
    },
    { name: 'tar --numeric-owner, data.tar', bytes: data('--format=gnu', '--numeric-owner') },
    { name: 'tar --label, data.tar', bytes: data('--format=gnu', '--label=compared') },
    ...formats.map((format) => ({ name: `tar --format=${format}, control.tar`, bytes: controlByTar(format) })),
  ]
}

function controlByTar(format: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'control-'))
  try {
    writeFileSync(join(folder, 'control'), CONTROL_FILE)
    const args = [
      '--create',
      '--file=-',
      `--format=${format}`,
      '--owner=root',
      '--group=root',
      `--directory=${folder}`,
      '.',
    ]
    return deb({ control: controlMember(execFileSync('tar', args)) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function byAr(folder: string, tree: string): Variant[] {
  const data = execFileSync('tar', [
    '--create',
    '--file=-',
    '--format=gnu',
    '--owner=root',
    '--group=root',
    `--directory=${tree}`,
    '.',
  ])
  const members = ['debian-binary', 'control.tar.gz', 'data.tar.gz']
  const contents = ['2.0\n', controlMember().content, dataMember(data).content]
  for (const [index, name] of members.entries()) writeFileSync(join(folder, name), contents[index] ?? '')
  const out = join(folder, 'by-ar.deb')
  return ['rcD', 'rcU', 'rcS', 'qc'].map((operation) => {
    rmSync(out, { force: true })
    execFileSync('ar', [operation, out, ...members], { cwd: folder, stdio: 'pipe' })
    return { name: `GNU ar ${operation}`, bytes: readFileSync(out) }
  })
}
