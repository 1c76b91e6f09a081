import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import type { ApplianceRecord } from '../../controller/core/records.ts'
import { checkAccess } from '../../controller/shell/access.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { MESH_ADDRESSES_SETTING, PAGE_ADDRESS_SETTING, type Repository } from '../../controller/shell/ports.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { DataCenterName } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { enrollingIdentity, proofKey, readToken } from '../../protocol/token.ts'
import { everyRecord } from '../contracts/sample-records.ts'
import { patchmesh } from './run-patchmesh.ts'

const base = mkdtempSync(path.join(tmpdir(), 'patchmesh-tokens-'))
after(() => rmSync(base, { recursive: true, force: true }))
const HOUR_MS = 3_600_000

/** A data folder as a controller leaves it that has run once. */
async function dataFolder(prepare: (repository: Repository, mesh: string) => Promise<void> = async () => {}) {
  const folder = mkdtempSync(path.join(base, 'data-'))
  const authority = await loadAuthority(folder)
  const use = async <Result>(act: (repository: Repository) => Promise<Result>): Promise<Result> => {
    const repository = await openRepository({ folder, root: authority.signing.peer })
    try {
      return await act(repository)
    } finally {
      await repository.close()
    }
  }
  await use(async (repository) => {
    const address = `/ip4/10.0.0.1/tcp/4001/p2p/${authority.mesh}`
    await repository.writeSetting(MESH_ADDRESSES_SETTING, JSON.stringify([address]))
    await prepare(repository, address)
  })
  return { folder, authority, use }
}

const slotWords = (changes: Record<string, string> = {}): string[] => {
  const slot = {
    'data-center': 'Paris',
    organization: 'Provider',
    kind: 'service-provider',
    role: 'primary',
    name: 'paris-1',
    ...changes,
  }
  return Object.entries(slot).flatMap(([name, value]) => [`--${name}`, value])
}

const depotMember = (changes: Partial<ApplianceRecord>): ApplianceRecord => {
  const found = everyRecord().find((change) => change.table === 'appliances')
  if (found?.table !== 'appliances') throw new Error('the sample records have an appliance')
  return { ...found.row, dataCenter: DataCenterName.parse('Paris'), ...changes }
}

