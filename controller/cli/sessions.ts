/**
 * `patchmesh sessions list|end` and `patchmesh account`: who is signed in, and what one's own API token may do.
 */
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { shownLimit } from './rights.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const USAGE = '[--server URL] [--api-token TOKEN] [--json]'

export const listSessions = defineCommand({
  name: 'sessions list',
  operations: ['listSessions'],
  summary: 'Lists who is signed in, since when and from where',
  usage: USAGE,
  options: SERVER_OPTIONS,
  example: 'patchmesh sessions list',
  async run({ options, terminal }) {
    const sessions = await connect(options).sessions()
    const rows = sessions.map(({ id, name, startedAt, usedAt, origin }) => [
      ...[id, name, readableTime(startedAt), readableTime(usedAt), origin.split(',')[0] ?? ''],
    ])
    if (options.json === true) terminal.print(JSON.stringify(sessions))
    else {
      const lines = table(['ID', 'NAME', 'SINCE', 'USED', 'FROM'], rows, 'Nobody is signed in.')
      for (const line of lines) terminal.print(line)
    }
    return 0
  },
})

export const endSession = defineCommand({
  name: 'sessions end',
  operations: ['listSessions', 'endSession'],
  summary: 'Ends a session at once',
  operands: ['ID'],
  usage: `ID [--yes] ${USAGE}`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh sessions end 0f3a9c1b2d4e',
  async run({ options, operands: [id = ''], terminal }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No session was ended' }, async () => {
      const found = (await client.sessions()).find((session) => session.id === id)
      return found && { id, question: `End the session of ${found.name}, from ${found.origin.split(',')[0]}?` }
    })
    if (agreed === null) return 1
    const done = await client.endSession(agreed)
    terminal.print(options.json === true ? JSON.stringify(done) : printable(`The session ${id} has ended.`))
    return 0
  },
})

export const showAccount = defineCommand({
  name: 'account',
  operations: ['showAccount'],
  summary: 'Shows whose API token this is, and what it may do',
  usage: USAGE,
  options: SERVER_OPTIONS,
  example: 'patchmesh account',
  async run({ options, terminal }) {
    const account = await connect(options).account()
    if (options.json === true) terminal.print(JSON.stringify(account))
    else {
      const { name, role, organizations, may } = account
      terminal.print(printable(`${name}: ${role}, organizations: ${shownLimit(organizations)}`))
      terminal.print(`may ${may.join(', ')}`)
    }
    return 0
  },
})
