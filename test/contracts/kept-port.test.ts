/**
 * Where an appliance listens that was given no port: at the one it had, unless somebody else has it now.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keepPort, withKeptPort } from '../../agent/shell/kept-port.ts'

const ANY = ['/ip4/127.0.0.1/tcp/0']

test('the port of the last time is used again while nobody else has it, and never in place of one that was given', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'patchmesh-port-'))
  t.after(() => rm(folder, { recursive: true }))
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo

  assert.deepEqual(await withKeptPort(folder, ANY), ANY)
  await keepPort(folder, ['/ip4/127.0.0.1/tcp/4002'], '/ip4/127.0.0.1/tcp/4002')
  assert.deepEqual(await withKeptPort(folder, ANY), ANY)
  await keepPort(folder, ANY, `/ip4/127.0.0.1/tcp/${port}`)
  assert.deepEqual(await withKeptPort(folder, ANY), ANY)
  other.close()
  await once(other, 'close')
  assert.deepEqual(await withKeptPort(folder, [...ANY, '/ip4/127.0.0.1/tcp/4002']), [
    `/ip4/127.0.0.1/tcp/${port}`,
    '/ip4/127.0.0.1/tcp/4002',
  ])
})
