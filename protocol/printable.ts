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

/** The same of a text of JSON, which says what it said before. */
export function printableJson(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, unit) => escaped('u', 4, character.charCodeAt(unit))).join(''),
  )
}

const UNPRINTABLE_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Whether a string of YAML has to stand in double quotes, where alone it can be escaped. */
export function needsQuotes(text: string): boolean {
  return text.search(UNPRINTABLE_IN_LINES) !== -1
}

/** The same of a text of YAML in which each such string stands in double quotes. */
export function printableYaml(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code > 0xffff ? escaped('U', 8, code) : escaped('u', 4, code)
  })
}

function escaped(letter: string, digits: number, code: number): string {
  return `\\${letter}${code.toString(16).padStart(digits, '0')}`
}
