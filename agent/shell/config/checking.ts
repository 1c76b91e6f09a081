/**
 * What `patchmesh config check` finds: every file is read by the schema of the daemon that it is for, as at a start.
 */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { ifThere } from '../if-there.ts'
import { type FileProblem, problemLine, readConfigFile, WrongConfig } from './config-file.ts'
import { CONFIG_FOLDER, configFileOf, type Daemon } from './places.ts'

export type Checked = { readonly file: string; readonly daemon: string; readonly problems: readonly FileProblem[] }

/** A sentence where it cannot be said what is to be checked. */
export async function checkConfigs(
  { file, wanted }: { file: string | undefined; wanted: string | undefined },
  daemons: readonly Daemon[],
): Promise<Checked[] | string> {
  const names = daemons.map(({ name }) => name).join(' or ')
  const named = daemons.find(({ name }) => name === wanted)
  if (wanted !== undefined && named === undefined) return `--for is ${names}, not ${JSON.stringify(wanted)}`
  const candidates = named === undefined ? daemons : [named]
  if (file !== undefined) {
    const daemon = candidates.length === 1 ? candidates[0] : daemons.find(({ name }) => basename(file).includes(name))
    return daemon === undefined ? `say whose file ${file} is, with --for ${names}` : [await check(file, daemon)]
  }
  const there: Checked[] = []
  for (const daemon of candidates) {
    if ((await ifThere(stat(configFileOf(daemon)))) !== null) there.push(await check(configFileOf(daemon), daemon))
  }
  return there.length === 0 ? `there is no configuration in ${CONFIG_FOLDER}; name the file to check` : there
}

async function check(file: string, { name, schema }: Daemon): Promise<Checked> {
  try {
    await readConfigFile(schema, file)
    return { file, daemon: name, problems: [] }
  } catch (error) {
    if (error instanceof WrongConfig) return { file, daemon: name, problems: error.problems }
    throw error
  }
}

export function checkedLines(checked: readonly Checked[]): string[] {
  return checked.flatMap(({ file, daemon, problems }) =>
    problems.length === 0
      ? [`${file}: right, for the ${daemon}`]
      : problems.map((problem) => problemLine(file, problem)),
  )
}
