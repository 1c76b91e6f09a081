/**
 * Asks dpkg about its database, and does not ask the same again while nobody has touched the database: what is installed
 * is looked at before an order, while it is prepared and after it, by several parts of the agent, and starting a program
 * costs many times what it costs to see that nothing was written since. An answer is kept only where the marks of
 * everything that it was made of were the same before and after it was given, and old enough that a later write cannot
 * have the same.
 */
import { join } from 'node:path'
import { markOf } from '../../file-mark.ts'
import { type Answer, askProgram } from '../ask-program.ts'

/** Of what dpkg's answers about a database are made: its records, what is to be merged into them, and dpkg itself. */
const READ = ['status', 'updates', 'arch', 'info', 'triggers/Unincorp']
const DPKG = '/usr/bin/dpkg'
/** The coarsest clock of a file system that keeps times at all. */
const SAME_TIME_MS = 2_000
/** What is asked of one database: about the patched package, a few others, the architectures, and the audit. */
const MAX_ANSWERS = 32

type Kept = { readonly marks: string; readonly answers: Map<string, Answer> }
const keptByDatabase = new Map<string, Kept>()
/** An appliance has one root; tests and simulations have many. */
const MAX_DATABASES = 8

/** `null` when the program is not on this appliance. `database` is the folder that `words` point the program at. */
export async function askDatabase(database: string, program: string, ...words: string[]): Promise<Answer | null> {
  const question = [program, ...words].join('\0')
  const before = await marksOf(database)
  const kept = keptByDatabase.get(database)
  const known = kept?.marks === before.text ? kept.answers.get(question) : undefined
  if (known !== undefined) return known
  const answer = await askProgram(program, ...words)
  const isSettled = before.changedMs < Date.now() - SAME_TIME_MS
  if (answer !== null && isSettled && (await marksOf(database)).text === before.text) {
    keep(database, before.text, question, answer)
  }
  return answer
}

function keep(database: string, marks: string, question: string, answer: Answer): void {
  const kept = keptByDatabase.get(database)
  const answers = kept?.marks === marks && kept.answers.size < MAX_ANSWERS ? kept.answers : new Map<string, Answer>()
  answers.set(question, answer)
  keptByDatabase.delete(database)
  keptByDatabase.set(database, { marks, answers })
  const [oldest] = keptByDatabase.keys()
  if (keptByDatabase.size > MAX_DATABASES && oldest !== undefined) keptByDatabase.delete(oldest)
}

async function marksOf(database: string): Promise<{ readonly text: string; readonly changedMs: number }> {
  const marks = await Promise.all([DPKG, ...READ.map((name) => join(database, name))].map(markOf))
  return {
    text: marks.map(({ text }) => text).join('\n'),
    changedMs: Math.max(...marks.map(({ changedMs }) => changedMs)),
  }
}
