/**
 * `patchmesh config check` where only the agent is installed: whether the agent would start with its configuration.
 */
import { parseArgs } from 'node:util'
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { checkConfigs, checkedLines } from './shell/config/checking.ts'
import { fail, printResult, readFormat } from './shell/daemon-command.ts'

const HELP = `Usage: patchmesh config check [FILE] [-o FORMAT]

Whether the agent would start with this configuration: all that is wrong with it, each
with its line. Without FILE it is /etc/patchmesh/agent.yaml. Nothing is changed. Exit
status 1 when anything is wrong.

Options:
  -o, --output FORMAT  json, yaml or table (default table)
  --json               [{"file","daemon","problems":[{"line","message"}]}]
  --help               this text

Example:
  patchmesh config check /etc/patchmesh/agent.yaml
`

/** The exit status. */
export async function config(args: string[]): Promise<number> {
  const { values, positionals } = read(args)
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const [verb, file, ...more] = positionals
  if (verb !== 'check') return fail('config is one of: config check. See patchmesh --help', 2)
  if (more.length > 0) return fail('one FILE at a time; see patchmesh config check --help', 2)
  const checked = await checkConfigs({ file, wanted: values.for }, [AGENT])
  if (typeof checked === 'string') return fail(checked, 2)
  await printResult(format, checked, () => checkedLines(checked))
  return checked.every(({ problems }) => problems.length === 0) ? 0 : 1
}

function read(args: string[]) {
  const options = { for: { type: 'string' }, help: { type: 'boolean' }, ...outputOptions() } as const
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    return fail(`${(error as Error).message}; see patchmesh config check --help`, 2)
  }
}
