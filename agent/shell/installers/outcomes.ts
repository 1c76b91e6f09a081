/**
 * Outcomes in words. What an installer could not do because of the machine (a full disk, a folder that cannot be read)
 * ends here as a failed outcome with the whole chain of causes; a broken invariant goes on and stops the agent.
 */
import { AssertionError } from 'node:assert'
import { MAX_SENTENCE_CHARACTERS } from '../../../protocol/limits.ts'
import type { Outcome } from './installer.ts'

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

export async function outcomeOf(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AssertionError || !(error instanceof Error)) throw error
    return failed(causes(error))
  }
}

/** What failed, and why, and why that. */
export function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`
}

function cut(sentence: string): string {
  return sentence.length <= MAX_SENTENCE_CHARACTERS ? sentence : `${sentence.slice(0, MAX_SENTENCE_CHARACTERS - 1)}…`
}
