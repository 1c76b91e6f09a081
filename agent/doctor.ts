/**
 * `patchmesh doctor` where only the agent is installed.
 */
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT, AgentConfig } from './shell/config/agent-config.ts'
import { fail, printResult, readFormat, readOptions } from './shell/daemon-command.ts'
import { applianceFindings } from './shell/doctor/appliance.ts'
import { examined, patient } from './shell/doctor/examining.ts'
import { findingLines, worstOf } from './shell/doctor/finding.ts'

export const APPLIANCE = patient({ daemon: AGENT, mark: 'identity', schema: AgentConfig }, applianceFindings)

const HELP = `Usage: patchmesh doctor [--data DIR] [--config FILE] [-o FORMAT]

Looks at everything that the agent of this appliance needs: its configuration, files and
their rights, clock, disk, ledger, ports, names, whom it has to reach, and what it says of
itself. Each thing that is not right comes with what to do. Nothing is changed. Exit
status 1 when something is wrong, 9 when something needs attention soon.

Options:
  --data DIR           the data folder of the agent (default: that of its configuration)
  --config FILE        its configuration (default /etc/patchmesh/agent.yaml)
  -o, --output FORMAT  json, yaml or table (default table)
  --json               [{"daemon","what","level","detail","mend"}], as -o json
  --help               this text

Example:
  patchmesh doctor
`

/** The exit status. */
export async function doctor(args: string[]): Promise<number> {
  const values = readOptions('doctor', args, {
    ...{ data: { type: 'string' }, config: { type: 'string' }, help: { type: 'boolean' } },
    ...outputOptions(),
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const { data, config } = values
  const findings = await examined({ data, config, wanted: 'agent' }, [APPLIANCE])
  if (typeof findings === 'string') return fail(findings, 2)
  await printResult(format, findings, () => findingLines(findings))
  return worstOf(findings)
}
