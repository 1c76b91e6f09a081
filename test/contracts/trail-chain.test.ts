/**
 * The trail cannot be rewritten without being noticed: the database refuses it, and where somebody gets around that with
 * the file in their hands, the hashes tell which entry does not follow.
 */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import type { Change } from '../../controller/core/records.ts'
import { CHAIN_BEGIN, linkHash } from '../../controller/core/trail-chain.ts'
import { checkTrail, type TrailCheck } from '../../controller/shell/check-trail.ts'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { TrailWatch } from '../../controller/shell/trail-watch.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { openOldDatabase } from '../support/old-database.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { signing } from './sample-records.ts'

const base = mkdtempSync(path.join(tmpdir(), 'patchmesh-trail-'))
after(() => rmSync(base, { recursive: true, force: true }))
const newFolder = () => mkdtempSync(path.join(base, 'data-'))
const open = (folder: string) => openRepository({ folder, root: signing.peer })

const entry = (at: number, subject = `patch ${at}`): Change => ({
  table: 'audit',
  row: { at, actor: 'Ana', action: 'install', subject, outcome: 'done', origin: 'here' },
})
const entries = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index))

/** A trail of ten entries whose Service Center does not run; and its head. */
async function tenEntries(): Promise<{ folder: string; head: Sha256 }> {
  const folder = newFolder()
  const repository = await open(folder)
  for (const change of entries(1, 10)) await repository.commit([change])
  await repository.close()
  return { folder, head: (await check(folder)).chain.head }
}

async function check(folder: string, noted: Sha256 | null = null): Promise<TrailCheck> {
  const repository = await open(folder)
  try {
    return await checkTrail({ repository, nowMs: 0, noted: new Set(noted === null ? [] : [noted]) })
  } finally {
    await repository.close()
  }
}

describe('the database', () => {
  const refused: [sql: string, sentence: RegExp][] = [
    ["update audit set outcome = 'nothing happened' where position = 5", /an entry is never changed/],
    ['update or replace audit set position = 3 where position = 4', /an entry is never changed/],
    ['delete from audit', /an entry is never removed/],
    ['delete from audit where position = 10', /an entry is never removed/],
    [
      "insert or replace into audit (position, at, actor, action, subject, outcome) values (5, 5, 'a', 'b', 'c', 'd')",
      /an entry comes right after the newest/,
    ],
    ...['0', 'null', '12', "'later'"].map((position): [string, RegExp] => [
      `insert into audit (position, at, actor, action, subject, outcome) values (${position}, 0, 'a', 'b', 'c', 'd')`,
      /an entry comes right after the newest/,
    ]),
    [
      "insert into audit (position, at, actor, action, subject, outcome) values (5, 5, 'a', 'b', 'c', 'd') on conflict do update set actor = 'x'",
      /an entry comes right after the newest/,
    ],
  ]
  for (const [statement, sentence] of refused) {
    test(`refuses: ${statement}`, async () => {
      const { folder, head } = await tenEntries()
      const raw = new DatabaseSync(databaseFile(folder))
      assert.throws(() => raw.exec(statement), sentence)
      raw.close()
      assert.deepEqual((await check(folder)).chain, { entries: 10, position: 10, head, at: 10 })
    })
  }
})

