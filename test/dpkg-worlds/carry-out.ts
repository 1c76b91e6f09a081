/**
 * Gives the agent one order and sees it to its end: kills whom the plan says when it says so, starts the agent again,
 * lets scripts go on, lets go of locks. It looks at what happens and never at what the agent thinks.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Publication, Report } from '../../protocol/trust/statements.ts'
import type { ProgramInput } from './agent/agent-lines.ts'
import type { AgentProcess } from './agent/agent-process.ts'
import { LockHolder } from './disturb.ts'
import type { Kill } from './drawn/draw-kills.ts'
import type { Install } from './drawn/world-plan.ts'
import type { Complaint } from './judge/verdict.ts'
import { allProcesses, changingDpkgs, isDaemon, isLiving, killNow } from './processes.ts'
import type { WorldRoot } from './world-root.ts'

const LOOK_EVERY_MS = 8
/** How long a script whose dpkg was killed stays, for whoever would start another beside it. */
const SCRIPT_STAYS_MS = 300
/** How long it stays in a world that is about this: long enough for a busy machine, and no agent waits for so short. */
const FOUND_AT_MOST_MS = 5_000
const LOCK_AT_MOST_MS = 2_500
const FINAL = ['installed', 'failed', 'reverted', 'refused']

export type Carried = { readonly report: Report | null; readonly complaints: Complaint[] }

type Parties = {
  readonly root: WorldRoot
  readonly agent: AgentProcess
  /** The folder of the agent in which tasks have their scratch folders. */
  readonly scratch: string
  readonly tell: (line: string) => void
  readonly endsWithinMs: number
}

export async function carryOut(install: Install, publication: Publication, parties: Parties): Promise<Carried> {
  const course = new Course(install, publication, parties)
  try {
    return await course.run()
  } finally {
    await course.cleanUp()
  }
}

class Course {
  readonly #install: Install
  readonly #publication: Publication
  readonly #parties: Parties
  readonly #pending: Kill[]
  readonly #complaints: Complaint[] = []
  readonly #begunMs = performance.now()
  readonly #reportsBefore: number
  #holder: LockHolder | null = null
  #heldSinceMs = 0
  readonly #killed = new Set<number>()
  /** Scripts that wait and shall go on: at a time, or once the agent is there again. */
  #waiting: { run: string; pid: number; atMs: number; afterRestart: boolean; isOrphan: boolean }[] = []

  constructor(install: Install, publication: Publication, parties: Parties) {
    this.#install = install
    this.#publication = publication
    this.#parties = parties
    this.#pending = [...install.kills]
    this.#reportsBefore = parties.agent.reports.length
  }

