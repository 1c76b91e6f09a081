/**
 * The ceremony of the guide, by the commands that it names: keys, a policy that an owner signs, and an install that waits
 * until two approvers have signed what it asks for.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { answering, commandNamed } from './answering-terminal.ts'

const PASSPHRASE = 'four words are enough'
let fleet: Fleet
let app: ServedApp
let folder: string
let server: string[]
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-approvals-'))
  server = ['--server', app.url, '--api-token', await app.apiToken()]
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

const at = (name: string): string => path.join(folder, name)

async function run(name: string, words: readonly string[], ...answers: string[]) {
  return answering(answers, (terminal) => commandNamed(name).run(words, terminal))
}

async function done(name: string, words: readonly string[], ...answers: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(name, words, ...answers)
  assert.equal(status, 0, `${name} ${words.join(' ')}: ${stderr}`)
  return stdout
}

test('keys are made, a policy is signed and handed on, and an install is approved by two people', async () => {
  for (const name of ['olga', 'maria', 'jonas'])
    await done('keys new', ['--name', name, '--out', at(name), ...(name === 'jonas' ? ['--p256'] : [])], PASSPHRASE)
  assert.match(await readFile(at('maria'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  assert.equal((await stat(at('maria'))).mode & 0o777, 0o600)
  const fleetKey = fleet.serviceCenter.state.signing.peer
  assert.match(await done('policy show', server), new RegExp(`Nothing has to be approved[\\s\\S]*${fleetKey}`))
  const people = ['--owner', at('olga.pub'), '--approver', at('maria.pub'), '--approver', at('jonas.pub')]
  await done('policy init', ['--fleet', fleetKey, ...people, '--needed', '2', '--out', at('policy')])
  for (const [words, why] of [
    [['--floor', 'hotfix'], /--floor/],
    [['--needed', ''], /is not a whole number/],
    [['--remove', 'mara'], /the policy has no mara/],
  ] as const) {
    const { status, stderr } = await run('policy add', [at('policy'), ...words, '--out', at('wrong')])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
  const unsigned = await run('policy set', [at('policy'), '--yes', ...server])
  assert.match(unsigned.stderr, /policy 1 is signed by 0 of 1 needed of its own owners/)
  await done('policy sign', [at('policy'), '--key', at('olga')], PASSPHRASE, 'y')
  await done('policy set', [at('policy'), '--yes', ...server])
  assert.match(await done('policy show', server), /approvals {2}2 for each install[\s\S]*approver {3}maria/)

  const file = await fleet.publish({ name: 'kernel', version: '6.1' })
  const order = { kind: 'start-install', actor: 'Olga', patch: file, organizations: ['acme'], dataCenter: 'All' }
  const started = await fleet.serviceCenter.carryOut({ ...order, allowOutage: false } as never)
  assert.ok('install' in started)
  const { install } = started
  const wrong = await run('approve', [install, '--key', at('maria'), '--yes', ...server], 'another passphrase')
  assert.match(wrong.stderr, /is no key, or that is not its passphrase/)
  const first = await run('approve', [install, '--key', at('maria'), ...server], PASSPHRASE, 'y')
  assert.equal(first.status, 0, first.stderr)
  assert.match(first.stderr, /kernel@6\.1, SHA-256 [0-9a-f]{64}[\s\S]*for acme in[\s\S]*asked for by Olga/)
  assert.match(first.stdout, /acme in \w+: 1 of 2 approvals, by maria/)
  const owner = await run('approve', [install, '--key', at('olga'), '--yes', ...server], PASSPHRASE)
  assert.match(owner.stderr, /is that of no approver/)
  assert.match(
    await done('approve', [install, '--key', at('jonas'), '--yes', ...server], PASSPHRASE),
    /2 of 2 approvals/,
  )

  await done('policy add', [
    at('policy'),
    '--remove',
    'jonas',
    '--needed',
    '1',
    '--floor',
    'kernel@6.1',
    '--out',
    at('next'),
  ])
  assert.match(await done('policy show', [at('next')]), /policy {5}2,[\s\S]*floor {6}kernel 6\.1[\s\S]*by nobody of 1/)
})

test('a passphrase that is too short, a key that is there, and a file that is no policy are refused', async () => {
  const short = await run('keys new', ['--name', 'x', '--out', at('short')], 'short')
  assert.match(short.stderr, /has 5 characters: choose 12 or more/)
  const there = await run('keys new', ['--name', 'olga', '--out', at('olga')], PASSPHRASE)
  assert.match(there.stderr, /is there already, and is never replaced/)
  const none = await run('policy show', [at('olga.pub')])
  assert.match(none.stderr, /the policy has the wrong form/)
})