describe('the chain', () => {
  test('is the SHA-256 of the hash before and of the fields, each with its length, as anybody can work out', async () => {
    const folder = newFolder()
    const repository = await open(folder)
    await repository.commit([entry(1, 'Zürich')])
    await repository.commit([entry(2)])
    const [newest, oldest] = await repository.trail({ organizations: null, limit: 2 })
    await repository.close()
    const first = sha256Hex(Buffer.from(`64:${CHAIN_BEGIN},1:1,1:1,3:Ana,7:install,7:Zürich,4:done,0:,4:here,`))
    assert.equal(oldest?.hash, first)
    assert.equal(
      newest?.hash,
      sha256Hex(Buffer.from(`64:${first},1:2,1:2,3:Ana,7:install,7:patch 2,4:done,0:,4:here,`)),
    )
  })

  test('goes on over restarts, over several entries of one commit, and over processes that take turns', async () => {
    const folder = newFolder()
    for (const from of [1, 11]) {
      const [one, other] = [await open(folder), await open(folder)]
      await one.commit(entries(from, from + 5))
      for (const change of entries(from + 6, from + 9)) {
        await one.commit([change])
        await other.commit([change])
      }
      await one.close()
      await other.close()
    }
    const { chain, broken } = await check(folder)
    assert.deepEqual([chain.entries, chain.position, broken], [28, 28, null])
  })

  test('is as long as it is, and an empty one is intact', async () => {
    const folder = newFolder()
    assert.deepEqual((await check(folder)).chain, { entries: 0, position: 0, head: CHAIN_BEGIN, at: 0 })
    const repository = await open(folder)
    await repository.commit(entries(1, 1500))
    await repository.close()
    const { chain, broken } = await check(folder)
    assert.deepEqual([chain.entries, broken], [1500, null])
  })

  test('holds for every text, also one that no database keeps as it is', async () => {
    const folder = newFolder()
    const repository = await open(folder)
    for (const subject of ['', 'half of a pair: \ud83d', 'a\u0000b', '\ufeff', '5:x,', 'e\u0301', '\r\n']) {
      await repository.commit([entry(1, subject)])
    }
    await repository.close()
    const { chain, broken } = await check(folder)
    assert.deepEqual([chain.entries, broken], [7, null])
  })

  test('tells fields apart that would read alike', () => {
    const link = {
      position: 1,
      at: 1,
      actor: 'a',
      action: 'bc',
      subject: '',
      outcome: '',
      organization: null,
      origin: '',
    }
    assert.notEqual(linkHash(CHAIN_BEGIN, link), linkHash(CHAIN_BEGIN, { ...link, actor: 'ab', action: 'c' }))
  })

  for (const last of ['0002-limits', '0006-by-whom']) {
    test(`takes in what a release wrote that knew no hashes (${last}), and guards it from then on`, async () => {
      const folder = newFolder()
      const old = await openOldDatabase(folder, last)
      const insert = old.prepare(
        "insert into audit (position, at, actor, action, subject, outcome) values (?, ?, 'Ana', 'upload', 'x', 'done')",
      )
      for (let position = 1; position <= 2100; position++) insert.run(position, position)
      old.close()
      const repository = await open(folder)
      await repository.commit([entry(9000)])
      await repository.close()
      const { chain, broken } = await check(folder)
      assert.deepEqual([chain.entries, chain.at, broken], [2101, 9000, null])
      const raw = new DatabaseSync(databaseFile(folder))
      assert.throws(() => raw.exec('delete from audit where position = 1'), /append-only/)
      raw.close()
    })
  }
})

/** The hash that belongs to an entry, for whoever knows how it is made. */
function hashAt(folder: string, position: number, changes: object): string {
  const raw = new DatabaseSync(databaseFile(folder))
  const [before, row] = raw
    .prepare('select * from audit where position in (?, ?) order by position')
    .all(position - 1, position)
  raw.close()
  return linkHash(before?.['hash'] as Sha256, { ...row, ...changes } as unknown as Parameters<typeof linkHash>[1])
}

const COLUMNS = 'at, actor, action, subject, outcome, organization, origin, hash'

describe('with the file in their hands, nobody', () => {
  const ways: [what: string, sql: string[], brokenAt: number, reason: RegExp][] = [
    ...['actor', 'action', 'subject', 'outcome', 'organization', 'origin'].map(
      (field): [string, string[], number, RegExp] => [
        `changes the ${field} of an entry`,
        [`update audit set ${field} = 'somebody else' where position = 5`],
        5,
        /^entry 5 does not follow entry 4: it, or what was written before it, has been changed$/,
      ],
    ),
    ['changes when it was', ['update audit set at = 1 where position = 5'], 5, /entry 5 does not follow entry 4/],
    [
      'changes the first',
      ["update audit set actor = 'x' where position = 1"],
      1,
      /entry 1 does not follow the beginning/,
    ],
    [
      'removes one from the middle',
      ['delete from audit where position = 5'],
      6,
      /^entry 6 does not follow entry 4: what was between them is missing$/,
    ],
    ['removes the first', ['delete from audit where position = 1'], 2, /follow the beginning: what was between them/],
    [
      'removes one and closes the gap',
      ['delete from audit where position = 5', 'update audit set position = position - 1 where position > 5'],
      5,
      /entry 5 does not follow entry 4/,
    ],
    [
      'swaps two',
      [
        'update audit set position = -1 where position = 4',
        'update audit set position = 4 where position = 7',
        'update audit set position = 7 where position = -1',
      ],
      4,
      /entry 4 does not follow entry 3/,
    ],
    [
      'swaps what two say and leaves the hashes where they were',
      [
        "update audit set subject = 'patch 7', at = 7 where position = 4",
        "update audit set subject = 'patch 4', at = 4 where position = 7",
      ],
      4,
      /entry 4 does not follow entry 3/,
    ],
    [
      'puts one in between',
      [`insert into audit (position, ${COLUMNS}) select 4.5, ${COLUMNS} from audit where position = 4`],
      4.5,
      /entry 4\.5 does not follow entry 4/,
    ],
    [
      'puts one in front',
      [`insert into audit (position, ${COLUMNS}) select 0, ${COLUMNS} from audit where position = 1`],
      0,
      /entry 0 does not follow the beginning/,
    ],
    [
      'appends one by hand',
      ["insert into audit (position, at, actor, action, subject, outcome) values (11, 11, 'Ana', 'b', 'c', 'd')"],
      11,
      /entry 11 does not follow entry 10/,
    ],
  ]
  for (const [what, statements, brokenAt, reason] of ways) {
    test(`${what} without the check naming the first entry that does not follow`, async () => {
      const { folder } = await tenEntries()
      tamperTrail(folder, ...statements)
      const { chain, broken } = await check(folder)
      assert.equal(broken?.position, brokenAt)
      assert.match(broken?.reason ?? '', reason)
      assert.ok(chain.entries < brokenAt || brokenAt === 0)
    })
  }

  test('changes an entry together with its hash: then the next one does not follow', async () => {
    const { folder } = await tenEntries()
    const hash = hashAt(folder, 5, { actor: 'Bela' })
    tamperTrail(folder, `update audit set actor = 'Bela', hash = '${hash}' where position = 5`)
    assert.equal((await check(folder)).broken?.position, 6)
  })

  test('writes a number that nobody can read without being told so', async () => {
    const { folder } = await tenEntries()
    tamperTrail(folder, 'update audit set at = 9223372036854775807 where position = 5')
    await assert.rejects(
      check(folder),
      /^Error: The database \S+ fails: somebody else has changed it\. Stop the controller, keep the file/,
    )
  })

  test('cuts off the end without a head that was noted earlier being missed', async () => {
    const { folder, head } = await tenEntries()
    assert.equal((await check(folder, head)).found.get(head), 10)
    tamperTrail(folder, 'delete from audit where position > 7')
    const { broken, found } = await check(folder, head)
    assert.deepEqual([broken, found], [null, new Map()], 'what is left is a chain; the head is not in it')
    const repository = await open(folder)
    await repository.commit(entries(18, 22))
    await repository.close()
    assert.deepEqual((await check(folder, head)).found, new Map(), 'also when it has grown again')
  })

  test('writes all of it anew without a head that was noted earlier being missed', async () => {
    const { folder, head } = await tenEntries()
    tamperTrail(folder, 'delete from audit')
    const repository = await open(folder)
    await repository.commit([entry(1, 'something else'), ...entries(2, 10)])
    await repository.close()
    const { broken, found } = await check(folder, head)
    assert.deepEqual([broken, found], [null, new Map()])
  })
})

