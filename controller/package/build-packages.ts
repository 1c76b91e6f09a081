/**
 * `npm run packages`: both halves as Debian packages for each architecture, a bill of materials of each, their digests, and a
 * signature where there is a key. The same sources give the same bytes: times are that of the commit.
 */
import { execFile } from 'node:child_process'
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import product from '../../package.json' with { type: 'json' }
import { billOf, billOfLock } from './bill-of-materials.ts'
import { bundleSources, ROOT } from './bundle-sources.ts'
import { ARCHITECTURES, type Architecture, nodePackage } from './node-binary.ts'
import { KINDS, type Kind } from './package-kinds.ts'
import { layOut, type Prepared, type Release, writeControl } from './package-tree.ts'

const run = promisify(execFile)

const HELP = `Usage: npm run packages [-- options]

Builds patchmesh-agent and patchmesh-controller as Debian packages, with Node inside.

  --out DIR              where they go (default packages/)
  --architecture NAME    amd64 or arm64, may be repeated (default both)
  --only NAME            agent or controller (default both)
  --key FILE             signs SHA256SUMS with this Ed25519 key (PEM), as SHA256SUMS.sig
  --release VERSION      of the packages (default that of package.json)
  --compression NAME     xz, or none for a quick look (default xz)

SOURCE_DATE_EPOCH is the time of everything in them (default that of the commit).
`

export type Wanted = {
  readonly out: string
  readonly architectures: readonly Architecture[]
  readonly kinds: readonly Kind[]
  readonly version: string
  readonly compression: 'xz' | 'none'
  readonly key: string | undefined
  readonly say: (line: string) => void
}

/** The names of the files that it has written to `out`. */
export async function buildPackages(wanted: Wanted): Promise<string[]> {
  const { out, kinds, architectures, say } = wanted
  const release = { version: wanted.version, date: await sourceDate() }
  await mkdir(out, { recursive: true })
  const working = await mkdtemp(path.join(tmpdir(), 'patchmesh-building-'))
  try {
    const files: string[] = []
    for (const kind of kinds) {
      say(`${kind.name}: bundling`)
      const bundle = path.join(working, kind.name)
      const { packages } = await bundleSources(bundle, kind.programs, release.version)
      for (const architecture of architectures) {
        const name = `${kind.name}_${release.version}_${architecture}`
        const contents = [...packages, nodePackage(architecture)].sort()
        const bill = await billFor(kind, release, contents)
        say(`${name}.deb: packing`)
        await pack(path.join(out, `${name}.deb`), { kind, release, bundle, contents, bill }, architecture, wanted)
        await writeFile(path.join(out, `${name}.cdx.json`), bill)
        files.push(`${name}.deb`, `${name}.cdx.json`)
        const { size } = await stat(path.join(out, `${name}.deb`))
        say(`${name}.deb: ${(size / 1e6).toFixed(1)} MB`)
      }
    }
    return [...files, ...(await writeSums(out, files, wanted.key))]
  } finally {
    await rm(working, { recursive: true, force: true })
  }
}

async function pack(
  file: string,
  prepared: Prepared,
  architecture: Architecture,
  { compression }: Pick<Wanted, 'compression'>,
): Promise<void> {
  const tree = await mkdtemp(path.join(tmpdir(), 'patchmesh-tree-'))
  try {
    await layOut(tree, prepared, architecture)
    await writeControl(tree, prepared, architecture)
    const env = {
      ...process.env,
      SOURCE_DATE_EPOCH: String(prepared.release.date.getTime() / 1000),
      TZ: 'UTC',
      LC_ALL: 'C',
    }
    await run('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', tree, file], { env })
  } finally {
    await rm(tree, { recursive: true, force: true })
  }
}

let whole: ReturnType<typeof billOfLock> | undefined

async function billFor({ name }: Kind, { version, date }: Release, contents: readonly string[]): Promise<string> {
  whole ??= billOfLock()
  const lock = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { version: string }>>
  }
  return billOf(await whole, { name, version, date, contents }, (folder) => lock.packages[folder]?.version ?? '')
}

async function sourceDate(): Promise<Date> {
  const given = process.env['SOURCE_DATE_EPOCH']
  const seconds = given ?? (await commitSeconds())
  if (!/^\d{1,11}$/.test(seconds)) throw new Error(`SOURCE_DATE_EPOCH=${seconds} is no number of seconds since 1970`)
  return new Date(Number(seconds) * 1000)
}

async function commitSeconds(): Promise<string> {
  try {
    return (await run('git', ['log', '-1', '--format=%ct'], { cwd: ROOT })).stdout.trim()
  } catch (cause) {
    throw new Error('these sources are no checkout of git: say in SOURCE_DATE_EPOCH when they were made', { cause })
  }
}

async function writeSums(out: string, files: readonly string[], key: string | undefined): Promise<string[]> {
  const lines = []
  for (const file of files) {
    const digest = createHash('sha256')
      .update(await readFile(path.join(out, file)))
      .digest('hex')
    lines.push(`${digest}  ${file}\n`)
  }
  const sums = Buffer.from(lines.join(''))
  await writeFile(path.join(out, 'SHA256SUMS'), sums)
  if (key === undefined) return ['SHA256SUMS']
  const privateKey = createPrivateKey(await readFile(key))
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`${key} is no Ed25519 key: openssl genpkey -algorithm ed25519`)
  await writeFile(path.join(out, 'SHA256SUMS.sig'), sign(null, sums, privateKey))
  return ['SHA256SUMS', 'SHA256SUMS.sig']
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'packages' },
      architecture: { type: 'string', multiple: true },
      only: { type: 'string' },
      key: { type: 'string' },
      release: { type: 'string', default: product.version },
      compression: { type: 'string', default: 'xz' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(HELP)
  const architectures = ARCHITECTURES.filter((name) => values.architecture?.includes(name) ?? true)
  const kinds = KINDS.filter(({ daemon }) => values.only === undefined || values.only === daemon)
  const { compression } = values
  if (architectures.length === 0 || kinds.length === 0 || (compression !== 'xz' && compression !== 'none')) {
    throw new Error('there is nothing to build so; see npm run packages -- --help')
  }
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  await buildPackages({ ...values, version: values.release, architectures, kinds, compression, key: values.key, say })
  if (values.key === undefined) say('SHA256SUMS is not signed: give --key')
}

if (import.meta.main) await main()
