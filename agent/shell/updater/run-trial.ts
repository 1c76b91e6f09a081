/**
 * The updater: what the agent becomes while its next release is tried. It starts that release from the other slot as a
 * process of its own, watches it, keeps it or goes back, and becomes the agent again, of whichever release is to run. It is
 * of the release before, which is known to work, and does nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { judgeTrial, type TrialEnd, type TrialFacts } from '../../core/install/policies/trial.ts'
import { identityOf } from '../installers/process-tree.ts'
import type { Log } from '../log.ts'
import type { Supervisor } from '../supervisor.ts'
import { become, environmentFor, launcherOf, ownTrees, ownWords } from './becoming.ts'
import type { ReleaseSlots, Trial } from './release-slots.ts'

/** Between being asked to end and being killed. */
const STOP_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 500

/** What the tried release says to its updater. */
export const TriedWord = z.discriminatedUnion('word', [
  z.object({ word: z.literal('ready') }),
  z.object({ word: z.literal('seen') }),
  z.object({ word: z.literal('gave-up'), reason: z.string() }),
])
export type TriedWord = z.infer<typeof TriedWord>

type TrialOptions = { readonly slots: ReleaseSlots; readonly log: Log; readonly watched: Supervisor }

/** Becomes the agent at the end, however it comes to that. */
export async function runTrial({ slots, log, watched }: TrialOptions): Promise<never> {
  const trees = ownTrees()
  if (trees === null) throw new Error('the updater is started by the agent only')
  try {
    const trial = await slots.trial()
    if (trial !== null && (await slots.isUnderWay(trial))) await tryOut({ slots, log, watched }, trial)
  } catch (error) {
    log.error({ err: error }, 'the updater could not go on, and goes back')
  }
  await watched.leaving('the agent is started')
  return become(trees.base, ['agent', ...ownWords()])
}

async function tryOut({ slots, log, watched }: TrialOptions, trial: Trial): Promise<void> {
  log.info({ release: trial.release, slot: trial.slot, seconds: trial.seconds }, 'tries a release of the agent')
  watched.ready(`tries release ${trial.release} of the agent, for ${trial.seconds} seconds at most`)
  const child = spawn(launcherOf(slots.treeOf(trial.slot)), ['agent', ...ownWords()], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // Whoever watches this process hears from this process.
    env: { ...environmentFor('tried'), NOTIFY_SOCKET: undefined },
  })
  const over = follow(child, trial)
  const exited = endOf(child)
  const noted = { ...trial, updater: identityOf(process.pid), tried: identityOf(child.pid) }
  let end: TrialEnd | 'stopped'
  try {
    await slots.note(noted)
    end = await over
    if (end !== 'stopped') {
      if (end.keeps) await slots.switchTo(trial.slot)
      else await slots.note({ ...noted, wentBack: end.reason })
      log.info(
        { release: trial.release, ...end },
        end.keeps ? 'the release is kept' : 'goes back to the release before',
      )
    }
  } finally {
    // Also where nothing can be written down: two agents on one data folder are none.
    await stopped(child, exited)
  }
  if (end === 'stopped') process.exit(0)
}

/** How the trial ends; `stopped` where this process is asked to end meanwhile. */
function follow(child: ChildProcess, { release, seconds }: Trial): Promise<TrialEnd | 'stopped'> {
  const facts = { isReady: false, isSeen: false, gaveUp: null as string | null, ended: null as string | null }
  const startedAtMs = performance.now()
  return new Promise((resolve) => {
    const look = (): void => {
      const waitedMs = performance.now() - startedAtMs
      const end = judgeTrial({ release, seconds, waitedMs, ...facts } satisfies TrialFacts)
      if (end === null) return
      clearInterval(timer)
      resolve(end)
    }
    const timer = setInterval(look, LOOK_EVERY_MS)
    child.on('message', (message) => {
      const said = TriedWord.safeParse(message).data
      if (said?.word === 'ready') facts.isReady = true
      else if (said?.word === 'seen') facts.isSeen = true
      else if (said?.word === 'gave-up') facts.gaveUp = said.reason
      look()
    })
    child.once('error', (error) => {
      facts.ended = `could not be started (${error.message})`
      look()
    })
    child.once('exit', (status, signal) => {
      facts.ended = signal === null ? `ended with status ${status}` : `was ended by the signal ${signal}`
      look()
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('stopped'))
    process.on('SIGHUP', () => child.kill('SIGHUP'))
  })
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return Promise.resolve()
  return once(child, 'exit').then(() => undefined)
}

/** It has ended when this returns, and nothing of the data folder is in use. */
async function stopped(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await exited
  clearTimeout(force)
}