describe('enroll-token', () => {
  test('prints the token alone on a line, with all that a new appliance needs', async () => {
    const { folder, authority, use } = await dataFolder()
    const before = Date.now()
    const { status, stdout, stderr } = await patchmesh(['enroll-token', '--data', folder, ...slotWords()])
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
    assert.match(stdout, /^pm1\.[A-Za-z0-9_-]+\n$/)
    const token = readToken(stdout.trim())
    if (isRefusal(token)) assert.fail(token.message)
    assert.deepEqual(token.dial, [`/ip4/10.0.0.1/tcp/4001/p2p/${authority.mesh}`])
    assert.equal(token.root, authority.signing.peer)
    assert.equal(token.serviceCenter, authority.mesh)
    const { tokens } = await use((repository) => repository.tokensAfter(0))
    assert.equal(tokens.length, 1)
    const [kept] = tokens
    assert.equal(kept?.enrollingPeer, enrollingIdentity(token.secret).peer)
    assert.deepEqual(kept?.proofKey, new Uint8Array(proofKey(token.secret)))
    assert.equal(kept?.group, 'pair')
    assert.equal(kept?.usedBy, null)
    assert.ok(kept !== undefined && kept.expiresAt >= before + HOUR_MS && kept.expiresAt <= Date.now() + HOUR_MS)
  })

  test('prints JSON alone with --json', async () => {
    const { folder } = await dataFolder()
    const { stdout } = await patchmesh(['enroll-token', '--data', folder, ...slotWords(), '--json'])
    const { name, token, expiresAt, ...rest } = JSON.parse(stdout)
    assert.equal(name, 'paris-1')
    assert.ok(!isRefusal(readToken(token)))
    assert.ok(Date.parse(expiresAt) > Date.now())
    assert.deepEqual(rest, {})
  })

  test('names the depot of its Data Center to a tenant appliance', async () => {
    const member = depotMember({})
    const { folder } = await dataFolder((repository) => repository.commit([{ table: 'appliances', row: member }]))
    const words = slotWords({ organization: 'Acme', kind: 'tenant', name: 'acme-1' })
    const { status, stdout, stderr } = await patchmesh(['enroll-token', '--data', folder, ...words])
    assert.equal(status, 0, stderr)
    const token = readToken(stdout.trim())
    if (isRefusal(token)) assert.fail(token.message)
    assert.deepEqual(
      token.dial,
      member.addresses.map((address) => `${address}/p2p/${member.peer}`),
    )
  })

  const refused: [title: string, second: Record<string, string>, sentence: RegExp][] = [
    ['a name that is in use', { role: 'secondary' }, /that is called paris-1\. Choose another appliance name;/],
    ['a second primary of a pair', { name: 'paris-2' }, /paris-1 is the primary of Provider in Paris\. .*secondary/],
    ['a second provider', { organization: 'Other', name: 'o', role: 'secondary' }, /belong to Provider, and Other/],
    [
      'a tenant appliance where no depot is',
      { organization: 'Acme', kind: 'tenant', name: 'acme-1' },
      /Paris has no Service Provider appliance yet .*Enroll a Service Provider appliance of that Data Center first/,
    ],
  ]
  for (const [title, second, sentence] of refused) {
    test(`refuses ${title}, in one line, and stores nothing`, async () => {
      const row = depotMember({})
      const { folder, use } = await dataFolder(async (repository) => {
        if (title === 'a second provider') {
          const organization = JSON.parse('"Provider"') as ApplianceRecord['organization']
          await repository.commit([{ table: 'appliances', row: { ...row, organization } }])
        }
      })
      if (title !== 'a second provider') {
        assert.equal((await patchmesh(['enroll-token', '--data', folder, ...slotWords()])).status, 0)
      }
      const { status, stdout, stderr } = await patchmesh(['enroll-token', '--data', folder, ...slotWords(second)])
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(stderr, sentence)
      assert.match(stderr, /^patchmesh: [^\n]+\.\n$/)
      const { tokens } = await use((repository) => repository.tokensAfter(0))
      assert.equal(tokens.length, title === 'a second provider' ? 0 : 1)
    })
  }

  test('gives one of two commands at the same moment the name, and the other a refusal', async () => {
    const { folder } = await dataFolder()
    const words = ['enroll-token', '--data', folder, ...slotWords()]
    const outcomes = await Promise.all([patchmesh(words), patchmesh(words), patchmesh(words)])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [0, 1, 1])
  })

  test('says that the depot must have been connected when it has no address', async () => {
    const row = depotMember({ addresses: [] })
    const { folder } = await dataFolder((repository) => repository.commit([{ table: 'appliances', row }]))
    const words = slotWords({ organization: 'Acme', kind: 'tenant', name: 'acme-1' })
    const { status, stderr } = await patchmesh(['enroll-token', '--data', folder, ...words])
    assert.equal(status, 1)
    assert.match(
      stderr,
      /no Service Provider appliance of Paris has ever been connected, .*Service Provider appliance.*\.\n$/,
    )
  })

  test('says to start the controller first, and makes nothing, in a folder that never had one', async () => {
    const folder = path.join(base, 'mistyped')
    for (const words of [['enroll-token', ...slotWords()], ['api-token']]) {
      const { status, stderr } = await patchmesh([...words, '--data', folder])
      assert.equal(status, 1)
      assert.match(stderr, /There is no controller's data in .*mistyped: start the controller once first/)
      assert.ok(!existsSync(folder))
    }
  })

  test('says to start the controller first when it never wrote its addresses', async () => {
    const folder = mkdtempSync(path.join(base, 'data-'))
    const { signing } = await loadAuthority(folder)
    await (await openRepository({ folder, root: signing.peer })).close()
    const { status, stderr } = await patchmesh(['enroll-token', '--data', folder, ...slotWords()])
    assert.equal(status, 1)
    assert.match(stderr, /The controller has never run on this folder, .*start it once first\.\n$/)
  })

  test('refuses names that a terminal or a page would act on', async () => {
    const { folder } = await dataFolder()
    for (const name of ['a\u001b[31mb', 'a\u202eb', ' a', 'a\nb', '']) {
      const { status, stderr } = await patchmesh(['enroll-token', '--data', folder, ...slotWords({ name })])
      assert.equal(status, 2, JSON.stringify(name))
      assert.match(stderr, /^patchmesh: --name [\x20-\x7e]+\n$/)
    }
  })
})

