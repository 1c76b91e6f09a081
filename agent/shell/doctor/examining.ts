/**
 * Whom `patchmesh doctor` examines: each daemon that is installed here, or the one whose data folder was named. Its
 * configuration is judged first, since the rest follows from it.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { problemLine, readConfigFile, WrongConfig } from '../config/config-file.ts'
import { configFileOf, type Daemon } from '../config/places.ts'
import { type Finding, right, wrong } from './finding.ts'
import { nodeFinding } from './machine.ts'

export type Patient = {
  readonly daemon: Daemon
  /** A file or folder that only data folders of this daemon have. */
  readonly mark: string
  /** Reads its configuration; throws `WrongConfig`. */
  admit(file: string | undefined): Promise<Admitted>
}
type Admitted = { readonly data: string | undefined; examine(folder: string): Promise<Finding[]> }

export function patient<Config extends { data?: string | undefined }>(
  { daemon, mark, schema }: { daemon: Daemon; mark: string; schema: z.ZodType<Config> },
  examine: (folder: string, config: Config) => Promise<Finding[]>,
): Patient {
  return {
    ...{ daemon, mark },
    async admit(file) {
      const config = await readConfigFile(schema, file)
      return { data: config.data, examine: (folder) => examine(folder, config) }
    },
  }
}

export type Examined = Finding & { readonly daemon: string }

export type Named = {
  readonly data: string | undefined
  readonly config: string | undefined
  /** The name of a daemon. */
  readonly wanted: string | undefined
}

/** A sentence where it cannot be said what is to be examined. */
export async function examined(named: Named, patients: readonly Patient[]): Promise<Examined[] | string> {
  const { data, config, wanted } = named
  const names = patients.map(({ daemon }) => daemon.name).join(' or ')
  if (wanted !== undefined && !patients.some(({ daemon }) => daemon.name === wanted))
    return `--for is ${names}, not ${JSON.stringify(wanted)}`
  const candidates = patients.filter(({ daemon }) => wanted === undefined || daemon.name === wanted)
  const there =
    candidates.length === 1
      ? candidates
      : candidates.filter(({ daemon, mark }) =>
          existsSync(data === undefined ? configFileOf(daemon) : join(data, mark)),
        )
  if (there.length === 0) return `nothing here says whose folder it is: name it with --data, and --for ${names}`
  if (config !== undefined && there.length > 1) return `say whose file ${config} is, with --for ${names}`
  const found: Examined[] = [{ daemon: 'machine', ...nodeFinding() }]
  for (const one of there)
    for (const finding of await examine(one, data, config)) found.push({ daemon: one.daemon.name, ...finding })
  return found
}

async function examine(
  { daemon, admit }: Patient,
  data: string | undefined,
  config: string | undefined,
): Promise<Finding[]> {
  const usual = configFileOf(daemon)
  const file = config ?? (data === undefined && existsSync(usual) ? usual : undefined)
  let admitted: Admitted
  try {
    admitted = await admit(file)
  } catch (error) {
    if (!(error instanceof WrongConfig)) throw error
    const detail = error.problems.map((problem) => problemLine(file ?? usual, problem)).join('; ')
    return [wrong('configuration', detail, `correct it; patchmesh config check ${file ?? usual} says when it is right`)]
  }
  const said = file === undefined ? 'no file: what is not given on its command line is as usual' : `${file} is right`
  const folder = data ?? admitted.data
  if (folder === undefined)
    return [wrong('configuration', `${said}, and names no data folder`, 'name it there as data, or here with --data')]
  return [right('configuration', said), ...(await admitted.examine(resolve(folder)))]
}
