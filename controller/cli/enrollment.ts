/**
 * `patchmesh appliances enroll|replace|tokens|revoke`: tokens through the API of a running Service Center, where
 * `enroll-token` works on its data folder.
 */

import { readFile } from 'node:fs/promises'
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import type { OpenToken, ShownToken } from '../core/appliance-views.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand, type Show } from './command.ts'
import { readSlot, SLOT_OPTIONS, topologyFile } from './enroll-token.ts'
import { printTokens, readTopology } from './enroll-topology.ts'
import { untilEnrolled } from './enrollment-ends.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'
import { timeoutOf, WAIT_USAGE, waitOptions } from './waiting.ts'

export const enrollAppliance = defineCommand({
  name: 'appliances enroll',
  operations: ['makeEnrollmentToken', 'enrollTopology'],
  summary: 'Makes tokens through the API, for one new appliance or for a whole topology',
  usage:
    '--data-center NAME --organization NAME --kind WORD --role primary|secondary --name NAME [--group NAME] [--wait [--timeout DURATION]]\n' +
    '       patchmesh appliances enroll --from TOPOLOGY.yaml [--wait [--timeout DURATION]]',
  options: { ...SLOT_OPTIONS, ...waitOptions('it is enrolled'), ...SERVER_OPTIONS },
  remarks: ['What enroll-token does beside the data of the controller, from anywhere.'],
  example:
    'patchmesh appliances enroll --data-center Paris --organization Provider --kind service-provider --role primary --name paris-1',
  async run({ options, terminal, show }) {
    const client = connect(options)
    const timeoutMs = timeoutOf(options)
    const end = async (names: readonly string[], status: ExitStatus) =>
      options.wait === true && names.length > 0
        ? untilEnrolled({ client, terminal, timeoutMs, names, before: new Map() })
        : status
    const file = topologyFile(options)
    if (file === undefined) {
      const token = await client.enroll(readSlot(options))
      return end([token.name], await printToken(token, show))
    }
    // Judged here first: mistakes are told with the name of the file, one a line.
    if ((await readTopology(file, terminal)) === null) return 1
    const tokens = await client.enrollTopology(await readFile(file, 'utf8'))
    const names = tokens.made.map(({ name }) => name)
    return end(names, await printTokens(tokens, { show, terminal }))
  },
})

export const replaceAppliance = defineCommand({
  name: 'appliances replace',
  operations: ['replaceAppliance'],
  summary: 'Makes a token for another machine in the place of an appliance',
  operands: ['NAME'],
  usage: `NAME ${WAIT_USAGE}`,
  options: { ...waitOptions('the new machine is enrolled'), ...SERVER_OPTIONS },
  remarks: [
    'The appliance stays a member until the token is used. Then its copies, detections and orders are void: the new\n' +
      'machine has the same name and place, and a key of its own.',
    'The tenant appliances of a Data Center know the members of its depot and no others: before you replace the only\n' +
      'one, enroll a second there.',
  ],
  example: 'patchmesh appliances replace paris-2',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const timeoutMs = timeoutOf(options)
    const token = await client.replaceAppliance(name)
    const { enrolledAt } = await client.appliance(token.name)
    const status = await printToken(token, show)
    if (options.wait !== true) return status
    const before = new Map([[token.name, enrolledAt]])
    return untilEnrolled({ client, terminal, timeoutMs, names: [token.name], before })
  },
})

export const listTokens = defineCommand({
  name: 'appliances tokens',
  operations: ['listEnrollmentTokens'],
  summary: 'Lists the tokens that nobody has used yet',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh appliances tokens',
  async run({ options, show }) {
    const tokens = await connect(options).openTokens()
    return show(tokens, () => tokenTable(tokens))
  },
})

export const revokeToken = defineCommand({
  name: 'appliances revoke',
  operations: ['listEnrollmentTokens', 'revokeEnrollmentToken'],
  summary: 'Takes a token back that nobody has used',
  operands: ['ID'],
  usage: 'ID [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: ['ID is from patchmesh appliances tokens.'],
  example: 'patchmesh appliances revoke 12D3KooWGm4kGXSyd5FvRaQX1pVTpKRyHAqYyc7yJ1tEzqN6uFvd',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No token was revoked' }, async () => {
      const found = (await client.openTokens()).find((token) => token.id === id)
      const whose = `${found?.name} of ${found?.organization}`
      return found && { id, question: `Revoke the enrollment token for ${whose}? It enrolls nobody then.` }
    })
    if (agreed === null) return 1
    const answer = await client.revokeToken(agreed)
    return show(answer, () => [`revoked ${printable(id)}`])
  },
})

function printToken(token: ShownToken, show: Show): Promise<ExitStatus> {
  return show(token, () => [token.token])
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
