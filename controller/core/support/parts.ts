/**
 * The parts of a support bundle, and how each is kept small: what is too long loses its oldest lines or its last entries,
 * and the manifest says so.
 */
import { type Cleaning, cleaned, cleanText } from './cleaning.ts'

/** Of one part, and of all together; compressed they are a tenth of it. */
export const MAX_PART_BYTES = 2 * 1024 * 1024
export const MAX_BUNDLE_BYTES = 32 * 1024 * 1024
/** Each has a log of a quarter of a MiB. */
export const MAX_APPLIANCES_ASKED = 20
export const MAX_TRAIL_ENTRIES = 1_000

export type Part = {
  readonly name: string
  /** One sentence: what is in it. */
  readonly about: string
  readonly content: string
  /** What of it was cut off, or empty. */
  readonly cut: string
}
export type LeftOut = { readonly what: string; readonly why: string }

/** Nothing else makes a part, so nothing goes into a bundle that was not cleaned. */
export class Parts {
  readonly kept: Part[] = []
  readonly leftOut: LeftOut[] = []
  readonly #cleaning: Cleaning
  #bytes = 0

  constructor(cleaning: Cleaning) {
    this.#cleaning = cleaning
  }

  json(name: string, about: string, value: unknown): void {
    const clean = cleaned(JSON.parse(JSON.stringify(value)), this.#cleaning)
    const whole = `${JSON.stringify(clean, null, 2)}\n`
    if (Buffer.byteLength(whole) <= MAX_PART_BYTES || !Array.isArray(clean)) return this.#keep(name, about, whole, '')
    this.#lines(
      `${name.replace(/\.json$/, '')}.jsonl`,
      about,
      clean.map((entry) => JSON.stringify(entry)),
      'first',
    )
  }

  /** A value in each line; `keep` says which are kept where not all fit. */
  entries(name: string, about: string, values: readonly object[], keep: 'first' | 'last'): void {
    const clean = values.map((value) => JSON.stringify(cleaned(JSON.parse(JSON.stringify(value)), this.#cleaning)))
    this.#lines(name, about, clean, keep)
  }

  /** The end of a log. */
  log(name: string, about: string, text: string): void {
    const lines = text.split('\n').filter((line) => line !== '')
    this.#lines(
      name,
      about,
      lines.map((line) => cleanText(line, this.#cleaning)),
      'last',
    )
  }

  #lines(name: string, about: string, lines: readonly string[], keep: 'first' | 'last'): void {
    const clean = [...lines]
    if (keep === 'last') clean.reverse()
    let bytes = 0
    const fitting = clean.filter((line) => (bytes += Buffer.byteLength(line) + 1) <= MAX_PART_BYTES)
    const cut = clean.length - fitting.length
    if (keep === 'last') fitting.reverse()
    const which = keep === 'last' ? 'oldest' : 'last'
    this.#keep(name, about, fitting.map((line) => `${line}\n`).join(''), cut === 0 ? '' : `the ${which} ${cut} lines`)
  }

  leaveOut(what: string, why: string): void {
    this.leftOut.push({ what, why: cleanText(why, this.#cleaning) })
  }

  #keep(name: string, about: string, content: string, cut: string): void {
    const bytes = Buffer.byteLength(content)
    if (bytes > MAX_PART_BYTES)
      return this.leaveOut(name, `it has ${bytes} bytes, and a part has ${MAX_PART_BYTES} at most`)
    if (this.#bytes + bytes > MAX_BUNDLE_BYTES)
      return this.leaveOut(name, `a bundle has ${MAX_BUNDLE_BYTES} bytes at most before it is compressed`)
    this.#bytes += bytes
    this.kept.push({ name, about, content, cut })
  }
}
