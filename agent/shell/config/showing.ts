/**
 * The settings of a YAML file as people read them: in a help text, as a table of the guide, and as the file itself that a
 * package brings.
 */
import type { z } from 'zod'
import { type Row, rowsOf } from './setting.ts'

const HELP_WIDTH = 92
const HELP_INDENT = ' '.repeat(24)

/** The names, wrapped; an asterisk marks what waits for the next start. */
export function settingsHelp(schema: z.ZodObject): string {
  const names = rowsOf(schema).map(({ name, isReloaded }) => (isReloaded ? name : `${name}*`))
  return wrapped(names.join(', '), HELP_WIDTH - HELP_INDENT.length)
    .map((line) => `${HELP_INDENT}${line}`)
    .join('\n')
}

export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Of Markdown. */
export function settingsTable(schema: z.ZodObject): string {
  const lines = rowsOf(schema).map(
    ({ name, about, byDefault, isReloaded }) =>
      `| \`${name}\` | ${about} | ${byDefault} | ${isReloaded ? 'at SIGHUP' : 'at the next start'} |`,
  )
  return [
    '| setting | what it says | where it is left out | a change holds |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

/** A file in which `given` is set, and everything else is there as a comment to be opened. */
export async function exampleFile(
  schema: z.ZodObject,
  { title, given }: { title: string; given: Readonly<Record<string, unknown>> },
): Promise<string> {
  const { stringify } = await import('yaml')
  const entry = (row: Row): string => {
    const { name, about, byDefault, isReloaded, example } = row
    const comment = `${name}: ${about}. Where it is left out: ${byDefault}.${isReloaded ? '' : ' A change holds from the next start on.'}`
    const yaml = stringify({ [name]: given[name] ?? example }, { lineWidth: 0 }).trimEnd()
    const lines = yaml.split('\n').map((line) => (name in given ? line : `#${line}`))
    return [...wrapped(comment, 98).map((line) => `# ${line}`), ...lines].join('\n')
  }
  return `${[
    wrapped(title, 98)
      .map((line) => `# ${line}`)
      .join('\n'),
    ...rowsOf(schema).map(entry),
  ].join('\n\n')}\n`
}
