/**
 * `patchmesh passkeys list|remove`: what people sign in with besides passwords. Only a browser makes one.
 */
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const USAGE = '[--server URL] [--api-token TOKEN] [--json]'

export const listPasskeys = defineCommand({
  name: 'passkeys list',
  operations: ['listPasskeys'],
  summary: 'Lists the passkeys, whose each is and when it was used',
  usage: USAGE,
  options: SERVER_OPTIONS,
  example: 'patchmesh passkeys list',
  async run({ options, terminal }) {
    const passkeys = await connect(options).passkeys()
    const rows = passkeys.map(({ id, name, person, host, addedAt, usedAt }) => [
      ...[id, name, person, host, readableTime(addedAt), usedAt === null ? 'never' : readableTime(usedAt)],
    ])
    const headings = ['ID', 'PASSKEY', 'PERSON', 'AT', 'ADDED', 'USED']
    if (options.json === true) terminal.print(JSON.stringify(passkeys))
    else for (const line of table(headings, rows, 'There is no passkey.')) terminal.print(line)
    return 0
  },
})

export const removePasskey = defineCommand({
  name: 'passkeys remove',
  operations: ['removePasskey'],
  summary: 'Removes a passkey, such as that of a lost device; it signs nobody in any more',
  operands: ['ID'],
  usage: `ID ${USAGE}`,
  options: SERVER_OPTIONS,
  example: 'patchmesh passkeys remove 0f3a9c1b2d4e',
  async run({ options, operands: [id = ''], terminal }) {
    const done = await connect(options).removePasskey(id)
    terminal.print(options.json === true ? JSON.stringify(done) : printable(`The passkey ${id} is removed.`))
    return 0
  },
})
