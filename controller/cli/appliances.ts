/**
 * `patchmesh appliances list`: the fleet.
 */
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { table } from './terminal.ts'

export const listAppliances = defineCommand({
  name: 'appliances list',
  operations: ['listAppliances'],
  summary: 'Lists the appliances of the fleet and which of them can be reached',
  usage: '[--server URL] [--api-token TOKEN] [--json]',
  options: SERVER_OPTIONS,
  example: 'patchmesh appliances list',
  async run({ options, terminal }) {
    const appliances = await connect(options).appliances()
    const rows = appliances.map((appliance) => [
      appliance.name,
      appliance.organization,
      appliance.dataCenter,
      appliance.kind,
      appliance.role,
      appliance.group,
      appliance.reachable ? 'yes' : `no, since ${readableTime(appliance.lastSeenAt)}`,
    ])
    const headings = ['APPLIANCE', 'ORGANIZATION', 'DATA CENTER', 'KIND', 'ROLE', 'GROUP', 'REACHABLE']
    if (options.json === true) terminal.print(JSON.stringify(appliances))
    else for (const line of table(headings, rows, 'No appliance has enrolled yet.')) terminal.print(line)
    return 0
  },
})
