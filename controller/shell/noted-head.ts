/**
 * How far the trail has come, in `DIR/trail-head.json` beside the database. A database that was put back to an older one,
 * or of which the newest transactions were lost with a damaged `-wal`, is whole and cannot say so by itself: what is noted
 * here and is none of its trail says it, once, in the log and in the trail. Only news is kept here, no state: where the
 * file is missing or damaged there is nothing to compare.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../agent/shell/durable-file.ts'
import { readIfThere } from '../../agent/shell/installers/read-if-there.ts'
import type { Log } from '../../agent/shell/log.ts'
import { Sha256 } from '../../protocol/identifiers.ts'
import type { Repository } from './ports.ts'
import { trailNotes } from './trail-notes.ts'
import type { TrailWatch } from './trail-watch.ts'

const FILE = 'trail-head.json'
/** What was lost with less of it is not noticed. */
const EVERY_MS = 10_000

const Head = z.strictObject({ head: Sha256, position: z.int().min(1), at: z.int() })
type Head = z.infer<typeof Head>

export class NotedHead {
  readonly #folder: string
  readonly #repository: Repository
  readonly #trailWatch: TrailWatch
  readonly #log: Log
  #noted: Head | null = null
  #timer: NodeJS.Timeout | undefined
  #underWay: Promise<void> = Promise.resolve()

  constructor(given: { folder: string; repository: Repository; trailWatch: TrailWatch; log: Log }) {
    this.#folder = given.folder
    this.#repository = given.repository
    this.#trailWatch = given.trailWatch
    this.#log = given.log
  }

  start(): void {
    this.#underWay = this.#begin()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#underWay
    // It may have begun meanwhile.
    clearInterval(this.#timer)
  }

  async #begin(): Promise<void> {
    try {
      this.#noted = await notedHead(this.#folder)
      if (this.#noted !== null) await this.#compare(this.#noted)
      await this.#note()
    } catch (error) {
      this.#log.warn({ err: error }, `the trail could not be compared with ${join(this.#folder, FILE)}`)
    }
    this.#timer = setInterval(() => {
      this.#underWay = this.#note().catch((error: unknown) => {
        this.#log.warn({ err: error }, `the head of the trail could not be noted in ${join(this.#folder, FILE)}`)
      })
    }, EVERY_MS)
  }

  async #compare({ head, position, at }: Head): Promise<void> {
    const { chain, found, broken } = await this.#trailWatch.check(head)
    // What is broken is told by itself, with the place.
    if (found.has(head) || broken !== null) return
    const noted = `entry ${position} of ${new Date(at).toISOString()}`
    const outcome = `the database is an older one, or another: its trail has no ${noted}, which had been written, and ends with entry ${chain.position}. What came after that is not known any more`
    this.#log.error({ noted: head, head: chain.head, position: chain.position }, outcome)
    const note = { actor: 'Service Center', action: 'notice-database', subject: 'patchmesh.sqlite', outcome }
    await trailNotes(this.#repository, Date.now).write(note)
  }

  async #note(): Promise<void> {
    const [newest] = await this.#repository.trail({ organizations: null, limit: 1 })
    if (newest?.hash == null || newest.hash === this.#noted?.head) return
    const noted = { head: newest.hash, position: newest.position, at: newest.at }
    await writeDurably(this.#folder, FILE, Buffer.from(JSON.stringify(noted)))
    this.#noted = noted
  }
}

async function notedHead(folder: string): Promise<Head | null> {
  const text = await readIfThere(join(folder, FILE))
  if (text === null) return null
  try {
    return Head.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}
