/**
 * Where the commands print and ask. Results go to standard output, everything else to standard error, so that a script
 * that reads the first never finds a progress line in it. Names come from uploaded files and other people: nothing of
 * them that a terminal would act on is ever printed as it is.
 */
import { stripVTControlCharacters, styleText } from 'node:util'
import { askPerson } from '../../agent/shell/command-line/ask-person.ts'
import { printable as cleaned, printableSentence as printable } from '../../protocol/printable.ts'

export { printable }

/** Characters that a terminal prints two columns wide. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u
const graphemes = new Intl.Segmenter()

export type Terminal = {
  /** A line of the result. */
  print(line: string): void
  /** A line beside the result: progress, warnings, reasons. */
  tell(line: string): void
  /** Rewrites the last line told this way; only where `redraws`. */
  redraw(line: string): void
  readonly redraws: boolean
  /** Takes away what was printed; nothing where it does not go to a person. */
  clear(): void
  /** The answer of a person, or null when there is nobody; what is hidden is not shown while it is typed. */
  ask(question: string, how?: { readonly hidden: boolean }): Promise<string | null>
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  // `patchmesh patches list | head -1` closes our output; that is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    print: (line) => stdout.write(`${shownOn(stdout, line)}\n`),
    tell: (line) => stderr.write(`${shownOn(stderr, line)}\n`),
    redraw: (line) => stderr.write(`\r${line.slice(0, (stderr.columns ?? 80) - 1)}\u001b[K`),
    clear: () => void (stdout.isTTY === true && process.env.TERM !== 'dumb' && stdout.write('\u001b[2J\u001b[H')),
    redraws: stderr.isTTY === true && process.env.TERM !== 'dumb',
    ask: askPerson,
  }
}

/** Emphasis only where the terminal has it and nobody has said NO_COLOR. */
function shownOn(stream: NodeJS.WriteStream, line: string): string {
  const has = stream.isTTY === true && stream.hasColors()
  return has || !line.includes('\u001b') ? line : stripVTControlCharacters(line)
}

/** Text of several lines, such as an installer's output: line ends and tabs stay, colours go. */
export function printableLines(text: string): string[] {
  return stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => cleaned(line.replaceAll('\t', '  ')))
}

/** Aligned columns under their headings, which stand out where that can be seen; nothing but `none` where there are no rows. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], none: string): string[] {
  if (rows.length === 0) return [none]
  const cells = [headings, ...rows.map((row) => row.map(printable))]
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => columns(row[column] ?? ''))))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - columns(cell)))
      .join('  ')
      .trimEnd(),
  )
  return [styleText('bold', lines[0] ?? '', { validateStream: false }), ...lines.slice(1)]
}

/** How many columns of a terminal a text takes. */
function columns(text: string): number {
  let count = 0
  for (const { segment } of graphemes.segment(text)) count += WIDE.test(segment) ? 2 : 1
  return count
}
