/**
 * The repository over PostgreSQL: what every repository keeps to, and what only a database that others share, and that can be away,
 * can get wrong.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { openLog } from '../../agent/shell/log.ts'
import { checkTrail } from '../../controller/shell/check-trail.ts'
import { NotLeading } from '../../controller/shell/database/postgresql/fenced-dialect.ts'
import type { Leadership } from '../../controller/shell/database/postgresql/leadership.ts'
import { PostgresDatabase } from '../../controller/shell/database/postgresql/postgres-database.ts'
import { openRepository, type SqlRepository } from '../../controller/shell/repository.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { Postgres } from '../support/postgres.ts'
import { repositoryContract } from './repository-contract.ts'
import { signing } from './sample-records.ts'

const log = openLog('controller', 'silent')
let postgres: Postgres
before(async () => {
  postgres = await Postgres.start()
})
after(() => postgres.stop())

const openOver = (database: PostgresDatabase): Promise<SqlRepository> =>
  openRepository({ folder: '', root: signing.peer, postgres: database })

async function open(url: string): Promise<SqlRepository> {
  return openOver(await PostgresDatabase.open(url))
}

repositoryContract('PostgreSQL', { newPlace: () => postgres.newDatabase(), open })

type Node = { repository: SqlRepository; lead: Leadership; lost: string[] }

async function leading(url: string, node: string, waits: (reason: string) => void = () => {}): Promise<Node> {
  const database = await PostgresDatabase.open(url)
  const lost: string[] = []
  const lead = await database.lead({ node, log, waits, lost: (reason) => lost.push(reason) })
  return { repository: await openOver(database), lead, lost }
}

function entry(subject: string) {
  return { table: 'audit', row: { at: 1, actor: 'Ana', action: 'a', subject, outcome: 'done' } } as const
}

async function subjects(repository: SqlRepository): Promise<string[]> {
  return (await repository.trailAfter(null, 100)).map(({ subject }) => subject)
}

const databaseOf = (url: string): string => url.split('/').at(-1) ?? ''

describe('the trail in PostgreSQL', () => {
  const STATEMENTS = [
    ["update audit set subject = 'nothing'", /never changed/],
    ['delete from audit', /never removed/],
    ['truncate audit', /never removed/],
    ['insert into audit select 7, at, actor, action, subject, outcome from audit limit 1', /right after the newest/],
  ] as const
  for (const [statement, why] of STATEMENTS)
    test(`refuses: ${statement}`, async () => {
      const url = await postgres.newDatabase()
      const repository = await open(url)
      await repository.commit([entry('one'), entry('two')])
      await repository.close()
      await assert.rejects(postgres.ask(statement, databaseOf(url)), why)
    })
})

test('the trail is whole though somebody has written what PostgreSQL cannot hold', async () => {
  const repository = await open(await postgres.newDatabase())
  await repository.commit([entry('of no bits: \0'), entry('after it')])
  const { chain, broken } = await checkTrail({ repository, nowMs: 1 })
  assert.deepEqual([chain.entries, broken], [2, null])
  await repository.close()
})

describe('who leads', DEADLINE, () => {
  test('is one node; another stands by, says for whom, and leads when the first has given it back', async () => {
    const url = await postgres.newDatabase()
    const first = await leading(url, 'north')
    const said: string[] = []
    const second = leading(url, 'south', (reason) => said.push(reason))
    await eventually('the second says that it waits', () => said.length > 0)
    assert.deepEqual(said, ['stands by: north leads'])
    await first.repository.commit([entry('of the first')])
    await first.lead.release()
    const { repository, lead } = await second
    assert.equal(lead.epoch, first.lead.epoch + 1)
    await repository.commit([entry('of the second')])
    assert.deepEqual(await subjects(repository), ['of the first', 'of the second'])
    await lead.release()
    await Promise.all([first.repository.close(), repository.close()])
  })

  test('writes nothing any more once another leads, even where it has not noticed', async () => {
    const url = await postgres.newDatabase()
    const first = await leading(url, 'north')
    // As after a pause of the process: its lease has run out, and it knows nothing of that yet.
    await postgres.ask(`update lease set "expiresAt" = clock_timestamp() - interval '1 second'`, databaseOf(url))
    const second = await leading(url, 'south')
    const writes: Record<string, () => Promise<unknown>> = {
      'a commit': () => first.repository.commit([entry('late')]),
      'a setting': () => first.repository.writeSetting('a', 'late'),
      'a sign-in link that is used': () => first.repository.takeAccess(signing.peer as never),
      'an account': () => first.repository.people.alterAccount('ana', () => null),
    }
    for (const [what, write] of Object.entries(writes)) await assert.rejects(write(), NotLeading, what)
    assert.deepEqual(await subjects(second.repository), [])
    await eventually('the first notices', () => first.lost.length > 0)
    assert.deepEqual(first.lost, ['another node has taken the lead'])
    assert.equal(first.lead.holds, false)
    await second.lead.release()
    await Promise.all([first.repository.close(), second.repository.close()])
  })

  test('is known to the commands beside it, which write in turn with it', async () => {
    const url = await postgres.newDatabase()
    const { repository, lead } = await leading(url, 'north')
    const guest = await open(url)
    const both = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? repository : guest).commit([entry(`${at}`)]))
    await Promise.all(both)
    assert.deepEqual((await subjects(repository)).sort(), Array.from({ length: 20 }, (_, at) => `${at}`).sort())
    await lead.release()
    await Promise.all([repository.close(), guest.close()])
  })
})

describe('a database that goes away in the middle', DEADLINE, () => {
  test('of a transaction that was not committed: it is done again, once', async () => {
    const url = await postgres.newDatabase()
    const { repository, lead } = await leading(url, 'north')
    await repository.commit([entry('before')])
    const own = databaseOf(url)
    const found = async (where: string): Promise<string | false> => {
      const pids = await postgres.ask(`select pid from pg_stat_activity where datname = '${own}' and ${where}`)
      return pids !== '' && pids
    }
    const session = postgres.session('begin; select * from leadership for update; select pg_sleep(3600)', own)
    const holder = await eventually('the row is held', () =>
      found(`query like '%sleep(3600)' and wait_event = 'PgSleep'`),
    )
    const committed = repository.commit([entry('meanwhile')])
    const writer = await eventually('the commit waits', () => found(`wait_event_type = 'Lock'`))
    for (const pid of [writer, holder]) await postgres.ask(`select pg_terminate_backend(${pid})`)
    session.kill()
    await committed
    assert.deepEqual(await subjects(repository), ['before', 'meanwhile'])
    await lead.release()
    await repository.close()
  })

  test('of the answer to its commit: what was committed is not done twice', async () => {
    const url = await postgres.newDatabase()
    const way = await Way.to(postgres.port)
    const { repository, lead } = await leading(postgres.url(databaseOf(url), way.port), 'north')
    await repository.commit([entry('before')])
    way.losesNextAnswerTo('commit')
    await repository.commit([entry('meanwhile')])
    assert.equal(way.lost, 1)
    assert.deepEqual(await subjects(repository), ['before', 'meanwhile'])
    await lead.release()
    await repository.close()
    way.close()
  })

  test('of the answer to a commit beside which there are others: none is done twice', async () => {
    const url = await postgres.newDatabase()
    const way = await Way.to(postgres.port)
    const { repository, lead } = await leading(postgres.url(databaseOf(url), way.port), 'north')
    way.losesNextAnswerTo('commit')
    await Promise.all(['one', 'two', 'three'].map((subject) => repository.commit([entry(subject)])))
    assert.equal(way.lost, 1)
    assert.deepEqual((await subjects(repository)).sort(), ['one', 'three', 'two'])
    await lead.release()
    await repository.close()
    way.close()
  })

  test('of a commit that arrives only after it was given up: it is not done twice', async () => {
    const url = await postgres.newDatabase()
    const own = databaseOf(url)
    const way = await Way.to(postgres.port)
    const { repository, lead } = await leading(postgres.url(own, way.port), 'north')
    way.holdsNext('commit')
    const committed = repository.commit([entry('late')])
    await eventually('the next attempt waits for the first', () => waiting(own))
    way.goesOn()
    await committed
    assert.deepEqual(await subjects(repository), ['late'])
    await lead.release()
    await repository.close()
    way.close()
  })

  test('of a commit that never arrives, as of a machine that died: the database takes it back, and it is done', async () => {
    const url = await postgres.newDatabase()
    const way = await Way.to(postgres.port)
    const { repository, lead } = await leading(postgres.url(databaseOf(url), way.port), 'north')
    way.holdsNext('commit')
    await repository.commit([entry('again')])
    assert.deepEqual(await subjects(repository), ['again'])
    await lead.release()
    await repository.close()
    way.close()
  })
})

describe('says what to do', () => {
  test('when something else is in the database, and touches nothing', async () => {
    const url = await postgres.newDatabase()
    await postgres.ask('create table invoices (id integer)', databaseOf(url))
    await assert.rejects(PostgresDatabase.open(url), /has tables of something else, and none of them was touched/)
    assert.equal(await postgres.ask(`select count(*) from pg_tables where schemaname = 'public'`, databaseOf(url)), '1')
  })

  test('when the keys beside it are others', async () => {
    const url = await postgres.newDatabase()
    await (await open(url)).close()
    const database = await PostgresDatabase.open(url)
    const other = openRepository({ folder: '', root: '12D3KooWother' as never, postgres: database })
    await assert.rejects(other, /belongs to the signing key 12D3.*Restore the folder "keys" and the database/)
    // Whoever has opened it closes it, too.
    await database.close()
  })

  test('when there is no such database, or nothing answers', async () => {
    await assert.rejects(
      PostgresDatabase.open(postgres.url('nowhere')),
      /nowhere fails: there is no such database\. Make it: createdb/,
    )
    await assert.rejects(
      PostgresDatabase.open(postgres.url('a', 1)),
      /127\.0\.0\.1:1\/a fails: it cannot be reached \(ECONNREFUSED\)/,
    )
  })

  test('when it can only be read', async () => {
    const url = await postgres.newDatabase()
    await (await open(url)).close()
    await postgres.ask(`alter database ${databaseOf(url)} set default_transaction_read_only = on`)
    await assert.rejects(open(url), /it can only be read: it is a standby, or is set so/)
  })
})

/** Whether somebody waits for a row that another transaction has. */
async function waiting(database: string): Promise<boolean> {
  const where = `datname = '${database}' and wait_event_type = 'Lock'`
  return (await postgres.ask(`select count(*) from pg_stat_activity where ${where}`)) !== '0'
}

