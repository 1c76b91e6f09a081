/**
 * What the real dpkg does with packages: `dpkg-deb --info` reads each, then `dpkg --root`, which calls
 * `dpkg-deb --control` and `--fsys-tarfile`, installs it into a root of its own that is empty but for dpkg's
 * database. Taken is what all of that ends well with and what dpkg's status calls installed. One shell does it for many packages, since starting programs is what takes the time.
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type DpkgVerdict =
  | { readonly taken: true; readonly package: string; readonly version: string }
  /** What the first of the programs that failed printed. */
  | { readonly taken: false; readonly says: string }

/** Far more than a small package needs on a busy machine; one that takes longer fails its test. */
const ENDS_WITHIN_SECONDS = 60
/** Of timeout(1), which ended what it started. */
const DID_NOT_END = 124
const FORCED = ['not-root', 'unsafe-io', 'depends', 'script-chrootless'].map((it) => `--force-${it}`)
/** Some of Debian's, so that one of them is this machine's and the others are foreign to it. */
const ARCHITECTURES = ['amd64', 'arm64', 'i386', 'riscv64']

const JUDGE = `
cd "$1"; shift
for number in "$@"; do
  root=$PWD/root-$number
  {
    timeout ${ENDS_WITHIN_SECONDS} dpkg-deb --info $number.deb &&
    cp --recursive empty-root $root &&
    timeout ${ENDS_WITHIN_SECONDS} dpkg --root=$root ${FORCED.join(' ')} --install $number.deb &&
    # what dpkg has written into its database, and cannot read again, harms every later install
    timeout ${ENDS_WITHIN_SECONDS} dpkg --root=$root --audit
  } < /dev/null > /dev/null 2> $number.says
  echo $? > $number.code
  if [ -e $root ]; then mv $root/var/lib/dpkg/status $number.status && rm -r $root; fi
done
`

/** Makes what each root is a copy of. */
export async function makeEmptyRoot(folder: string): Promise<void> {
  const database = join(folder, 'empty-root/var/lib/dpkg')
  for (const part of ['info', 'updates', 'triggers', 'parts', 'alternatives']) {
    await mkdir(join(database, part), { recursive: true })
  }
  await writeFile(join(database, 'arch'), `${ARCHITECTURES.join('\n')}\n`)
  for (const name of ['status', 'available']) await writeFile(join(database, name), '')
}

/** Of the packages `NUMBER.deb` in `folder`, in the order of their numbers. */
export async function judgeWithDpkg(folder: string, numbers: readonly number[]): Promise<DpkgVerdict[]> {
  const env = { ...process.env, LC_ALL: 'C' }
  await promisify(execFile)('sh', ['-c', JUDGE, 'sh', folder, ...numbers.map(String)], { env })
  return Promise.all(numbers.map((number) => readVerdict(folder, number)))
}

async function readVerdict(folder: string, number: number): Promise<DpkgVerdict> {
  const read = (kind: 'code' | 'says' | 'status') => readFile(join(folder, `${number}.${kind}`), 'latin1')
  const code = Number(await read('code'))
  const says = (await read('says')).trim()
  if (code === DID_NOT_END) throw new Error(`dpkg did not end by itself with ${number}.deb`)
  if (code !== 0) return { taken: false, says }
  const status = await read('status')
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(status)?.[1] ?? ''
  if (field('Status') !== 'install ok installed') return { taken: false, says: `dpkg left it ${field('Status')}` }
  return { taken: true, package: field('Package'), version: field('Version') }
}
