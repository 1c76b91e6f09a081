/**
 * What the command lines of both daemons and of the agent's commands share: settings from a YAML file, one-line failures
 * with the contract's exit status, the form of what is printed, and ending by a signal.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { z } from 'zod'
import { formatOf, type OutputFormat, renderedLines } from './command-line/output.ts'
import { readConfigFile, WrongConfig } from './config/config-file.ts'
import type { Log } from './log.ts'

/** Ends the process: 1 refused or failed, 2 wrong usage. `message` says why and what to do. */
export function fail(message: string, status: 1 | 2): never {
  process.stderr.write(`patchmesh: ${message}\n`)
  process.exit(status)
}

export function readOptions<Options extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: string[],
  options: Options,
) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    return fail(`${(error as Error).message}; see patchmesh ${command} --help`, 2)
  }
}

/** The form in which a command of the agent prints, judged before it does anything. */
export function readFormat(options: { output?: string | undefined; json?: boolean | undefined }): OutputFormat {
  const format = formatOf(options)
  return typeof format === 'object' ? fail(format.wrong, 2) : format
}

export async function printResult(format: OutputFormat, value: unknown, lines: () => readonly string[]): Promise<void> {
  for (const line of await renderedLines(format, value, lines)) process.stdout.write(`${line}\n`)
}

/** The settings of `--config FILE`, or none; a file with anything wrong in it is wrong usage. */
export async function readConfig<Config>(schema: z.ZodType<Config>, file: string | undefined): Promise<Config> {
  try {
    return await readConfigFile(schema, file)
  } catch (error) {
    if (error instanceof WrongConfig) return fail(error.message, 2)
    throw error
  }
}

/** SIGTERM and SIGINT end the process cleanly, once `stop` has. */
export function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (error: unknown) => fail(`did not stop cleanly: ${String(error)}`, 1),
      )
    })
  }
}

/** Ends a daemon with the error in its log; also for what nobody awaits, which would end it outside the log. */
export function crashing(log: Pick<Log, 'fatal'>, daemon: string): (error: unknown) => void {
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, `the ${daemon} stops`)
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  return crash
}

/** For the top of a daemon: whatever escapes is one line, and status 1. */
export function failed(error: unknown): never {
  return fail(error instanceof Error ? error.message : String(error), 1)
}
