/**
 * A text from elsewhere on a terminal: as it is, with whatever a terminal would act on written out, so that no name and
 * no reason can colour, hide or turn around what is printed beside it.
 */

/** Control and formatting characters, with those that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A moment as the cores and the API write it into sentences. */
const MOMENT = /\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z/g

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** The same of a sentence, with the moments in it as people read them. */
export function printableSentence(text: string): string {
  return printable(text).replace(MOMENT, '$1 $2 UTC')
}
