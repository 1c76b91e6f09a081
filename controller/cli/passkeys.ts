/**
 * `patchmesh passkeys list|remove`: what people sign in with besides passwords. Only a browser makes one.
 */
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listPasskeys = defineCommand({
  name: 'passkeys list',
  operations: ['listPasskeys'],
  summary: 'Lists the passkeys, whose each is and when it was used',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh passkeys list',
  async run({ options, show }) {
    const passkeys = await connect(options).passkeys()
    const rows = passkeys.map(({ id, name, person, host, addedAt, usedAt }) => [
      ...[id, name, person, host, readableTime(addedAt), usedAt === null ? 'never' : readableTime(usedAt)],
    ])
    const headings = ['ID', 'PASSKEY', 'PERSON', 'AT', 'ADDED', 'USED']
    return show(passkeys, () => table(headings, rows, 'There is no passkey.'))
  },
})

export const removePasskey = defineCommand({
  name: 'passkeys remove',
  operations: ['listPasskeys', 'removePasskey'],
  summary: 'Removes a passkey, such as that of a lost device; it signs nobody in any more',
  operands: ['ID'],
  usage: `ID [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh passkeys remove 0f3a9c1b2d4e',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No passkey was removed' }, async () => {
      const found = (await client.passkeys()).find((passkey) => passkey.id === id)
      return found && { id, question: `Remove the passkey ${found.name} of ${found.person}? It signs nobody in then.` }
    })
    if (agreed === null) return 1
    const done = await client.removePasskey(agreed)
    return show(done, () => [printable(`The passkey ${id} is removed.`)])
  },
})
