/** A text of PostgreSQL cannot hold the character of no bits; what people, and installers, have written may. */
export function storableText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
}
