/**
 * Asks whoever is at the keyboard. A script may have its answer ready on standard input; where that ends, or nothing comes
 * on it for half a minute, there is nobody.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

const PIPED_ANSWER_MS = 30_000
const TOLD_AFTER_MS = 2_000

/** What was answered, or null when there is nobody; what is hidden is not shown while it is typed. */
export async function askPerson(question: string, { hidden } = { hidden: false }): Promise<string | null> {
  const { stdin, stderr } = process
  // The end of the question before let go of it, and this one has to be waited for.
  stdin.ref?.()
  if (hidden) stderr.write(question)
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr
  const reader = createInterface({ input: stdin, output, terminal: stdin.isTTY === true })
  const waits = () => stderr.write(`waits ${PIPED_ANSWER_MS / 1000} s for an answer on standard input\n`)
  const patience =
    stdin.isTTY === true ? [] : [setTimeout(waits, TOLD_AFTER_MS), setTimeout(() => reader.close(), PIPED_ANSWER_MS)]
  try {
    const ended = new Promise<null>((resolve) => reader.once('close', () => resolve(null)))
    return await Promise.race([reader.question(question), ended])
  } finally {
    patience.forEach(clearTimeout)
    reader.close()
    stdin.unref?.()
  }
}

export function isYes(answer: string | null): boolean {
  return answer !== null && /^y(es)?$/i.test(answer.trim())
}

/** What is told when nobody agreed; `nothing` is what was not done, without a full stop. */
export function notAgreed(answer: string | null, nothing: string): string {
  return answer === null ? `${nothing}: nobody answered. Add --yes.` : `${nothing}. Answer y, or add --yes.`
}