describe('api-token', () => {
  test('A32: prints a token that works for a year and is kept only as a hash', async () => {
    const { folder, use } = await dataFolder()
    const { status, stdout, stderr } = await patchmesh(['api-token', '--data', folder])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^[A-Za-z0-9_-]{43}\n$/)
    const secret = stdout.trim()
    const check = (kind: 'api-token' | 'session', nowMs: number) =>
      use((repository) => checkAccess(repository, { kind, secret, nowMs }))
    const found = await check('api-token', Date.now() + 364 * 24 * HOUR_MS)
    if (isRefusal(found)) assert.fail(found.message)
    assert.equal(found.name, 'api token')
    assert.ok(!JSON.stringify(found).includes(secret))
    assert.ok(isRefusal(await check('api-token', Date.now() + 366 * 24 * HOUR_MS)), 'after a year it has expired')
    assert.ok(isRefusal(await check('session', Date.now())), 'it is no session')
  })

  test('prints JSON alone with --json', async () => {
    const { folder } = await dataFolder()
    const { stdout } = await patchmesh(['api-token', '--data', folder, '--name', 'nightly', '--json'])
    const { name, token, expiresAt } = JSON.parse(stdout)
    assert.equal(name, 'nightly')
    assert.match(token, /^[A-Za-z0-9_-]{43}$/)
    assert.ok(Date.parse(expiresAt) > Date.now())
  })

  test('A32: makes one with a role, limits and an end', async () => {
    const { folder, use } = await dataFolder()
    const rights = ['--role', 'uploader', '--organization', 'Acme', '--organization', 'Globex', '--expires', '7']
    const { status, stdout } = await patchmesh(['api-token', '--data', folder, ...rights])
    assert.equal(status, 0)
    const secret = stdout.trim()
    const found = await use((repository) => checkAccess(repository, { kind: 'api-token', secret }))
    if (isRefusal(found)) assert.fail(found.message)
    assert.deepEqual([found.role, found.organizations], ['uploader', ['Acme', 'Globex']])
    const nowMs = Date.now() + 7 * 24 * HOUR_MS
    assert.ok(isRefusal(await use((repository) => checkAccess(repository, { kind: 'api-token', secret, nowMs }))))
    const [entry] = await use((repository) => repository.trail({ organizations: null, limit: 1 }))
    assert.deepEqual([entry?.actor, entry?.action, entry?.outcome], ['command line', 'make API token', 'done'])
    assert.match(entry?.origin ?? '', /^command line of .+ on .+/)
  })

  test('refuses one that cannot be meant', async () => {
    const { folder } = await dataFolder()
    for (const [words, status] of [
      [['--expires', '0'], 2],
      [['--role', 'root'], 2],
      [['--organization', 'Acme'], 1],
    ] as const) {
      assert.equal((await patchmesh(['api-token', '--data', folder, ...words])).status, status, words.join(' '))
    }
  })
})

describe('sign-in-link', () => {
  test('prints a link with every right beside the data, which works once', async () => {
    const { folder, use } = await dataFolder((repository) =>
      repository.writeSetting(PAGE_ADDRESS_SETTING, 'https://patches.example.com'),
    )
    const { status, stdout, stderr } = await patchmesh(['sign-in-link', '--data', folder])
    assert.equal(status, 0, stderr)
    const [, secret = ''] = /^https:\/\/patches\.example\.com\/sign-in\?link=([\w-]{43})\n$/.exec(stdout) ?? []
    const check = () => use((repository) => checkAccess(repository, { kind: 'sign-in-link', secret }))
    const found = await check()
    if (isRefusal(found)) assert.fail(found.message)
    assert.deepEqual([found.role, found.organizations, found.account], ['owner', null, null])
    assert.ok(isRefusal(await check()))
    const { signInLink, expiresAt } = JSON.parse((await patchmesh(['sign-in-link', '--data', folder, '--json'])).stdout)
    assert.ok(signInLink.startsWith('https://patches.example.com/sign-in?link='))
    assert.ok(Date.parse(expiresAt) > Date.now())
  })

  test('says to start the controller first when it never ran there', async () => {
    const { folder } = await dataFolder()
    const { status, stderr } = await patchmesh(['sign-in-link', '--data', folder])
    assert.equal(status, 1)
    assert.match(stderr, /start it once first\.\n$/)
  })
})
