/**
 * A text from outside inside a sentence for a person: in quotes, cut to a length that fits, and with every character
 * that a terminal, a log or a page would act on written as an escape.
 */
const MAX_CHARACTERS = 80
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

export function quoted(text: string): string {
  const short = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
  // a JSON string escapes quotes, the C0 controls and lone surrogates; the rest follows its manner
  return JSON.stringify(short).replace(ACTIVE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
