/**
 * The way of a publisher on the command line: a key, a list, a signature; against a real Service Center's API.
 */
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { PublisherView } from '../../controller/core/publishers.ts'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Outcome, patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let folder: string
let environment: Record<string, string>
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-publishers-'))
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

const place = (name: string) => path.join(folder, name)
const run = (...words: string[]): Promise<Outcome> => patchmesh(words, { environment })

async function done(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...words)
  assert.equal(status, 0, stderr)
  return stdout
}

type Listed = { keyid: string; publicKey: string }
const makeKey = async (name: string): Promise<Listed> =>
  JSON.parse(await done('release', 'key', '--out', place(name), '--json')) as Listed

async function headOf(file: string) {
  const head = await inspectBundle(chunked(await readFile(file)))
  assert.ok(!isRefusal(head), JSON.stringify(head))
  return head
}

describe('patchmesh release key', () => {
  test('makes a key that its owner alone can read, and prints the public part', async () => {
    const printed = await done('release', 'key', '--out', place('first.key'))
    assert.match(printed, /^public key {2}[A-Za-z0-9+/]{43}=\nkeyid {7}[0-9a-f]{64}\n$/)
    assert.equal((await stat(place('first.key'))).mode & 0o777, 0o600)
    const pem = await readFile(place('first.key'))
    assert.equal(createPrivateKey(pem).asymmetricKeyType, 'ed25519')
    assert.doesNotMatch(printed, /PRIVATE/)
  })

  test('never replaces a file', async () => {
    await writeFile(place('kept'), 'kept')
    const { status, stderr } = await run('release', 'key', '--out', place('kept'))
    assert.equal(status, 1)
    assert.match(stderr, /kept is there already, and is never replaced: name another file\.\n$/)
    assert.equal(await readFile(place('kept'), 'utf8'), 'kept')
  })
})

describe('patchmesh release sign', () => {
  test('K5 shows what it is asked to sign, and signs nothing without a yes', async () => {
    await makeKey('asking.key')
    const file = place('asking.patch')
    const { payload } = await writeExampleBundle({ name: 'asking', out: file })
    const before = await readFile(file)
    for (const input of ['', 'n\n', 'maybe\n']) {
      const words = ['release', 'sign', file, '--key', place('asking.key')]
      const { status, stdout, stderr } = await patchmesh(words, { input })
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(
        stderr,
        /^asking@1\.0\.0 by patchmesh example\npayload \d+ bytes \(1\.0 MB\), SHA-256 [0-9a-f]{64}\n/,
      )
      assert.ok(stderr.includes(payload.sha256))
      assert.match(
        stderr,
        /signed so far by 0 keys\nSign it\? \[y\/N\] .*It was not signed(: nobody answered\. Add|\. Answer y, or add) --yes\.\n$/s,
      )
    }
    assert.deepEqual(await readFile(file), before)
    const agreed = await patchmesh(['release', 'sign', file, '--key', place('asking.key')], { input: 'y\n' })
    assert.equal(agreed.status, 0, agreed.stderr)
    assert.equal((await headOf(file)).signed.signatures.length, 1)
  })

  test('adds to the signatures of others, once, and changes nothing else', async () => {
    const [one, two] = [await makeKey('one.key'), await makeKey('two.key')]
    const [file, out] = [place('kernel.patch'), place('signed.patch')]
    await writeExampleBundle({ name: 'kernel', bytes: 3 * 1024 * 1024, out: file })
    const before = await readFile(file)
    await done('release', 'sign', file, '--key', place('one.key'), '--out', out, '--yes')
    assert.deepEqual(await readFile(file), before)
    for (const key of ['two.key', 'one.key']) {
      const printed = await done('release', 'sign', out, '--key', place(key), '--yes', '--json')
      const { keyid } = key === 'one.key' ? one : two
      assert.deepEqual(JSON.parse(printed), { file: out, name: 'kernel', version: '1.0.0', keyid, signatures: 2 })
    }
    const [was, is] = [await headOf(file), await headOf(out)]
    assert.deepEqual(is.signed.manifest, was.signed.manifest)
    assert.deepEqual(new Set(is.signed.signatures.map(({ keyid }) => keyid)), new Set([one.keyid, two.keyid]))
    const payloadOf = async (name: string) => (await readFile(name)).subarray(-was.manifest.payload.size)
    assert.deepEqual(await payloadOf(out), await payloadOf(file))
    assert.ok((await readdir(folder)).every((name) => !name.endsWith('.part')))
  })

  test('says what is wrong with a key or a bundle', async () => {
    await makeKey('right.key')
    await writeExampleBundle({ name: 'damaged', out: place('damaged.patch') })
    const damaged = await readFile(place('damaged.patch'))
    await writeFile(place('damaged.patch'), damaged.subarray(0, -700))
    await writeFile(place('text'), 'no key')
    const sign = async (file: string, key: string) =>
      (await run('release', 'sign', place(file), '--key', place(key), '--yes')).stderr
    assert.match(await sign('damaged.patch', 'right.key'), /^patchmesh: .*truncated|The file ends after/)
    assert.match(
      await sign('damaged.patch', 'text'),
      /text is not a private key in PEM: name the file of patchmesh release key\./,
    )
    assert.match(await sign('damaged.patch', 'nowhere'), /nowhere cannot be read \(ENOENT\): check the path\./)
    assert.match(await sign('nowhere.patch', 'right.key'), /nowhere\.patch/)
    assert.match((await run('release', 'sign', place('text'))).stderr, /--key is missing/)
  })
})

