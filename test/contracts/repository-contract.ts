/**
 * What every `Repository` keeps to, whatever database is behind it. `open` gives a repository over the same data each
 * time it is called with the same place, and `newPlace` one that nobody has used.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Change } from '../../controller/core/records.ts'
import type { AccessRecord, KeptAnswer, Repository } from '../../controller/shell/ports.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { peopleContract } from './people-contract.ts'
import { everyRecord, sampleInstall, samplePatch, sampleTarget, sampleToken, withdrawn } from './sample-records.ts'

export type OpenRepository = { newPlace(): string | Promise<string>; open(place: string): Promise<Repository> }

export function repositoryContract(name: string, { newPlace, open }: OpenRepository): void {
  const check = (title: string, run: (repository: Repository, reopen: () => Promise<Repository>) => Promise<void>) =>
    test(title, async () => {
      const place = await newPlace()
      const opened: Repository[] = []
      const openAgain = async () => {
        const repository = await open(place)
        opened.push(repository)
        return repository
      }
      try {
        await run(await openAgain(), openAgain)
      } finally {
        for (const repository of opened) await repository.close()
      }
    })

  describe(`the repository of ${name}`, () => {
    check('gives nothing when it is new', async (repository) => {
      assert.deepEqual(await repository.load(), [])
    })

    check('gives every record as it was committed, to this process and to another', async (repository, reopen) => {
      await repository.commit(everyRecord())
      assert.deepEqual(byTable(await repository.load()), byTable(everyRecord()))
      assert.deepEqual(byTable(await (await reopen()).load()), byTable(everyRecord()))
    })

    check('replaces the record of the same key', async (repository) => {
      const patch = samplePatch()
      const install = sampleInstall(1, patch.sha256)
      await repository.commit(everyRecord())
      const changes: Change[] = [
        { table: 'tokens', row: { ...sampleToken(1), usedBy: sampleToken(2).enrollingPeer } },
        { table: 'patches', row: withdrawn(patch) },
        { table: 'installs', row: { ...install, state: 'done', reason: 'all installed' } },
        { table: 'targets', row: { ...sampleTarget(install), state: 'queued', order: null, refusal: null } },
        { table: 'rosters', row: { dataCenter: sampleToken(1).dataCenter, version: 13 } },
      ]
      await repository.commit(changes)
      const replaced = new Map(changes.map((change) => [change.table, change]))
      const expected = everyRecord().map((change) => replaced.get(change.table) ?? change)
      assert.deepEqual(byTable(await repository.load()), byTable(expected))
    })

    check('keeps nothing of a commit of which one change fails', async (repository) => {
      const orphan = sampleTarget(sampleInstall(5, samplePatch().sha256))
      const changes: Change[] = [
        { table: 'patches', row: samplePatch() },
        { table: 'targets', row: orphan },
      ]
      await assert.rejects(repository.commit(changes))
      assert.deepEqual(await repository.load(), [])
      await repository.commit([{ table: 'patches', row: samplePatch() }])
      assert.equal((await repository.load()).length, 1, 'and the next commit works')
    })

    check(
      'keeps retired appliances, whose names others may have, and lets no two members have one name',
      async (repository) => {
        const [member] = everyRecord().flatMap((change) => (change.table === 'appliances' ? [change.row] : []))
        assert.ok(member)
        const heir = { ...member, peer: sampleToken(2).enrollingPeer, epoch: 2 }
        const retired: Change = { table: 'appliances', row: { ...member, retiredAt: 7 } }
        await repository.commit([{ table: 'appliances', row: member }])
        await assert.rejects(repository.commit([{ table: 'appliances', row: heir }]))
        await repository.commit([retired, { table: 'appliances', row: heir }])
        assert.deepEqual(byTable(await repository.load()), byTable([retired, { table: 'appliances', row: heir }]))
      },
    )

    check('forgets a maintenance window that was removed', async (repository) => {
      const [listed] = everyRecord().flatMap((change) => (change.table === 'windows' ? [change.row] : []))
      assert.ok(listed)
      await repository.commit([{ table: 'windows', row: listed }])
      await repository.commit([{ table: 'windows', row: { ...listed, window: null } }])
      const left = (await repository.load()).filter(({ table }) => table === 'windows')
      assert.deepEqual(left, [])
    })

    check('forgets a publisher that was removed', async (repository) => {
      const [listed] = everyRecord().flatMap((change) => (change.table === 'publishers' ? [change.row] : []))
      assert.ok(listed)
      await repository.commit([{ table: 'publishers', row: listed }])
      await repository.commit([{ table: 'publishers', row: { ...listed, publisher: null } }])
      assert.deepEqual(await repository.load(), [])
    })

    check('leaves the audit log out of what it loads and keeps equal entries apart', async (repository) => {
      const entry: Change = {
        table: 'audit',
        row: { at: 1, actor: 'admin', action: 'upload', subject: 'x', outcome: 'done' },
      }
      await repository.commit([entry, entry])
      assert.deepEqual(await repository.load(), [])
    })

    check('tells the newest of what was done with some things, or by somebody', async (repository) => {
      const entry = (at: number, actor: string, subject: string): Change => ({
        table: 'audit',
        row: { at, actor, action: 'rename', subject, outcome: 'done' },
      })
      await repository.commit([
        entry(1, 'admin', 'x'),
        entry(2, 'x', 'y'),
        entry(3, 'admin', 'z'),
        entry(4, 'admin', 'x'),
      ])
      const times = async (names: string[], atMost: number) =>
        (await repository.trail({ about: names, organizations: null, limit: atMost })).map(({ at }) => at)
      assert.deepEqual(await times(['x'], 10), [4, 2, 1])
      assert.deepEqual(await times(['x', 'z'], 2), [4, 3])
      assert.deepEqual(await times(['nobody'], 10), [])
    })

    check('carries out commits that are asked for at once one after the other', async (repository) => {
      const patch = samplePatch()
      await repository.commit([{ table: 'patches', row: patch }])
      const numbers = Array.from({ length: 40 }, (_, number) => number)
      await Promise.all(numbers.map((number) => repository.commit(installWithTarget(number, patch.sha256))))
      const loaded = await repository.load()
      assert.equal(loaded.filter(({ table }) => table === 'installs').length, 40)
      assert.equal(loaded.filter(({ table }) => table === 'targets').length, 40)
    })

    check('tells the tokens that another process issued, each once and in order', async (controller, reopen) => {
      const command = await reopen()
      assert.deepEqual(await controller.tokensAfter(0), { position: 0, tokens: [] })
      await command.issueToken(sampleToken(1))
      await command.issueToken(sampleToken(2))
      const first = await controller.tokensAfter(0)
      assert.deepEqual(first.tokens, [sampleToken(1), sampleToken(2)])
      assert.deepEqual(await controller.tokensAfter(first.position), { position: first.position, tokens: [] })
      await controller.commit([{ table: 'tokens', row: { ...sampleToken(1), usedBy: sampleToken(9).enrollingPeer } }])
      await command.issueToken(sampleToken(3))
      assert.deepEqual((await controller.tokensAfter(first.position)).tokens, [sampleToken(3)])
    })

    check('does not issue one token twice', async (repository) => {
      await repository.issueToken(sampleToken(1))
      await assert.rejects(repository.issueToken(sampleToken(1)))
    })

    check('remembers settings', async (repository, reopen) => {
      assert.equal(await repository.readSetting('mesh-addresses'), undefined)
      await repository.writeSetting('mesh-addresses', '[]')
      await repository.writeSetting('mesh-addresses', '["/ip4/10.0.0.1/tcp/1"]')
      assert.equal(await (await reopen()).readSetting('mesh-addresses'), '["/ip4/10.0.0.1/tcp/1"]')
    })

    check('finds access by its hash', async (repository, reopen) => {
      await repository.addAccess(access(1))
      assert.deepEqual(await (await reopen()).findAccess(access(1).secretHash), access(1))
      assert.equal(await repository.findAccess(access(2).secretHash), undefined)
    })

    check('gives access away exactly once, however many take it at once', async (repository, reopen) => {
      const other = await reopen()
      await repository.addAccess(access(1))
      const takers = [repository, other, repository, other].map((taker) => taker.takeAccess(access(1).secretHash))
      const taken = (await Promise.all(takers)).filter((record) => record !== undefined)
      assert.deepEqual(taken, [access(1)])
    })

    peopleContract(check)

    check('forgets access that had expired when other access was added', async (repository) => {
      await repository.addAccess({ ...access(1), expiresAt: 5 })
      await repository.addAccess({ ...access(2), createdAt: 6 })
      assert.equal(await repository.findAccess(access(1).secretHash), undefined)
      assert.notEqual(await repository.findAccess(access(2).secretHash), undefined)
    })

    check('keeps the answer to a request for 24 hours, for whoever asked it', async (repository, reopen) => {
      await repository.keepAnswer(answer(1))
      const { owner, key } = answer(1)
      assert.deepEqual(await (await reopen()).findAnswer({ owner, key, nowMs: DAY_MS }), answer(1))
      assert.equal(await repository.findAnswer({ owner, key, nowMs: 1 + DAY_MS }), undefined)
      const other = sha256Hex(Buffer.from('other'))
      assert.equal(await repository.findAnswer({ owner: other, key, nowMs: 1 }), undefined)
    })

    check('keeps the newest 500 answers of an owner', async (repository) => {
      for (let number = 1; number <= 502; number++) await repository.keepAnswer(answer(number))
      const { owner } = answer(1)
      const isKept = async (number: number) =>
        (await repository.findAnswer({ owner, key: `key ${number}`, nowMs: 600 })) !== undefined
      assert.deepEqual(await Promise.all([1, 2, 3, 502].map(isKept)), [false, false, true, true])
    })
  })
}

/** An install and its target, which only make sense together. */
export function installWithTarget(number: number, patch: Sha256): Change[] {
  const install = sampleInstall(number, patch)
  return [
    { table: 'installs', row: install },
    { table: 'targets', row: sampleTarget(install) },
  ]
}

const DAY_MS = 24 * 3600 * 1000

function answer(number: number): KeptAnswer {
  const owner = sha256Hex(Buffer.from('owner'))
  const fingerprint = sha256Hex(Buffer.from(String(number)))
  return { owner, key: `key ${number}`, fingerprint, status: 201, body: new Uint8Array([number % 256]), keptAt: number }
}

function access(number: number): AccessRecord {
  return {
    secretHash: sha256Hex(Buffer.from(String(number))),
    kind: 'api-token',
    name: `script ${number}`,
    role: 'viewer',
    organizations: null,
    account: null,
    usedAt: 1,
    origin: '127.0.0.1',
    createdAt: 1,
    expiresAt: 1_790_000_000_000,
  }
}

/** In which order the tables come is the repository's own business; and CBOR gives bytes back as another class. */
function byTable(changes: readonly Change[]): string[] {
  return changes.map((change) => JSON.stringify(canonical(change))).sort()
}

function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(canonical)
  const entries = Object.entries(value).map(([key, inner]) => [key, canonical(inner)] as const)
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}
