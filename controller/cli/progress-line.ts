/**
 * One line on standard error that tells how far something is: rewritten in place for a person, a new line every two
 * seconds, or when something changed, for a log.
 */
import type { Terminal } from './terminal.ts'

const REDRAW_MS = 100
const REPEAT_MS = 2_000

export class ProgressLine {
  readonly #terminal: Terminal
  #shownAt = Number.NEGATIVE_INFINITY
  #shown = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** The line is made only when it is time to show one. */
  update(line: () => string): void {
    const now = performance.now()
    if (now - this.#shownAt < (this.#terminal.redraws ? REDRAW_MS : REPEAT_MS)) return
    this.#show(line())
  }

  /** Shows the line at once if it says something new. */
  change(line: string): void {
    if (line !== this.#shown) this.#show(line)
  }

  /** The last line stays. */
  end(line?: string): void {
    if (line !== undefined) this.change(line)
    if (this.#terminal.redraws && this.#shown !== '') this.#terminal.tell('')
    this.#shown = ''
  }

  #show(line: string): void {
    this.#shownAt = performance.now()
    this.#shown = line
    if (this.#terminal.redraws) this.#terminal.redraw(line)
    else this.#terminal.tell(line)
  }
}
