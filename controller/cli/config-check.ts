/**
 * `patchmesh config check`: whether the daemons would start with their configuration.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { AGENT } from '../../agent/shell/config/agent-config.ts'
import { checkConfigs, checkedLines } from '../../agent/shell/config/checking.ts'
import { CONTROLLER } from '../controller-config.ts'
import { defineCommand, UsageError } from './command.ts'
import { printable } from './terminal.ts'

export const configCheck = defineCommand({
  name: 'config check',
  summary: 'Says whether the agent or the controller would start with this configuration',
  usage: '[FILE] [--for agent|controller]',
  operands: ['[FILE]'],
  options: {
    for: { type: 'string', value: 'DAEMON', about: 'whose file it is, where its name does not say so' },
    ...outputOptions('[{"file","daemon","problems":[{"line","message"}]}]'),
  },
  remarks: [
    'All that is wrong is said, each with its line. Without FILE it is what there is of /etc/patchmesh/agent.yaml and\n' +
      '/etc/patchmesh/controller.yaml. Nothing is changed. Exit status 1 when anything is wrong.',
  ],
  example: 'patchmesh config check /etc/patchmesh/controller.yaml',
  async run({ options, operands: [file], show }) {
    const checked = await checkConfigs({ file, wanted: options.for }, [AGENT, CONTROLLER])
    if (typeof checked === 'string') throw new UsageError(checked)
    const isRight = checked.every(({ problems }) => problems.length === 0)
    return show(checked, () => checkedLines(checked).map(printable), isRight ? 0 : 1)
  },
})
