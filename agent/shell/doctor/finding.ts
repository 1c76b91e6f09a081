/**
 * What `patchmesh doctor` and `patchmesh check` find: each thing that was looked at, how it is, and how it is mended.
 */
import { printableSentence } from '../../../protocol/printable.ts'
import { EXIT, type ExitStatus } from '../command-line/exit-status.ts'

/** `attention`: it works now, and will not for long, or not as meant. */
export type Level = 'right' | 'attention' | 'wrong'

export type Finding = {
  readonly what: string
  readonly level: Level
  readonly detail: string
  /** What to do, as a sentence without a full stop; empty where it is right. */
  readonly mend: string
}

export function right(what: string, detail: string): Finding {
  return { what, level: 'right', detail, mend: '' }
}

export function attention(what: string, detail: string, mend: string): Finding {
  return { what, level: 'attention', detail, mend }
}

export function wrong(what: string, detail: string, mend: string): Finding {
  return { what, level: 'wrong', detail, mend }
}

/** By the worst of them. */
export function worstOf(findings: readonly Finding[]): ExitStatus {
  if (findings.some(({ level }) => level === 'wrong')) return EXIT.failed
  return findings.some(({ level }) => level === 'attention') ? EXIT.attention : EXIT.done
}

const WORDS: Readonly<Record<Level, string>> = { right: 'ok', attention: 'ATTENTION', wrong: 'WRONG' }

export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ what }) => what.length))
  return findings.flatMap(({ what, level, detail, mend }) => {
    const beginning = `${WORDS[level].padEnd(9)}  ${what.padEnd(width)}  `
    const lines = [`${beginning}${detail}`, ...(mend === '' ? [] : [`${' '.repeat(beginning.length)}-> ${mend}`])]
    return lines.map(printableSentence)
  })
}
