/**
 * What a running agent knows of its own release, and how it is exchanged: it becomes the updater, which tries another
 * one, or, where it is the one that is tried, tells the updater how that goes.
 */
import { causes } from '../causes.ts'
import { fail } from '../daemon-command.ts'
import { identityOf } from '../installers/process-tree.ts'
import { become, isTried, ownTrees, ownWords } from './becoming.ts'
import { ReleaseSlots, type Trial } from './release-slots.ts'
import type { TriedWord } from './run-trial.ts'

export type OwnRelease = {
  readonly release: string
  readonly slots: ReleaseSlots
  /** Null where it was not started by its launcher: such an agent is not exchanged. */
  readonly base: string | null
  readonly isTried: boolean
  /** It ends cleanly, and its process becomes the updater, for what is noted. */
  exchange(trial: Omit<Trial, 'version' | 'updater' | 'tried' | 'bootId' | 'wentBack'>): Promise<never>
  /** It ends cleanly, and its process becomes the release that is to run. */
  restart(): Promise<never>
  /** To the updater, which ends this process then. */
  say(word: TriedWord): Promise<never>
}

export function ownRelease(options: { data: string; release: string; end: () => Promise<void> }): OwnRelease {
  const { data, release, end } = options
  const slots = new ReleaseSlots(data)
  const trees = ownTrees()
  const becomes = async (words: readonly string[], tree: string | undefined): Promise<never> => {
    if (tree === undefined) throw new Error('the agent was not started by its launcher, so it cannot be exchanged')
    try {
      await end()
      return become(tree, [...words, ...ownWords()])
    } catch (error) {
      // Half of it has stopped: whoever looks after the agent starts a whole one, which finds out what there is.
      return fail(`the agent could not become another release of it: ${causes(error)}; start it again`, 1)
    }
  }
  return {
    release,
    slots,
    base: trees?.base ?? null,
    isTried: isTried(),
    async exchange(trial) {
      await slots.note({ ...trial, updater: identityOf(process.pid), tried: null, wentBack: null })
      return becomes(['agent-updater'], trees?.home)
    },
    restart: () => becomes(['agent'], trees?.base),
    say(word) {
      tell(word)
      // Until the updater has heard it: it ends this process.
      return new Promise<never>(() => undefined)
    },
  }
}

/** Does nothing in an agent that is not tried. */
export function tell(word: TriedWord): void {
  if (isTried()) process.send?.(word)
}

/** A release that is tried ends with its updater: nobody would take it back any more. */
export function endWithUpdater(): void {
  if (isTried()) process.once('disconnect', () => process.exit(1))
}
