/**
 * `patchmesh appliances enroll|replace|tokens|revoke`: tokens through the API of a running Service Center, where
 * `enroll-token` works on its data folder.
 */
import { readFile } from 'node:fs/promises'
import type { OpenToken, ShownToken } from '../core/appliance-views.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readSlot, SLOT_OPTIONS, topologyFile } from './enroll-token.ts'
import { printTokens, readTopology } from './enroll-topology.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, type Terminal, table } from './terminal.ts'

export const enrollAppliance = defineCommand({
  name: 'appliances enroll',
  operations: ['makeEnrollmentToken', 'enrollTopology'],
  summary: 'Makes tokens through the API, for one new appliance or for a whole topology',
  usage:
    '--data-center NAME --organization NAME --kind WORD --role primary|secondary --name NAME [--group NAME] [--json]\n' +
    '       patchmesh appliances enroll --from TOPOLOGY.yaml [--json]',
  options: { ...SLOT_OPTIONS, ...SERVER_OPTIONS },
  remarks: ['What enroll-token does beside the data of the controller, from anywhere.'],
  example:
    'patchmesh appliances enroll --data-center Paris --organization Provider --kind service-provider --role primary --name paris-1',
  async run({ options, terminal }) {
    const client = connect(options)
    const file = topologyFile(options)
    if (file === undefined) return printToken(await client.enroll(readSlot(options)), options.json, terminal)
    // Judged here first: mistakes are told with the name of the file, one a line.
    if ((await readTopology(file, terminal)) === null) return 1
    const tokens = await client.enrollTopology(await readFile(file, 'utf8'))
    return printTokens(tokens, { json: options.json === true, terminal })
  },
})

export const replaceAppliance = defineCommand({
  name: 'appliances replace',
  operations: ['replaceAppliance'],
  summary: 'Makes a token for another machine in the place of an appliance',
  operands: ['NAME'],
  usage: 'NAME [--server URL] [--api-token TOKEN] [--json]',
  options: SERVER_OPTIONS,
  remarks: [
    'The appliance stays a member until the token is used. Then its copies, detections and orders are void: the new\n' +
      'machine has the same name and place, and a key of its own.',
    'The tenant appliances of a Data Center know the members of its depot and no others: before you replace the only\n' +
      'one, enroll a second there.',
  ],
  example: 'patchmesh appliances replace paris-2',
  async run({ options, operands: [name = ''], terminal }) {
    return printToken(await connect(options).replaceAppliance(name), options.json, terminal)
  },
})

export const listTokens = defineCommand({
  name: 'appliances tokens',
  operations: ['listEnrollmentTokens'],
  summary: 'Lists the tokens that nobody has used yet',
  usage: '[--server URL] [--api-token TOKEN] [--json]',
  options: SERVER_OPTIONS,
  example: 'patchmesh appliances tokens',
  async run({ options, terminal }) {
    const tokens = await connect(options).openTokens()
    if (options.json === true) terminal.print(JSON.stringify(tokens))
    else for (const line of tokenTable(tokens)) terminal.print(line)
    return 0
  },
})

export const revokeToken = defineCommand({
  name: 'appliances revoke',
  operations: ['listEnrollmentTokens', 'revokeEnrollmentToken'],
  summary: 'Takes a token back that nobody has used',
  operands: ['ID'],
  usage: 'ID [--yes] [--server URL] [--api-token TOKEN] [--json]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: ['ID is from patchmesh appliances tokens.'],
  example: 'patchmesh appliances revoke 12D3KooWGm4kGXSyd5FvRaQX1pVTpKRyHAqYyc7yJ1tEzqN6uFvd',
  async run({ options, operands: [id = ''], terminal }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No token was revoked' }, async () => {
      const found = (await client.openTokens()).find((token) => token.id === id)
      return found && { id, question: `Revoke the enrollment token for ${found.name} of ${found.organization}?` }
    })
    if (agreed === null) return 1
    const answer = await client.revokeToken(agreed)
    terminal.print(options.json === true ? JSON.stringify(answer) : `revoked ${printable(id)}`)
    return 0
  },
})

function printToken(token: ShownToken, json: boolean | undefined, terminal: Terminal): 0 {
  terminal.print(json === true ? JSON.stringify(token) : token.token)
  return 0
}

function tokenTable(tokens: readonly OpenToken[]): string[] {
  return table(
    ['FOR', 'ORGANIZATION', 'DATA CENTER', 'KIND', 'ROLE', 'EXPIRES (UTC)', 'ID', ''],
    tokens.map(({ id, name, organization, dataCenter, kind, role, expiresAt, replaces }) => [
      ...[name, organization, dataCenter, kind, role, readableTime(expiresAt), id],
      replaces === null ? '' : `in the place of ${replaces}`,
    ]),
    'No token is open.',
  )
}