  async run(): Promise<Carried> {
    const { root, agent } = this.#parties
    const { failures, kills, lock } = this.#install
    for (const mark of failures) await root.mark(mark)
    for (const { moment } of kills) if (moment.at === 'script') await root.mark(`stop-${moment.run}`)
    if (lock?.from === 'order') await this.#takeLock()
    if (!agent.isRunning) await agent.start(this.#orders())
    else for (const order of this.#orders()) agent.tell(order)
    agent.order(this.#publication)
    for (;;) {
      const report = this.#final()
      if (report !== null) return { report, complaints: this.#complaints }
      if (agent.broken !== null) return this.#end('agent-broken', agent.broken)
      const { endsWithinMs } = this.#parties
      if (performance.now() - this.#begunMs > endsWithinMs) {
        return this.#end('no-end', `no end within ${endsWithinMs / 1000} s, after: ${this.#said().join(' / ')}`)
      }
      await this.#look()
      await pause(LOOK_EVERY_MS)
    }
  }

  #end(finding: 'agent-broken' | 'no-end', sentence: string): Carried {
    return { report: null, complaints: [...this.#complaints, { finding, sentence }] }
  }

  #final(): Report | null {
    const reports = this.#parties.agent.reports.slice(this.#reportsBefore)
    return reports.find(({ state, patch }) => FINAL.includes(state) && patch === this.#publication.sha256) ?? null
  }

  #said(): string[] {
    return this.#parties.agent.reports.slice(this.#reportsBefore).map(({ state, reason }) => `${state}: ${reason}`)
  }

  /** What the agent is told before it does anything: the effect to die at, and where to stand for the lock. */
  #orders(): ProgramInput[] {
    const next = this.#pending.find(({ moment }) => moment.at === 'effect')
    const orders: ProgramInput[] = []
    if (next?.moment.at === 'effect') {
      const { effect, when } = next.moment
      orders.push({ tells: 'die', at: { effect, when } })
    }
    if (this.#install.lock?.from === 'way-back' && this.#holder === null) {
      orders.push({ tells: 'stand', at: 'run-step revert' })
    }
    return orders
  }

  async #look(): Promise<void> {
    const { agent, tell } = this.#parties
    if (!agent.isRunning && agent.broken === null) await this.#restart()
    if (agent.standing !== null) {
      await this.#takeLock()
      agent.goOn()
    }
    await this.#tendLock()
    this.#endDaemons()
    for (const kill of this.#pending) {
      const pid = this.#comes(kill)
      if (pid === null) continue
      this.#pending.splice(this.#pending.indexOf(kill), 1)
      tell(`the moment has come: ${JSON.stringify(kill.moment)}; dies: ${kill.victims.join(', ') || 'nobody'}`)
      await this.#kill(kill, pid)
      break
    }
    this.#letGoOn()
    this.#watchOrphans()
  }

  /** The process that waits at the moment, 0 for a moment without one; null while it has not come. */
  #comes({ moment }: Kill): number | null {
    const { root, scratch } = this.#parties
    switch (moment.at) {
      case 'effect':
        // The agent dies by itself; whoever starts it again takes this one off the list.
        return null
      case 'script': {
        const here = join(root.meeting, `here-${moment.run}`)
        return existsSync(here) ? Number(readFileSync(here, 'utf8')) : null
      }
      case 'unpacking': {
        const bulk = root.inside(`opt/${this.#publication.manifest.name}/bulk.dpkg-new`)
        return existsSync(bulk) ? 0 : null
      }
      case 'scratch':
        return tasksIn(scratch).some((task) => existsSync(join(task, moment.file))) ? 0 : null
    }
  }

  async #kill({ moment, victims, goesOn }: Kill, pid: number): Promise<void> {
    const { agent } = this.#parties
    for (const victim of victims) {
      if (victim === 'agent') await agent.kill()
      else if (victim === 'dpkg') this.#killDpkgs()
      else if (pid > 1) killNow(pid)
    }
    if (moment.at !== 'script' || victims.includes('script')) return
    const isBrief = victims.length === 0 || (victims[0] === 'agent' && goesOn === 'before-restart')
    const stays = goesOn === 'once-found' ? FOUND_AT_MOST_MS : isBrief ? 0 : SCRIPT_STAYS_MS
    this.#waiting.push({
      run: moment.run,
      pid,
      atMs: performance.now() + stays,
      afterRestart: victims.includes('agent') && goesOn === 'after-restart',
      isOrphan: victims.includes('dpkg'),
    })
  }

  #killDpkgs(): void {
    for (const { pid } of changingDpkgs()) {
      this.#killed.add(pid)
      killNow(pid)
    }
  }

  async #restart(): Promise<void> {
    const { agent, tell } = this.#parties
    this.#letGoOn()
    const died = this.#pending.findIndex(({ moment }) => moment.at === 'effect')
    if (died >= 0) this.#pending.splice(died, 1)
    tell('the agent is started again')
    await agent.start(this.#orders())
    for (const waiting of this.#waiting) {
      if (waiting.afterRestart) waiting.atMs = performance.now() + SCRIPT_STAYS_MS
      waiting.afterRestart = false
    }
  }

  #letGoOn(): void {
    const { root } = this.#parties
    const now = performance.now()
    const due = this.#waiting.filter(({ atMs, afterRestart, pid }) => !isLiving(pid) || (!afterRestart && atMs <= now))
    for (const { run } of due) void root.mark(`go-${run}`)
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting))
  }

  /** Whose dpkg was killed under it may still write: nobody may start another dpkg beside it. */
  #watchOrphans(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.isOrphan || !isLiving(waiting.pid)) continue
      const beside = changingDpkgs().find(({ pid }) => !this.#killed.has(pid))
      if (beside === undefined || !isLiving(waiting.pid)) continue
      waiting.isOrphan = false
      waiting.atMs = 0
      this.#complaints.push({
        finding: 'beside-a-living-script',
        sentence: `${beside.words.join(' ')} began while ${waiting.run}, whose dpkg was killed, still ran`,
      })
    }
  }

  async #takeLock(): Promise<void> {
    const { root, tell } = this.#parties
    if (this.#install.lock === null || this.#holder !== null) return
    this.#holder = await LockHolder.start(root, this.#install.lock)
    this.#heldSinceMs = performance.now()
    tell(`another program holds ${this.#install.lock.file}`)
  }

  async #tendLock(): Promise<void> {
    if (this.#holder === null || this.#heldSinceMs === 0) return
    const waits = this.#said().some((line) => /tries (once more|again)/.test(line))
    const isLong = performance.now() - this.#heldSinceMs > LOCK_AT_MOST_MS
    if (!isLong && !(waits && this.#install.lock?.from === 'order')) return
    this.#heldSinceMs = 0
    await this.#holder.letGo()
    this.#parties.tell('the other program lets go')
  }

  /** Who reads for the third time that the lock is held looks who holds it. */
  #endDaemons(): void {
    if (this.#said().filter((line) => /tries (once more|again)/.test(line)).length < 3) return
    for (const one of allProcesses()) if (isDaemon(one) && !one.isDead) killNow(one.pid)
  }

  /** Marks of this install mean nothing to the next. */
  async cleanUp(): Promise<void> {
    const { root, agent } = this.#parties
    await this.#holder?.letGo()
    agent.tell({ tells: 'live' })
    for (const { pid } of this.#waiting) killNow(pid)
    for (const name of readdirSync(root.meeting)) {
      if (/^(stop|here|go|fail|once|hang)-/.test(name)) await rm(join(root.meeting, name), { force: true })
    }
  }
}

function tasksIn(scratch: string): string[] {
  return existsSync(scratch) ? readdirSync(scratch).map((name) => join(scratch, name)) : []
}
