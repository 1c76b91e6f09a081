/**
 * A text from elsewhere on a terminal: as it is, with whatever a terminal would act on written out, so that no name and
 * no reason can colour, hide or turn around what is printed beside it.
 */

/** Control and formatting characters, with those that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