describe('patchmesh publishers', () => {
  test('lists, changes and removes them; a bundle signed by enough keys is uploaded, and no other', async () => {
    const keys = [await makeKey('acme-1.key'), await makeKey('acme-2.key')]
    const publisher = { name: 'Acme', keys, threshold: 2, patches: ['acme-*'], expiresAt: '2099-01-01T00:00:00Z' }
    await writeFile(place('acme.json'), JSON.stringify(publisher))
    assert.equal(await done('publishers', 'list'), 'No publisher is listed: uploads need no signature.\n')
    assert.equal(
      await done('publishers', 'set', place('acme.json')),
      'Acme is listed: good, until 2099-01-01 00:00 UTC.\n',
    )
    const shown = await done('publishers', 'list')
    assert.match(shown, /^NAME +NEEDED +KEYS +MAY SIGN +UNTIL \(UTC\) +STATE\n/)
    assert.match(shown, /\nAcme +2 of 2 +[0-9a-f]{12}…, [0-9a-f]{12}… +acme-\* +2099-01-01 00:00 +good\n/)

    const file = place('acme.patch')
    await writeExampleBundle({ name: 'acme-kernel', out: file })
    const upload = () => run('patches', 'upload', file)
    assert.match((await upload()).stderr, /acme-kernel is not signed; .+ Ask one of the publishers to sign the bundle/)
    await done('release', 'sign', file, '--key', place('acme-1.key'), '--yes')
    assert.match((await upload()).stderr, /acme-kernel is signed by 1 of 2 needed keys of Acme\. /)
    await done('release', 'sign', file, '--key', place('acme-2.key'), '--yes')
    assert.equal((await upload()).status, 0)
    assert.match(
      await done('patches', 'show', 'acme-kernel@1.0.0'),
      /\nsigned by Acme with [0-9a-f]{12}…, [0-9a-f]{12}…\n/,
    )

    const [view] = JSON.parse(await done('publishers', 'list', '--json')) as PublisherView[]
    assert.equal(view?.condition, 'good')
    const removed = await run('publishers', 'remove', 'Acme', '--yes')
    assert.equal(removed.stdout, 'Acme is removed.\n')
    assert.equal(removed.stderr, 'No publisher is left: uploads need no signature now.\n')
    assert.match(
      (await run('publishers', 'remove', 'Acme', '--yes')).stderr,
      /^patchmesh: there is no publisher Acme\. /,
    )
  })

  test('says what is wrong with the file', async () => {
    const [key] = [await makeKey('wrong.key')]
    const right = { name: 'Acme', keys: [key], threshold: 1, patches: ['*'], expiresAt: '2099-01-01T00:00:00Z' }
    const faults: [unknown, RegExp][] = [
      ['not JSON', /wrong\.json: Invalid|is not JSON/],
      [
        { ...right, keys: [{ ...key, keyid: 'ab'.repeat(32) }] },
        /wrong\.json, keys\.0: has a keyid that is not the SHA-256/,
      ],
      [{ ...right, threshold: 2 }, /wrong\.json: needs more keys than it lists/],
      [{ ...right, until: 'ever' }, /wrong\.json: Unrecognized key/],
    ]
    for (const [content, says] of faults) {
      await writeFile(place('wrong.json'), typeof content === 'string' ? content : JSON.stringify(content))
      const { status, stderr } = await run('publishers', 'set', place('wrong.json'))
      assert.equal(status, 1)
      assert.match(stderr, says)
    }
    assert.match((await run('publishers', 'set', place('nowhere.json'))).stderr, /cannot be read \(ENOENT\)/)
    assert.match((await run('publishers', 'set')).stderr, /FILE is missing/)
  })
})
