/**
 * Commands that take something away ask first, against a real Service Center's API: nothing happens after a no, nor where
 * nobody can answer, and then the word to add is told. `--yes` asks nothing.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PersonView, SessionView, TokenView } from '../../controller/core/access-views.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { type Ask, asking } from '../api/api-client.ts'
import { type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { keptPasskey, person, signIn } from '../support/people-fixtures.ts'
import { publisherFixture } from '../support/publisher-fixtures.ts'
import { answering, commandNamed } from './answering-terminal.ts'

const launcher = fileURLToPath(new URL('../../patchmesh', import.meta.url))

let fleet: Fleet
let app: ServedApp
let ask: Ask
let environment: Record<string, string>
let folder: string
/** The options that say where, and who. */
let server: string[]
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  const token = await app.apiToken()
  ask = asking(app.url, token)
  server = ['--server', app.url, '--api-token', token]
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: token }
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-asking-'))
  await person(fleet.repository, 'Ana')
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

const get = async <Json>(address: string) => (await ask<Json>('GET', address)).json
const live = () => [...fleet.serviceCenter.state.patches.values()].filter(({ withdrawal }) => withdrawal === null)

type Case = {
  command: string
  /** What is there to take away, and the words after the command. */
  make(): Promise<string[]>
  question: RegExp
  isThere(words: string[]): Promise<boolean>
}

const CASES: Case[] = [
  {
    command: 'patches withdraw',
    async make() {
      await fleet.publish({ name: 'wrong', version: '1' })
      return ['wrong@1']
    },
    question: /Withdraw wrong@1, SHA-256 [0-9a-f]{12}…\? 0 appliances and the Service Center delete their copies\./,
    isThere: async () => live().some(({ publication }) => publication.name === 'wrong'),
  },
  {
    command: 'installs cancel',
    async make() {
      await fleet.publish({ name: 'slow', version: '1' })
      const { json } = await ask<InstallDetail>('POST', '/installs', { patch: 'slow@1', organizations: ['globex'] })
      return [json.id]
    },
    question: /^No appliance has it already\. .+ Cancel the install of slow@1 for globex\?/,
    isThere: async ([id]) => ['planned', 'running'].includes((await get<InstallDetail>(`/installs/${id}`)).state),
  },
  {
    command: 'appliances retire',
    make: async () => ['acme-paris-secondary'],
    question: /Retire acme-paris-secondary, the tenant secondary of acme in paris, for good\?/,
    isThere: async () =>
      [...fleet.serviceCenter.state.appliances.values()].some(({ name }) => name === 'acme-paris-secondary'),
  },
  {
    command: 'appliances revoke',
    async make() {
      const slot = { name: 'rome-1', organization: 'Org 1000', dataCenter: 'Rome', kind: 'service-provider' }
      const { json } = await ask<{ id: string }>('POST', '/enrollment-tokens', {
        ...slot,
        role: 'primary',
        group: 'pair',
      })
      return [json.id]
    },
    question: /Revoke the enrollment token for rome-1 of Org 1000\?/,
    isThere: async ([id]) => (await get<{ id: string }[]>('/enrollment-tokens')).some((token) => token.id === id),
  },
  {
    command: 'people remove',
    async make() {
      await person(fleet.repository, 'Bela', 'viewer')
      return ['bela']
    },
    question: /Remove Bela \(viewer\), with 0 sessions\?/,
    isThere: async () => (await get<PersonView[]>('/people')).some(({ name }) => name === 'Bela'),
  },
  {
    command: 'people new-link',
    async make() {
      await ask('DELETE', '/people/Cleo')
      await person(fleet.repository, 'Cleo', 'viewer')
      return ['Cleo']
    },
    question: /Make a new sign-in link for Cleo, whose password, passkeys and sessions end\?/,
    isThere: async () => (await signIn(app.url, { name: 'Cleo' })).session !== undefined,
  },
  {
    command: 'sessions end',
    async make() {
      await signIn(app.url, { name: 'Ana' })
      return [(await get<SessionView[]>('/sessions'))[0]?.id ?? '']
    },
    question: /End the session of Ana, from 127\.0\.0\.1\?/,
    isThere: async ([id]) => (await get<SessionView[]>('/sessions')).some((session) => session.id === id),
  },
  {
    command: 'passkeys remove',
    async make() {
      await keptPasskey(fleet.repository, 'ana', 'Old phone')
      return [(await get<{ id: string }[]>('/passkeys'))[0]?.id ?? '']
    },
    question: /Remove the passkey Old phone of Ana\?/,
    isThere: async ([id]) => (await get<{ id: string }[]>('/passkeys')).some((passkey) => passkey.id === id),
  },
  {
    command: 'api-tokens revoke',
    async make() {
      await ask('POST', '/api-tokens', { name: 'nightly', role: 'viewer' })
      return [(await get<TokenView[]>('/api-tokens')).find(({ name }) => name === 'nightly')?.id ?? '']
    },
    question: /Revoke the API token nightly \(viewer\) for good\?/,
    isThere: async () => (await get<TokenView[]>('/api-tokens')).some(({ name }) => name === 'nightly'),
  },
  {
    command: 'uploads discard',
    async make() {
      const { id } = (await fleet.serviceCenter.uploads.create({
        ...{ owner: 'script', filename: 'kernel.deb', bytes: 9000, lastModified: null },
      })) as { id: string }
      return [id]
    },
    question: /Discard what has arrived of kernel\.deb, 0 bytes of 9\.0 kB\?/,
    isThere: async () => fleet.serviceCenter.uploads.of('script').length > 0,
  },
  {
    command: 'publishers set',
    async make() {
      const { publisher } = publisherFixture('Acme')
      await ask('PUT', '/publishers/Acme', publisher)
      const file = path.join(folder, 'acme.json')
      await writeFile(file, JSON.stringify({ ...publisher, patches: ['acme-*'] }))
      return [file]
    },
    question: /Replace Acme, which is listed with [0-9a-f]{12}…, [0-9a-f]{12}…\?/,
    isThere: async () => (await get<{ patches: string[] }[]>('/publishers'))[0]?.patches[0] === '*',
  },
  {
    command: 'publishers remove',
    async make() {
      await ask('PUT', '/publishers/Acme', publisherFixture('Acme').publisher)
      return ['Acme']
    },
    question: /Remove Acme\? It is the last: uploads need no signature then\./,
    isThere: async () => (await get<object[]>('/publishers')).length > 0,
  },
  {
    command: 'limits set',
    async make() {
      const limits = { downBitsPerSecond: 1e6, upBitsPerSecond: null, quietHours: [], trades: true }
      await ask('PUT', '/data-centers/paris/limits', limits)
      return ['--data-center', 'paris', '--none']
    },
    question: /Lift all limits and quiet hours of the link of paris\?/,
    isThere: async () =>
      (await get<{ downBitsPerSecond: number | null }>('/data-centers/paris/limits')).downBitsPerSecond !== null,
  },
]

