/**
 * What a command does before it takes away what nobody gives back with another command: it says what that is, and asks.
 * `--yes` answers beforehand. Where nobody can answer nothing is done, and the word to add is told. What is done is done
 * to what was shown, by its id, also when its name has come to mean something else meanwhile.
 */
import { isYes, notAgreed } from '../../agent/shell/command-line/ask-person.ts'
import { printable, type Terminal } from './terminal.ts'

export const YES_OPTION = { yes: { type: 'boolean', about: 'do not ask' } } as const

export type Asking = {
  readonly yes: boolean | undefined
  readonly terminal: Terminal
  /** What is told when nobody agreed, without a full stop: `Nothing was started`. */
  readonly nothing: string
}

export async function isAgreed({ yes, terminal, nothing }: Asking, question: string): Promise<boolean> {
  if (yes === true) return true
  const answer = await terminal.ask(`${printable(question)} [y/N] `)
  if (isYes(answer)) return true
  terminal.tell(notAgreed(answer, nothing))
  return false
}

/** What is there under the name that was given, and what is asked about it. */
export type Shown = { readonly id: string; readonly question: string }

/**
 * The id to act on: `given` where nobody is asked, or where nothing is there by that name, which the Service Center
 * refuses; null where nobody agreed.
 */
export async function agreedOn(
  given: string,
  asking: Asking,
  look: () => Promise<Shown | undefined>,
): Promise<string | null> {
  if (asking.yes === true) return given
  const shown = await look()
  if (shown === undefined) return given
  return (await isAgreed(asking, shown.question)) ? shown.id : null
}
