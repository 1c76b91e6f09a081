/**
 * The control file of a Debian package as dpkg reads it: one stanza of fields, by bytes. It accepts what dpkg accepts
 * (empty lines around the stanza, blanks before a colon, carriage returns, any encoding) and refuses what dpkg refuses,
 * for the reason that dpkg gives. What the fields say is for control-fields.ts.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { BLANKS, isBlank, trimmed } from './blanks.ts'

/** By bytes, as dpkg has it: each character of `value` is one. Its end is trimmed, its folded lines are not. */
export type ControlField = { readonly name: string; readonly value: string }

/** For dpkg a NUL ends a text and a ^Z a file, in the middle of what others read on. */
const ENDS_FOR_DPKG = { '\0': 'NUL', '\x1a': '^Z' } as const

/** The fields in their order; a name may be there twice, which control-fields.ts refuses. */
export function parseStanza(bytes: Uint8Array): ControlField[] | Refusal {
  const text = Buffer.from(bytes).toString('latin1')
  for (const [character, what] of Object.entries(ENDS_FOR_DPKG)) {
    const at = text.indexOf(character)
    if (at !== -1) return refuseOnPurpose('inner_end', `Byte ${at} of the control file is a ${what}`)
  }
  const scan = new Scan(text)
  if (!scan.toStanza()) return refuse('malformed', 'The control file is empty; no dpkg installs that.')
  const fields: ControlField[] = []
  do {
    const field = readField(scan)
    if (typeof field === 'string') {
      return refuse('malformed', `No dpkg reads the control file: ${field}, near line ${scan.line}.`)
    }
    fields.push(field)
  } while (!scan.atEnd && !scan.isAt('\n'))
  if (scan.toStanza()) {
    return refuse('malformed', `No dpkg reads the control file: a second stanza begins near line ${scan.line}.`)
  }
  return fields
}

class Scan {
  readonly text: string
  /** The place behind `last`. */
  next = 0
  last = ''

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.next >= this.text.length
  }

  /** Of `last`, counted from 1. */
  get line(): number {
    return this.text.slice(0, this.next - 1).split('\n').length
  }

  isAt(character: string): boolean {
    return this.last === character
  }

  advance(): void {
    this.last = this.text.charAt(this.next)
    this.next += 1
  }

  /** Whether one begins, on whose first character it stops. dpkg does not see a last line of one character. */
  toStanza(): boolean {
    while (!this.atEnd) {
      this.advance()
      if (this.last !== '\n') break
    }
    return !this.atEnd
  }
}

/** A field whose first character is `scan.last`; or what dpkg says against it. */
function readField(scan: Scan): ControlField | string {
  const nameAt = scan.next - 1
  while (!scan.atEnd && !isBlank(scan.last) && !scan.isAt(':')) scan.advance()
  const name = scan.text.slice(nameAt, scan.next - 1)
  if (name === '') return 'a line has no field name'
  if (name.startsWith('-')) return `the field name ${quoted(name)} begins with a hyphen`
  while (!scan.atEnd && !scan.isAt('\n') && isBlank(scan.last)) scan.advance()
  if (scan.atEnd) return `the file ends after the field name ${quoted(name)}`
  if (scan.isAt('\n')) return `the line ends after the field name ${quoted(name)}`
  if (!scan.isAt(':')) return `the field name ${quoted(name)} is not followed by a colon`
  do scan.advance()
  while (!scan.atEnd && !scan.isAt('\n') && isBlank(scan.last))
  if (scan.atEnd) return `the file ends before the value of the field ${quoted(name)}, without a last line feed`
  const value = readValue(scan)
  return typeof value === 'string' ? `${value} of the field ${quoted(name)}` : { name, value: value.text }
}

/** Up to the first line that is no continuation, on whose first character it stops. */
function readValue(scan: Scan): { readonly text: string } | string {
  const valueAt = scan.next - 1
  let blankSoFar = false
  while (true) {
    if (scan.isAt('\n')) {
      if (blankSoFar) return 'a line of blanks continues the value'
      if (scan.atEnd) break
      scan.advance()
      if (scan.atEnd || scan.isAt('\n') || !isBlank(scan.last)) break
      blankSoFar = true
    } else if (!isBlank(scan.last)) blankSoFar = false
    if (scan.atEnd) return 'the file ends without a last line feed in the value'
    scan.advance()
  }
  return { text: trimmed(scan.text.slice(valueAt, scan.next - 1), BLANKS, 'end') }
}
