/**
 * A terminal at which nobody answers, and whose lines a test can wait for.
 */
import { EventEmitter, once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from '../../controller/cli/terminal.ts'

const DEADLINE_MS = 60_000

export type HeardTerminal = Terminal & {
  readonly printed: readonly string[]
  readonly told: readonly string[]
  /** Waits until so many lines, of all that were printed and told, match. */
  heard(what: RegExp, times?: number): Promise<void>
}

export function heardTerminal(): HeardTerminal {
  const [printed, told]: [string[], string[]] = [[], []]
  const news = new EventEmitter()
  const into = (lines: string[]) => (line: string) => {
    lines.push(stripVTControlCharacters(line))
    news.emit('line')
  }
  return {
    printed,
    told,
    print: into(printed),
    tell: into(told),
    redraw: () => {},
    redraws: false,
    clear: () => {},
    ask: async () => null,
    async heard(what, times = 1) {
      const signal = AbortSignal.timeout(DEADLINE_MS)
      while ([...printed, ...told].filter((line) => what.test(line)).length < times)
        await once(news, 'line', { signal })
    },
  }
}
