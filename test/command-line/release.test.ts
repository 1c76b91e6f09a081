/**
 * Bundles made on the command line: of a folder, and of a Debian package.
 */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkedHead } from '../../controller/cli/sign-bundle.ts'
import { buildDebianPackage, CONTROL } from '../support/debian-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

const MANIFEST = {
  name: 'kernel',
  version: '6.1',
  publisher: 'Acme',
  install: { program: 'install', timeoutSeconds: 60 },
  verify: { detect: { versionFile: '/opt/kernel/version' }, soakSeconds: 0 },
}
const CHANGED = new Date('2026-03-04T05:06:07Z')

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-release-'))
})
after(() => rm(folder, { recursive: true }))

const place = (name: string) => path.join(folder, name)

/** A payload with a program, a file two folders deep and an empty folder; and its manifest. */
async function kernel(name: string, manifest: unknown = MANIFEST): Promise<string[]> {
  const payload = place(name)
  await mkdir(path.join(payload, 'data/deep'), { recursive: true })
  await mkdir(path.join(payload, 'empty'))
  await writeFile(path.join(payload, 'install'), '#!/bin/sh\nexit 0\n')
  await chmod(path.join(payload, 'install'), 0o755)
  await writeFile(path.join(payload, 'data/deep/file'), 'content\n')
  for (const file of ['install', 'data/deep/file']) await utimes(path.join(payload, file), CHANGED, CHANGED)
  await writeFile(`${payload}.json`, JSON.stringify(manifest))
  return ['release', 'build', '--manifest', `${payload}.json`, '--payload', payload, '--out', `${payload}.patch`]
}

async function fails(words: readonly string[], says: RegExp): Promise<void> {
  const { status, stdout, stderr } = await patchmesh(words)
  assert.equal(status, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, says)
  assert.match(stderr, /^[^\n]+\n$/)
}

async function leftOf(name: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => file.startsWith(`${name}.patch`))
}

describe('F12: patchmesh release build', () => {
  test('makes a bundle of a manifest and a folder, with the usual values for what is left out', async () => {
    const { status, stdout, stderr } = await patchmesh([...(await kernel('usual')), '--json'])
    assert.equal(status, 0, stderr)
    const { file, name, version, bytes } = JSON.parse(stdout)
    assert.deepEqual([file, name, version], [place('usual.patch'), 'kernel', '6.1'])
    assert.equal(bytes, (await readFile(place('usual.patch'))).byteLength)
    const { manifest } = await checkedHead(place('usual.patch'))
    const { payload, ...rest } = manifest
    assert.deepEqual(rest, {
      ...MANIFEST,
      kind: 'update',
      created: CHANGED.toISOString(),
      appliesTo: { applianceTypes: [], fromVersions: [] },
      requires: [],
      conflicts: [],
      supersedes: [],
      impact: { restart: 'none', estimateSeconds: 60 },
      pair: { peerCompat: [], maxSkewSeconds: 86_400, order: 'secondary-first' },
      revert: 'none',
      diskBytes: 25,
    })
    assert.ok(payload.size > 0)
  })

  test('makes the same bytes of the same files', async () => {
    for (const name of ['first', 'second']) assert.equal((await patchmesh(await kernel(name))).status, 0)
    assert.ok((await readFile(place('first.patch'))).equals(await readFile(place('second.patch'))))
  })

  test('says what is wrong with a manifest or a folder, and leaves nothing', async () => {
    const manifests: [manifest: unknown, says: RegExp][] = [
      [{ ...MANIFEST, publisher: undefined }, /wrong-0.json is no manifest: publisher .+ Correct the manifest/],
      [{ ...MANIFEST, payload: {} }, /describes the payload, which is found out: leave that field out/],
      [{ ...MANIFEST, install: { program: 'absent', timeoutSeconds: 1 } }, /payload\/absent is not there/],
      [{ ...MANIFEST, install: { program: 'data/deep/file', timeoutSeconds: 1 } }, /its mode is 644 instead of 755/],
      [[], /wrong-4.json is no object/],
    ]
    for (const [index, [manifest, says]] of manifests.entries()) {
      await fails(await kernel(`wrong-${index}`, manifest), says)
      assert.deepEqual(await leftOf(`wrong-${index}`), [])
    }
    const linked = await kernel('linked')
    await symlink('/etc/passwd', place('linked/link'))
    await fails(linked, /link is no plain file and no folder: take it out/)
    const spaced = await kernel('spaced')
    await writeFile(place('spaced/two words'), '')
    await fails(spaced, /has a name that a patch cannot have/)
    await mkdir(place('nothing'))
    await fails(spaced.with(5, place('nothing')), /nothing is empty: a patch has at least one file/)
    await fails(spaced.with(5, place('absent')), /absent cannot be read \(ENOENT\): check the path/)
    await fails((await kernel('nowhere')).with(7, place('absent/x.patch')), /x.patch cannot be made \(ENOENT\)/)
  })
})

describe('F12: patchmesh release wrap', () => {
  test('wraps a Debian package in a bundle that says what the package says', async () => {
    await writeFile(place('package.deb'), buildDebianPackage())
    const words = ['release', 'wrap', place('package.deb'), '--out', place('wrapped.patch')]
    const { status, stdout, stderr } = await patchmesh(words)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /wrapped.patch: fixture@1:2.0-3~rc1, /)
    const { manifest } = await checkedHead(place('wrapped.patch'))
    assert.equal(manifest.install.package, 'package.deb')
    assert.equal(manifest.install.program, undefined)
    assert.equal(manifest.appliesTo.architecture, 'amd64')
    assert.deepEqual(manifest.verify.detect, { dpkg: 'fixture' })
    const again = await patchmesh(words.with(4, place('again.patch')))
    assert.equal(again.status, 0, again.stderr)
    assert.ok((await readFile(place('wrapped.patch'))).equals(await readFile(place('again.patch'))))
  })

  test('refuses what dpkg would not install, and leaves nothing', async () => {
    await writeFile(place('text.deb'), 'a text and no package')
    const wrap = (name: string) => ['release', 'wrap', place(`${name}.deb`), '--out', place(`${name}.patch`)]
    await fails(wrap('text'), /The file begins with "a text a"; a package does not/)
    await fails(wrap('absent'), /absent.deb cannot be read \(ENOENT\): check the path/)
    const whole = buildDebianPackage({ control: CONTROL })
    await writeFile(place('cut.deb'), whole.subarray(0, whole.byteLength - 100))
    await fails(wrap('cut'), /The file ends/)
    for (const name of ['text', 'absent', 'cut']) assert.deepEqual(await leftOf(name), [])
  })
})
