/**
 * `patchmesh status`: what this appliance does now, why, and what it waits for. The running agent is asked over the socket in
 * its data folder; where none runs, what its ledger knows is shown. It changes nothing and needs no network.
 */
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { dataFolder } from './shell/config/places.ts'
import { fail, printResult, readFormat, readOptions } from './shell/daemon-command.ts'
import { askAgent } from './shell/visits/asking.ts'
import { storedStatus } from './shell/visits/stored-status.ts'
import { statusLines } from './status-lines.ts'

const HELP = `Usage: patchmesh status [--data DIR] [-o FORMAT]

What this appliance does now, why, and what it waits for: whom it is connected to, its
patches, the order under way, orders in line, restarts that are due. Asks the agent that
runs on the data folder; where none runs, says so and shows what its ledger knows.

Options:
  --data DIR           the data folder of the agent (default: that of /etc/patchmesh/agent.yaml)
  -o, --output FORMAT  json, yaml or table (default table)
  --json               one object on standard output, as -o json
  --help               this text

Example:
  patchmesh status --data /var/lib/patchmesh
`

/** The exit status. */
export async function status(args: string[]): Promise<number> {
  const values = readOptions('status', args, {
    ...{ data: { type: 'string' }, help: { type: 'boolean' } },
    ...outputOptions(),
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const folder = await dataFolder(values.data, AGENT)
  if (folder === undefined) return fail('--data is missing: name the data folder of the agent', 2)
  const answer = await askAgent(folder, { kind: 'status' })
  if (answer !== null && answer.kind !== 'status') return fail(`the agent on ${folder} gave no status; see its log`, 1)
  const told = answer?.status ?? (await storedStatus(folder))
  if (told === null)
    return fail(`${folder} is no data folder of an enrolled appliance: name the one that its agent was given`, 1)
  await printResult(format, told, () => statusLines(told))
  return 0
}
