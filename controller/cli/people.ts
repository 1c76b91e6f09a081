/**
 * `patchmesh people list|add|change|new-link|remove`: who has an account and what each may do. Whoever is added gets a
 * sign-in link, which is printed once.
 */
import type { NewLink } from '../core/access-views.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { readableTime } from './quantities.ts'
import { organizationsOf, RIGHTS_OPTIONS, roleOf, shownLimit } from './rights.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, type Terminal, table } from './terminal.ts'

const USAGE = '[--server URL] [--api-token TOKEN] [--json]'

export const listPeople = defineCommand({
  name: 'people list',
  operations: ['listPeople'],
  summary: 'Lists everybody who has an account, and what they may do',
  usage: USAGE,
  options: SERVER_OPTIONS,
  example: 'patchmesh people list',
  async run({ options, terminal }) {
    const people = await connect(options).people()
    const rows = people.map(({ name, role, organizations, state, signedInAt, sessions }) => [
      ...[name, role, shownLimit(organizations), state],
      ...[signedInAt === null ? 'never' : readableTime(signedInAt), String(sessions)],
    ])
    const headings = ['NAME', 'ROLE', 'ORGANIZATIONS', 'STATE', 'SIGNED IN', 'SESSIONS']
    if (options.json === true) terminal.print(JSON.stringify(people))
    else for (const line of table(headings, rows, 'Nobody has an account yet.')) terminal.print(line)
    return 0
  },
})

export const addPerson = defineCommand({
  name: 'people add',
  operations: ['addPerson'],
  summary: 'Adds a person and prints the sign-in link to hand on',
  operands: ['NAME'],
  usage: `NAME --role ROLE [--organization NAME...] ${USAGE}`,
  options: { ...RIGHTS_OPTIONS, ...SERVER_OPTIONS },
  remarks: ['The link works once, within two days; there the person chooses a password.'],
  example: 'patchmesh people add ana --role operator --organization Acme',
  async run({ options, operands: [name = ''], terminal }) {
    const role = roleOf(required('role', options.role))
    const organizations = organizationsOf(options.organization)
    const added = await connect(options).addPerson({ name, role, organizations })
    if (options.json === true) terminal.print(JSON.stringify(added))
    else terminal.print(added.signInLink ?? '')
    return 0
  },
})

export const changePerson = defineCommand({
  name: 'people change',
  operations: ['changePerson'],
  summary: 'Changes what a person may do, and ends their sessions',
  operands: ['NAME'],
  usage: `NAME [--role ROLE] [--organization NAME... | --all-organizations] [--disable | --enable] ${USAGE}`,
  options: {
    ...RIGHTS_OPTIONS,
    'all-organizations': { type: 'boolean', about: 'lift the limit to organizations' },
    disable: { type: 'boolean', about: 'the person cannot sign in any more' },
    enable: { type: 'boolean', about: 'the person can sign in again' },
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh people change ana --role approver --all-organizations',
  async run({ options, operands: [name = ''], terminal }) {
    const { role, organization, disable, enable, 'all-organizations': all } = options
    if (disable === true && enable === true) throw new UsageError('--disable and --enable do not go together')
    if (all === true && organization !== undefined) {
      throw new UsageError('--organization and --all-organizations do not go together')
    }
    const change = {
      ...(role === undefined ? {} : { role: roleOf(role) }),
      ...(all === true || organization !== undefined ? { organizations: organizationsOf(organization) } : {}),
      ...(disable === true || enable === true ? { disabled: disable === true } : {}),
    }
    if (Object.keys(change).length === 0) {
      throw new UsageError('nothing to change: give --role, --organization, --all-organizations, --disable or --enable')
    }
    const person = await connect(options).changePerson(name, change)
    if (options.json === true) terminal.print(JSON.stringify(person))
    else
      terminal.print(printable(`${person.name}: ${person.role}, ${shownLimit(person.organizations)}, ${person.state}`))
    return 0
  },
})

export const newLink = defineCommand({
  name: 'people new-link',
  operations: ['makeSignInLink'],
  summary: 'Prints a new sign-in link for a person, whose password, passkeys and sessions end',
  operands: ['NAME'],
  usage: `NAME ${USAGE}`,
  options: SERVER_OPTIONS,
  example: 'patchmesh people new-link ana',
  async run({ options, operands: [name = ''], terminal }) {
    return printLink(await connect(options).newSignInLink(name), options.json, terminal)
  },
})

export const removePerson = defineCommand({
  name: 'people remove',
  operations: ['removePerson'],
  summary: 'Removes a person, whose sessions end; what they did stays in the trail',
  operands: ['NAME'],
  usage: `NAME ${USAGE}`,
  options: SERVER_OPTIONS,
  example: 'patchmesh people remove ana',
  async run({ options, operands: [name = ''], terminal }) {
    const done = await connect(options).removePerson(name)
    terminal.print(options.json === true ? JSON.stringify(done) : printable(`${name} is removed.`))
    return 0
  },
})

export function printLink(link: NewLink, json: boolean | undefined, terminal: Terminal): 0 {
  terminal.print(json === true ? JSON.stringify(link) : link.signInLink)
  return 0
}
