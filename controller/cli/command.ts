/**
 * What a command of the command line is: its name and usage as people read them, its options, and what it does. The
 * options are read in one place, so every command refuses what it does not know, and `run` gets typed values.
 */
import { parseArgs } from 'node:util'
import type { z } from 'zod'
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { formatOf, type OutputFormat, renderedLines } from '../../agent/shell/command-line/output.ts'
import type { Terminal } from './terminal.ts'

/** Wrong usage: exit status 2. The message is one sentence without a full stop. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export type Option = {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** One letter, after one dash. */
  readonly short?: string
  /** What stands for the value in the usage, such as DIR. */
  readonly value?: string
  readonly about: string
}
export type Options = Readonly<Record<string, Option>>

type Value<Given extends Option> = Given extends { type: 'boolean' }
  ? boolean | undefined
  : Given extends { multiple: true }
    ? string[] | undefined
    : string | undefined
export type Values<Given extends Options> = { readonly [Name in keyof Given]: Value<Given[Name]> }

export type Given<CommandOptions extends Options> = {
  readonly options: Values<CommandOptions>
  /** As many as `operands` names, without those that were left out. */
  readonly operands: readonly string[]
  readonly terminal: Terminal
  readonly show: Show
}

/** Prints a result in the form that was asked for; `lines` are for people. Gives the status, 0 where none is given. */
export type Show = (value: unknown, lines: () => readonly string[], status?: ExitStatus) => Promise<ExitStatus>

export type Command = {
  /** One or two words. */
  readonly name: string
  /** The operations of the API that it uses, by their ids. */
  readonly operations: readonly string[]
  /** One line for the list of all commands. */
  readonly summary: string
  /** Each must be given, once; one in brackets, such as `[PATCH]`, may be left out, and a last `PATCH...` be repeated. */
  readonly operands: readonly string[]
  readonly options: Options
  /** What follows the name in the usage; what many commands share is added by the help. */
  readonly usage: string
  /** Anything else worth knowing. */
  readonly remarks: readonly string[]
  readonly example: string
  run(words: readonly string[], terminal: Terminal): Promise<ExitStatus>
}

export function defineCommand<const CommandOptions extends Options>(
  definition: Omit<Command, 'run' | 'options' | 'operands' | 'remarks' | 'operations'> & {
    readonly operations?: readonly string[]
    readonly operands?: readonly string[]
    readonly options: CommandOptions
    readonly remarks?: readonly string[]
    run(given: Given<CommandOptions>): Promise<ExitStatus>
  },
): Command {
  const { operands = [], remarks = [], operations = [], options } = definition
  return {
    ...definition,
    operands,
    remarks,
    operations: 'watch' in options || 'wait' in options ? [...operations, 'streamEvents'] : operations,
    async run(words, terminal) {
      const read = readWords(words, options, operands)
      const format = formatOf(read.options)
      if (typeof format === 'object') throw new UsageError(format.wrong)
      const { watch, ...server }: ServerValues = read.options
      if (watch !== true) return definition.run({ ...read, terminal, show: showing(format, terminal) })
      const { watched } = await import('./watching.ts')
      return watched({ format, terminal, server }, (show) => definition.run({ ...read, terminal, show }))
    },
  }
}

function readWords<CommandOptions extends Options>(
  words: readonly string[],
  options: CommandOptions,
  operands: readonly string[],
): Omit<Given<CommandOptions>, 'terminal' | 'show'> {
  let parsed: { values: object; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...words], options: { ...options }, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(misread(error))
  }
  const { positionals } = parsed
  const missing = operands[positionals.length]
  if (missing !== undefined && !missing.startsWith('[')) throw new UsageError(`${missing} is missing`)
  const isRepeated = operands.at(-1)?.includes('...') === true
  if (positionals.length > operands.length && !isRepeated) {
    throw new UsageError(`there is nothing to do with ${JSON.stringify(positionals[operands.length])}`)
  }
  return { options: parsed.values as Values<CommandOptions>, operands: positionals }
}

/** Of a command that shows what changes by itself. */
export const WATCH_OPTION = {
  watch: { type: 'boolean', about: 'show it again whenever it has changed, until Ctrl-C' },
} as const

/** What a command that watches has among its options. */
type ServerValues = {
  readonly server?: string | undefined
  readonly 'api-token'?: string | undefined
  readonly watch?: boolean | undefined
}

function showing(format: OutputFormat, terminal: Terminal): Show {
  return async (value, lines, status = 0) => {
    for (const line of await renderedLines(format, value, lines)) terminal.print(line)
    return status
  }
}

/**
 * Node words this well: "Unknown option '--frob'", "Option '--name <value>' argument missing". Its second sentence is a
 * guess; a third one, where there is one, is what to do about a value that begins with a dash.
 */
function misread(error: unknown): string {
  const [sentence = '', , whatToDo] = error instanceof Error ? error.message.split(/[.?]\s/) : []
  return whatToDo === undefined ? sentence : `${sentence}. ${whatToDo.replace(/\.$/, '')}`
}

/** The value of an option that must be given. */
export function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing`)
  return value
}

/** A value as its schema has it; the schemas word what is wrong as the end of a sentence. */
export function parsed<Schema extends z.ZodType>(name: string, value: string, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const why = result.error.issues[0]?.message ?? 'is wrong'
  throw new UsageError(`--${name} ${JSON.stringify(value)}: ${why}`)
}
