/**
 * A PostgreSQL of a test's own: Debian's, on a port of loopback, with its files in a temporary folder. It forgets its durability, which no test
 * here is about, and is gone with the test.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { freePort } from './forgetful-nat.ts'
import { provide } from './machine.ts'

const run = promisify(execFile)
const INSTALLED = '/usr/lib/postgresql'
const USER = 'postgres'
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'unix_socket_directories=', 'listen_addresses=127.0.0.1']

export class Postgres {
  readonly port: number
  readonly #programs: string
  readonly #folder: string
  readonly #owner: { uid: number; gid: number }
  #server: ChildProcess | null = null
  #databases = 0

  private constructor(given: { port: number; programs: string; folder: string; owner: { uid: number; gid: number } }) {
    this.port = given.port
    this.#programs = given.programs
    this.#folder = given.folder
    this.#owner = given.owner
  }

  static async start(): Promise<Postgres> {
    await provide('pg_lsclusters')
    const [version = ''] = (await readdir(INSTALLED)).sort().reverse()
    const owner = await ownerOf()
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-postgres-'))
    await chown(folder, owner.uid, owner.gid)
    const postgres = new Postgres({ port: await freePort(), programs: join(INSTALLED, version, 'bin'), folder, owner })
    await run(
      join(postgres.#programs, 'initdb'),
      ['--pgdata', folder, '--auth=trust', '--encoding=UTF8', '--no-sync'],
      {
        ...owner,
        cwd: folder,
      },
    )
    await postgres.goOn()
    return postgres
  }

  /** A new database, as a URL. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`
    await this.ask(`create database ${name}`)
    return this.url(name)
  }

  url(database: string, port = this.port): string {
    return `postgresql://${USER}@127.0.0.1:${port}/${database}`
  }

  /** What psql prints of it. */
  async ask(sql: string, database = 'postgres'): Promise<string> {
    const words = [
      '--no-psqlrc',
      '--tuples-only',
      '--no-align',
      '--set=ON_ERROR_STOP=1',
      '--command',
      sql,
      this.url(database),
    ]
    return (await run(join(this.#programs, 'psql'), words, { cwd: this.#folder })).stdout.trim()
  }

  /** A session of somebody else, which stays until it is killed. */
  session(sql: string, database: string): ChildProcess {
    return spawn(join(this.#programs, 'psql'), ['--no-psqlrc', '--command', sql, this.url(database)], {
      stdio: 'ignore',
      cwd: this.#folder,
    })
  }

  /** As after a crash: nobody is told anything. */
  async kill(): Promise<void> {
    const server = this.#server
    if (server === null) return
    const ended = once(server, 'exit')
    // The postmaster's children end with it only where it may tell them.
    server.kill('SIGQUIT')
    await ended
    this.#server = null
  }

  async goOn(): Promise<void> {
    const settings = [...SETTINGS, `port=${this.port}`].flatMap((one) => ['-c', one])
    this.#server = spawn(join(this.#programs, 'postgres'), ['-D', this.#folder, ...settings], {
      ...this.#owner,
      cwd: this.#folder,
      stdio: 'ignore',
    })
    await eventually('PostgreSQL answers', () => this.ask('select 1'))
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true })
  }
}

async function ownerOf(): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((one) => one.startsWith(`${USER}:`)) ?? ''
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}
