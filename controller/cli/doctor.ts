/**
 * `patchmesh doctor`: what is wrong with the daemons of this machine and around them, and how to mend it.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import type { Examined } from '../../agent/shell/doctor/examining.ts'
import { attention, type Finding, findingLines, right, worstOf } from '../../agent/shell/doctor/finding.ts'
import { CONTROLLER, ControllerConfig } from '../controller-config.ts'
import { listed } from '../page/words.ts'
import { defineCommand, UsageError } from './command.ts'
import { CONNECTION_OPTIONS, connect, type ServiceCenterClient } from './service-center-client.ts'

const MOST_NAMES = 5

export const doctor = defineCommand({
  name: 'doctor',
  operations: ['listAppliances'],
  summary: 'Says what is wrong with the daemons of this machine, and how to mend it',
  usage: '[--for agent|controller] [--data DIR] [--config FILE]',
  options: {
    for: { type: 'string', value: 'DAEMON', about: 'only this one (default those that are installed here)' },
    data: { type: 'string', value: 'DIR', about: 'its data folder (default that of its configuration)' },
    config: { type: 'string', value: 'FILE', about: 'its configuration (default that in /etc/patchmesh)' },
    ...CONNECTION_OPTIONS,
    ...outputOptions('[{"daemon","what","level","detail","mend"}]'),
  },
  remarks: [
    'Configuration, files and their rights, disk, clock, keys, database or ledger, names, certificate, ports, and what the\n' +
      'daemon says of itself; with an API token also which appliances cannot be reached or have another release. Nothing is\n' +
      'changed. Exit status 1 when something is wrong, 9 when something needs attention soon.',
  ],
  example: 'patchmesh doctor --for controller',
  async run({ options, show }) {
    // No other command needs what these read.
    const { APPLIANCE } = await import('../../agent/doctor.ts')
    const { examined, patient } = await import('../../agent/shell/doctor/examining.ts')
    const { serviceCenterFindings } = await import('../shell/doctor/service-center.ts')
    const center = patient({ daemon: CONTROLLER, mark: 'keys', schema: ControllerConfig }, serviceCenterFindings)
    const { data, config, for: wanted, ...server } = options
    const found = await examined({ data, config, wanted }, [APPLIANCE, center])
    if (typeof found === 'string') throw new UsageError(found)
    const asks = (server['api-token'] ?? process.env.PATCHMESH_API_TOKEN) !== undefined
    const fleet = asks && wanted !== 'agent' ? await fleetFindings(connect(server)) : []
    const findings: Examined[] = [...found, ...fleet.map((finding) => ({ daemon: 'fleet', ...finding }))]
    return show(findings, () => findingLines(findings), worstOf(findings))
  },
})

/** Which appliances are not heard, and which have another release than most. */
async function fleetFindings(client: ServiceCenterClient): Promise<Finding[]> {
  const appliances = await client.appliances()
  const away = appliances.filter(({ reachable }) => !reachable).map(({ name }) => name)
  const releases = Map.groupBy(
    appliances.filter(({ account }) => account !== null),
    ({ account }) => account?.agentVersion ?? '',
  )
  const many = [...releases].map(([release, those]) => `${release} on ${few(those.map(({ name }) => name))}`)
  return [
    away.length === 0
      ? right('reachable', `all of ${appliances.length}`)
      : attention('reachable', `not now: ${few(away)}`, 'run patchmesh doctor on each: it says which side is closed'),
    releases.size <= 1
      ? right('releases', [...releases.keys()][0] ?? 'no appliance has told its own yet')
      : attention('releases', many.join('; '), 'bring all to one release; one behind or ahead works meanwhile'),
  ]
}

function few(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : listed(names)
}