describe('a controller that runs', () => {
  async function watching() {
    const { folder, head } = await tenEntries()
    const repository = await open(folder)
    const lines: string[] = []
    const logged = new EventEmitter()
    const write = (fields: Record<string, unknown>, line: string) => {
      lines.push(`${line} ${JSON.stringify(fields)}`)
      logged.emit('line')
    }
    const watch = new TrailWatch({ repository, clock: () => 0, log: { info: write, error: write } })
    return { folder, head, repository, watch, lines, nextLine: () => once(logged, 'line') }
  }

  test('notices by itself that the end was cut off, or written anew, since it looked before', async () => {
    const { folder, repository, watch, lines } = await watching()
    assert.equal((await watch.check()).broken, null)
    tamperTrail(folder, 'delete from audit where position > 7')
    const cut = await watch.check()
    assert.deepEqual(cut.broken, {
      position: 8,
      reason: 'entry 8 was there when the trail was checked before, and is missing',
    })
    await watch.look()
    assert.equal(lines.length, 2, 'it says so each hour')
    for (const line of lines) assert.match(line, /^the trail is broken .*"position":8/)
    await repository.commit(entries(20, 23))
    assert.deepEqual((await watch.check()).broken, {
      position: 10,
      reason: 'entry 10 is another than when the trail was checked before',
    })
    await repository.close()
  })

  test('writes the head into its log when it starts, and each hour when there is a new one', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const { head, repository, watch, lines, nextLine } = await watching()
    const [first] = [nextLine(), watch.start()]
    await first
    assert.deepEqual(lines, [`the trail is intact {"entries":10,"head":"${head}"}`])
    await watch.look()
    assert.equal(lines.length, 1, 'nothing new was written')
    await repository.commit(entries(11, 11))
    const second = nextLine()
    context.mock.timers.tick(3_600_000)
    await second
    assert.match(lines[1] ?? '', /^the trail is intact {"entries":11/)
    await watch.stop()
    await repository.close()
  })

  test('reads the trail once for all who ask at the same time, whichever heads they have noted, and never twice at once', async () => {
    const { head, repository, watch } = await watching()
    let [reads, atOnce, mostAtOnce] = [0, 0, 0]
    const later: Promise<TrailCheck>[] = []
    const { trailAfter } = repository
    repository.trailAfter = async (...asked) => {
      reads += 1
      mostAtOnce = Math.max(mostAtOnce, ++atOnce)
      const read = await trailAfter.apply(repository, asked)
      atOnce -= 1
      // Whoever comes now is answered by the next check.
      if (reads === 1) later.push(watch.check(head), watch.check(others[0]))
      return read
    }
    const others = Array.from({ length: 50 }, (_, index) => sha256Hex(Buffer.from([index])))
    const checks = await Promise.all([...others, head].map((noted) => watch.check(noted)))
    assert.equal(new Set(await Promise.all(later)).size, 1)
    assert.deepEqual([new Set(checks).size, reads, mostAtOnce], [1, 2, 1])
    assert.deepEqual(checks[0]?.found, new Map([[head, 10]]))
    await repository.close()
  })
})
