/** What is blank for dpkg: the blanks of C, in most places, or spaces and tabs alone. By bytes, in Latin-1. */

export const BLANKS = ' \t\n\v\f\r'
export const SPACES_AND_TABS = ' \t'

export function isBlank(character: string): boolean {
  return character !== '' && BLANKS.includes(character)
}

/** `at` says on which sides; in linear time, which a regular expression for the end is not. */
export function trimmed(text: string, blanks: string, at: 'both' | 'end' = 'both'): string {
  let [begin, end] = [0, text.length]
  while (end > 0 && blanks.includes(text.charAt(end - 1))) end -= 1
  while (at === 'both' && begin < end && blanks.includes(text.charAt(begin))) begin += 1
  return text.slice(begin, end)
}