for (const { command, make, question, isThere } of CASES) {
  describe(`F13: patchmesh ${command}`, () => {
    let words: string[]
    /** `answer` is null where there is nobody. */
    const run = (answer: string | null, ...more: string[]) =>
      answering([answer], (terminal) => commandNamed(command).run([...words, ...server, ...more], terminal))
    before(async () => {
      words = await make()
      assert.ok(await isThere(words))
    })

    test('does nothing where nobody can answer, and says which word to add', async () => {
      const { status, stdout, stderr } = await run(null)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, question)
      assert.match(stderr, /\[y\/N\] .*: nobody answered\. Add --yes\.\n$/)
      assert.ok(await isThere(words))
    })

    test('does nothing after a no', async () => {
      const { status, stdout, stderr } = await run('no')
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, /\. Answer y, or add --yes\.\n$/)
      assert.ok(await isThere(words))
    })

    test('does it after a yes', async () => {
      const { status, stderr } = await run('y', '--json')
      assert.equal(status, 0, stderr)
      assert.ok(!(await isThere(words)))
    })

    test('asks nothing with --yes', async () => {
      if (command === 'appliances retire') words = ['acme-tokyo-secondary']
      else words = await make()
      const { status, stderr } = await run(null, '--yes')
      assert.equal(status, 0, stderr)
      assert.doesNotMatch(stderr, /\?/)
      if (command !== 'appliances retire') assert.ok(!(await isThere(words)))
    })
  })
}

test('F13: what is not there is told without a question', async () => {
  for (const words of [
    ['people', 'remove', 'Nobody'],
    ['sessions', 'end', '0f3a9c1b2d4e'],
    ['installs', 'cancel', '0'.repeat(32)],
    ['patches', 'withdraw', 'none@1'],
    ['publishers', 'remove', 'None'],
  ]) {
    const [family, verb, ...rest] = words
    const { status, stderr } = await answering(['y'], (terminal) =>
      commandNamed(`${family} ${verb}`).run([...rest, ...server], terminal),
    )
    assert.equal(status, 1)
    assert.match(stderr, /^patchmesh: [^?]*\n$/)
  }
})

test('F2: the command asks again where an appliance has come while it was asking, and then starts on all', async () => {
  await fleet.publish({ name: 'kernel', version: '6.1' })
  const words = ['installs', 'start', 'kernel@6.1', '--organization', 'acme', '--data-center', 'tokyo']
  const child = spawn(launcher, words, { env: { ...process.env, ...environment } })
  const ended = once(child, 'exit')
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const heard = async (what: RegExp) => {
    while (!what.test(told)) await once(child.stderr, 'data', { signal: AbortSignal.timeout(60_000) })
  }
  await heard(/on 1 appliance\? \[y\/N\] /)
  const slot = { organization: 'acme', dataCenter: 'tokyo', kind: 'tenant', role: 'secondary' } as const
  await fleet.enroll({ ...slot, name: 'acme-tokyo-new', group: 'other' })
  child.stdin.write('y\n')
  await heard(/what was confirmed is not so any more: .* on 2 appliances now: .*acme-tokyo-new/)
  await heard(/on 2 appliances\? \[y\/N\] /)
  assert.ok([...fleet.serviceCenter.state.installs.values()].every(({ dataCenter }) => dataCenter !== 'tokyo'))
  child.stdin.write('y\n')
  assert.deepEqual(await ended, [0, null])
  const [newest] = [...fleet.serviceCenter.state.installs.values()].reverse()
  const targets = fleet.serviceCenter.state.targets.get(newest?.id as never)
  assert.ok(targets?.has(peerOf(fleet, 'acme-tokyo-new')))
})
