/**
 * `patchmesh sessions list|end` and `patchmesh account`: who is signed in, and what one's own API token may do.
 */
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { shownLimit } from './rights.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listSessions = defineCommand({
  name: 'sessions list',
  operations: ['listSessions'],
  summary: 'Lists who is signed in, since when and from where',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh sessions list',
  async run({ options, show }) {
    const sessions = await connect(options).sessions()
    const rows = sessions.map(({ id, name, startedAt, usedAt, origin }) => [
      ...[id, name, readableTime(startedAt), readableTime(usedAt), origin.split(',')[0] ?? ''],
    ])
    return show(sessions, () => table(['ID', 'NAME', 'SINCE', 'USED', 'FROM'], rows, 'Nobody is signed in.'))
  },
})

export const endSession = defineCommand({
  name: 'sessions end',
  operations: ['listSessions', 'endSession'],
  summary: 'Ends a session at once',
  operands: ['ID'],
  usage: `ID [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh sessions end 0f3a9c1b2d4e',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No session was ended' }, async () => {
      const found = (await client.sessions()).find((session) => session.id === id)
      if (found === undefined) return undefined
      const whose = `${found.name}, from ${found.origin.split(',')[0]}`
      return { id, question: `End the session of ${whose}? Whoever uses it signs in again.` }
    })
    if (agreed === null) return 1
    const done = await client.endSession(agreed)
    return show(done, () => [printable(`The session ${id} has ended.`)])
  },
})

export const showAccount = defineCommand({
  name: 'account',
  operations: ['showAccount'],
  summary: 'Shows whose API token this is, and what it may do',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh account',
  async run({ options, show }) {
    const account = await connect(options).account()
    const { name, role, organizations, may } = account
    return show(account, () => [
      printable(`${name}: ${role}, organizations: ${shownLimit(organizations)}`),
      `may ${may.join(', ')}`,
    ])
  },
})
