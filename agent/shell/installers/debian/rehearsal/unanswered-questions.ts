/**
 * Questions that the package has for the administrator through debconf. Nobody is there to answer, so it gets what was
 * answered before or its default; a question that has neither gets an empty answer, and that is told.
 */
import { join } from 'node:path'
import { readIfThere } from '../../read-if-there.ts'
import { field } from '../dpkg-database.ts'
import type { Remark } from './remarks.ts'
import type { Situation } from './situation.ts'

const DATABASES = ['config.dat', 'passwords.dat']
/** Templates of these types tell something and ask nothing. */
const NO_QUESTION = new Set(['title', 'text', 'note', 'error'])
/** `db_input high package/question` in the config script; lower priorities are not asked for where nobody answers. */
const ASKED = /\bdb_input\s+(?:high|critical)\s+["']?([A-Za-z0-9+._/-]+)/g

export async function whatNobodyAnswers({ control, task }: Situation): Promise<Remark[]> {
  const templates = control.get('templates')
  const script = control.get('config')
  if (templates === undefined || script === undefined) return []
  const asked = new Set([...script.matchAll(ASKED)].map(([, question]) => question as string))
  const open = templates
    .split(/\n\n+/)
    .filter((stanza) => asked.has(field(stanza, 'Template')))
    .filter((stanza) => !NO_QUESTION.has(field(stanza, 'Type')) && field(stanza, 'Default') === '')
    .map((stanza) => field(stanza, 'Template'))
  if (open.length === 0) return []
  const answered = await answeredQuestions(task.root)
  const unanswered = open.filter((question) => !answered.has(question))
  if (unanswered.length === 0) return []
  const sentence = `the package asks ${unanswered.join(', ')} and has no default, so it got no answer (debconf-set-selections gives one beforehand)`
  return [{ sentence, beside: null }]
}

/** A question that somebody or something has answered carries the flag `seen`. */
async function answeredQuestions(root: string): Promise<Set<string>> {
  const answered = new Set<string>()
  for (const name of DATABASES) {
    const text = await readIfThere(join(root, 'var/cache/debconf', name))
    for (const stanza of (text ?? '').split(/\n\n+/)) {
      if (/\bseen\b/.test(field(stanza, 'Flags'))) answered.add(field(stanza, 'Name'))
    }
  }
  return answered
}
