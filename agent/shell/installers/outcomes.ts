/**
 * Outcomes in words. What an installer could not do because of the machine (a full disk, a folder that cannot be read)
 * ends here as a failed outcome with the whole chain of causes; a broken invariant goes on and stops the agent.
 */
import { isBug } from '../../../protocol/assert.ts'
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import { causes } from '../causes.ts'
import type { Found, Outcome } from './installer.ts'

export function succeeded(reason: string, output = ''): Outcome {
  return { ok: true, reason: cut(reason), output, temporary: false }
}

export function failed(reason: string, output = ''): Outcome {
  return { ok: false, reason: cut(reason), output, temporary: false }
}

/** The same attempt may succeed later without a change. */
export function failedForNow(reason: string, output = ''): Outcome {
  return { ok: false, reason: cut(reason), output, temporary: true }
}

/** Told of an outcome that came before anything was changed: there is nothing to put back. */
export function untouched(outcome: Outcome): Outcome {
  return { ...outcome, untouched: true }
}

/** `what` could not be done, where the cause alone does not say it. */
export async function outcomeOf(work: () => Promise<Outcome>, what?: string): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (isBug(error)) throw error
    return failed(what === undefined ? causes(error) : `${what}: ${causes(error)}`)
  }
}

/** What could not be looked at is unknown, and says why. */
export async function foundOf(look: () => Promise<Found>): Promise<Found> {
  try {
    return await look()
  } catch (error) {
    if (isBug(error)) throw error
    return { result: 'unknown', installedVersion: null, reason: cut(`could not look: ${causes(error)}`) }
  }
}

/** The same outcome, with one more thing that a person should know. */
export function withWord(outcome: Outcome, word: string | null): Outcome {
  if (word === null) return outcome
  return { ...outcome, reason: cut(outcome.reason === '' ? word : `${outcome.reason}; ${word}`) }
}

function cut(sentence: string): string {
  return sentence.length <= MAX_SENTENCE_CHARACTERS ? sentence : `${sentence.slice(0, MAX_SENTENCE_CHARACTERS - 1)}…`
}
