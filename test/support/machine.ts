/**
 * The programs that the tests start, and how this machine gets what it lacks. On Debian, as root, they are installed;
 * elsewhere the error says what to install. One test file at a time, because two calls of apt-get end each other.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INSTALLING_MS = 10 * 60_000

/** What is kept between runs. */
export const CACHE = join(tmpdir(), 'patchmesh-packages')

/** Debian's package of each program. */
export const PROGRAMS = {
  chromium: 'chromium',
  dpkg: 'dpkg',
  'dpkg-deb': 'dpkg',
  mmdebstrap: 'mmdebstrap',
  xz: 'xz-utils',
  zstd: 'zstd',
  bzip2: 'bzip2',
  ar: 'binutils',
  cpack: 'cmake',
  flock: 'util-linux',
  setsid: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  du: 'coreutils',
  mkfifo: 'coreutils',
  sha256sum: 'coreutils',
  openssl: 'openssl',
  chroot: 'coreutils',
  nsenter: 'util-linux',
  strip: 'binutils',
  lintian: 'lintian',
  'systemd-nspawn': 'systemd-container',
  'systemd-analyze': 'systemd',
  pg_lsclusters: 'postgresql',
  age: 'age',
  zsh: 'zsh',
  fish: 'fish',
  script: 'bsdutils',
  'age-keygen': 'age',
  promtool: 'prometheus',
} as const
export type Program = keyof typeof PROGRAMS

/** Its path, or undefined where the machine lacks it. */
export function pathOf(program: Program | 'apt-get'): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/bin', '/sbin']
  return folders.map((folder) => join(folder, program)).find(existsSync)
}

export function canInstall(): boolean {
  return process.getuid?.() === 0 && pathOf('apt-get') !== undefined
}

export function howToInstall(packages: readonly string[]): string {
  return `apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`
}

/** Sees to it that the machine has them; where that cannot be, the error says what to install. */
export async function provide(...programs: Program[]): Promise<void> {
  const packagesMissing = (): string[] => [
    ...new Set(programs.filter((program) => pathOf(program) === undefined).map((program) => PROGRAMS[program])),
  ]
  if (packagesMissing().length === 0) return
  if (!canInstall())
    throw new Error(`the tests need what this machine lacks; as root: ${howToInstall(packagesMissing())}`)
  await alone(async () => {
    const packages = packagesMissing()
    if (packages.length === 0) return
    try {
      if (packages.includes('postgresql')) await withoutOwnCluster()
      await aptGet(['update'])
      await aptGet(['install', '--yes', '--no-install-recommends', ...packages])
    } catch (cause) {
      throw new Error(`the tests need what could not be installed: ${howToInstall(packages)}`, { cause })
    }
  })
}

/** Debian's PostgreSQL makes and starts a database of its own when it is installed, which no test needs. */
async function withoutOwnCluster(): Promise<void> {
  await mkdir('/etc/postgresql-common', { recursive: true })
  await writeFile('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n', { flag: 'a' })
}

/** Only for who is `alone`. */
export async function aptGet(words: readonly string[], folder?: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...words], { cwd: folder, env, timeout: INSTALLING_MS })
}

/** Runs `act` while no other process of the tests is in here; what ends this process lets the next one in. */
export async function alone<Result>(act: () => Promise<Result>): Promise<Result> {
  await mkdir(CACHE, { recursive: true })
  const holder = spawn('flock', [join(CACHE, 'lock'), 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'close')
  try {
    const gone = ended.then(() => Promise.reject(new Error('flock ended without the lock')))
    await Promise.race([once(holder.stdout, 'data'), gone])
    return await act()
  } finally {
    holder.stdin.end()
    await ended
  }
}
