/**
 * The whole product from outside, by the commands that its users type: real processes, a real Debian package, the real
 * dpkg.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { realPackage } from '../support/real-packages.ts'

const run = promisify(execFile)

test('one command shows the whole job: 4/4, and the version installed on every appliance', async () => {
  const { stdout } = await run(LAUNCHER, ['demo', '--once', '--install', '--json'])
  const shown = JSON.parse(stdout)
  assert.deepEqual(shown.replications, { complete: 4, total: 4 })
  assert.equal(shown.appliances.length, 12)
  for (const appliance of shown.appliances)
    assert.equal(appliance.installedVersion, shown.patch.version, JSON.stringify(appliance))
  assert.match(shown.patch.sha256, /^[0-9a-f]{64}$/)
  assert.ok(shown.replicatedMs > 0)
})

test('with three Data Centers and a real Debian package it is 6/6, installed by the real dpkg', async () => {
  const file = await realPackage('publicsuffix')
  const version = (await run('dpkg-deb', ['--field', file, 'Version'])).stdout.trim()
  const { stdout } = await run(LAUNCHER, [
    'demo',
    '--once',
    '--install',
    '--json',
    '--data-centers',
    '3',
    '--patch',
    file,
  ])
  const shown = JSON.parse(stdout)
  assert.deepEqual(shown.replications, { complete: 6, total: 6 })
  assert.equal(shown.patch.name, 'publicsuffix')
  assert.equal(shown.patch.sha256, (await run('sha256sum', [file])).stdout.slice(0, 64))
  assert.deepEqual(
    new Set(shown.appliances.map(({ installedVersion }: { installedVersion: string }) => installedVersion)),
    new Set([version]),
  )
})

test('a patch that is refused makes the demo end with status 1 and still one JSON object', async () => {
  const failed = await run(LAUNCHER, [
    'demo',
    '--once',
    '--json',
    '--data-centers',
    '1',
    '--patch',
    '/etc/hostname',
  ]).catch((error) => error)
  assert.equal(failed.code, 1)
  assert.equal(JSON.parse(failed.stdout).patch, null)
  assert.match(failed.stderr, /failed: .*patch/)
})