/**
 * A way to the database that can lose an answer: what was asked gets there, and both ends are cut. Or it keeps what was asked to itself, and
 * only the near end is cut.
 */
class Way {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #word: string | null = null
  #holds = false
  #held: (() => void) | null = null
  lost = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async to(port: number): Promise<Way> {
    const server = createServer()
    const way = new Way(server)
    server.on('connection', (near) => way.#carry(near, connect(port, '127.0.0.1')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return way
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  losesNextAnswerTo(word: string): void {
    this.#word = word
  }

  holdsNext(word: string): void {
    this.#word = word
    this.#holds = true
  }

  /** What was held gets there after all. */
  goesOn(): void {
    this.#held?.()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #carry(near: Socket, far: Socket): void {
    let isLost = false
    let isHeld = false
    const cut = (): void => {
      near.destroy()
      far.destroy()
    }
    far.on('error', cut).on('close', cut)
    near.on('error', cut).on('close', () => isHeld || cut())
    for (const socket of [near, far]) this.#sockets.add(socket)
    near.on('data', (bytes) => {
      if (this.#word !== null && bytes.toString('latin1').includes(`${this.#word}\0`)) {
        this.#word = null
        isHeld = this.#holds
        isLost = !isHeld
      }
      if (!isHeld) far.write(bytes)
      else {
        this.#held = () => far.write(bytes)
        near.destroy()
      }
    })
    far.on('data', (bytes) => {
      if (!isLost) near.write(bytes)
      else {
        this.lost += 1
        cut()
      }
    })
  }
}
