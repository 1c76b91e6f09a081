/**
 * What the real dpkg does with a package: `dpkg-deb` reads it, then `dpkg --root` installs it into a root of its own
 * that is empty but for dpkg's database. Taken is what both end well with and what dpkg's status calls installed.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Far more than a small package needs on a busy machine; one that takes longer fails its test. */
const ENDS_WITHIN_MS = 60_000
const FORCED = ['not-root', 'unsafe-io', 'architecture', 'depends', 'script-chrootless'].map((it) => `--force-${it}`)

export type DpkgVerdict =
  | { readonly taken: true; readonly package: string; readonly version: string }
  /** What the first of the programs that failed printed. */
  | { readonly taken: false; readonly says: string }

/** Makes what each root is a copy of. */
export async function makeEmptyRoot(folder: string): Promise<string> {
  const root = join(folder, 'empty-root')
  for (const part of ['info', 'updates', 'triggers', 'parts', 'alternatives']) {
    await mkdir(join(root, 'var/lib/dpkg', part), { recursive: true })
  }
  for (const name of ['status', 'available']) await writeFile(join(root, 'var/lib/dpkg', name), '')
  return root
}

/** `folder` is for this one package, and is left as it was. */
export async function judgeWithDpkg(folder: string, emptyRoot: string, bytes: Uint8Array): Promise<DpkgVerdict> {
  const root = join(folder, 'root')
  const file = join(folder, 'package.deb')
  try {
    await Promise.all([writeFile(file, bytes), cp(emptyRoot, root, { recursive: true })])
    const commands = [
      ['dpkg-deb', '--info', file],
      ['dpkg-deb', '--fsys-tarfile', file],
      ['dpkg', `--root=${root}`, ...FORCED, '--install', file],
    ] as const
    for (const [program, ...args] of commands) {
      const failure = await run(program, args)
      if (failure !== null) return { taken: false, says: failure }
    }
    return readStatus(await readFile(join(root, 'var/lib/dpkg/status'), 'latin1'))
  } finally {
    await Promise.all([rm(root, { recursive: true, force: true }), rm(file, { force: true })])
  }
}

/** Null where it ended well; what it printed where it did not. Rejects where it had to be ended. */
async function run(program: string, args: readonly string[]): Promise<string | null> {
  const options = { timeout: ENDS_WITHIN_MS, env: { ...process.env, LC_ALL: 'C' }, encoding: 'buffer' } as const
  return new Promise((resolve, reject) => {
    execFile(program, args, { ...options, maxBuffer: Infinity }, (error, _stdout, stderr) => {
      if (error === null) resolve(null)
      else if (typeof error.code === 'number') resolve(stderr.toString('latin1').trim())
      else reject(new Error(`${program} ${args.join(' ')} did not end by itself`, { cause: error }))
    })
  })
}

function readStatus(status: string): DpkgVerdict {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(status)?.[1] ?? ''
  if (field('Status') !== 'install ok installed') return { taken: false, says: `dpkg left it ${field('Status')}` }
  return { taken: true, package: field('Package'), version: field('Version') }
}
