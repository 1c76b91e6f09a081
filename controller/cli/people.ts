/**
 * `patchmesh people list|add|change|new-link|remove`: who has an account and what each may do. Whoever is added gets a
 * sign-in link, which is printed once.
 */
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import type { NewLink, PersonView } from '../core/access-views.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand, required, type Show, UsageError } from './command.ts'
import { plural, readableTime } from './quantities.ts'
import { organizationsOf, RIGHTS_OPTIONS, roleOf, shownLimit } from './rights.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listPeople = defineCommand({
  name: 'people list',
  operations: ['listPeople'],
  summary: 'Lists everybody who has an account, and what they may do',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh people list',
  async run({ options, show }) {
    const people = await connect(options).people()
    const rows = people.map(({ name, role, organizations, signedInAt, sessions, ...person }) => [
      ...[name, role, shownLimit(organizations), shownState(person)],
      ...[signedInAt === null ? 'never' : readableTime(signedInAt), String(sessions)],
    ])
    const headings = ['NAME', 'ROLE', 'ORGANIZATIONS', 'STATE', 'SIGNED IN', 'SESSIONS']
    return show(people, () => table(headings, rows, 'Nobody has an account yet.'))
  },
})

export const addPerson = defineCommand({
  name: 'people add',
  operations: ['addPerson'],
  summary: 'Adds a person and prints the sign-in link to hand on',
  operands: ['NAME'],
  usage: `NAME --role ROLE [--organization NAME...]`,
  options: { ...RIGHTS_OPTIONS, ...SERVER_OPTIONS },
  remarks: ['The link works once, within two days; there the person chooses a password.'],
  example: 'patchmesh people add ana --role operator --organization Acme',
  async run({ options, operands: [name = ''], show }) {
    const role = roleOf(required('role', options.role))
    const organizations = organizationsOf(options.organization)
    const added = await connect(options).addPerson({ name, role, organizations })
    return show(added, () => [added.signInLink ?? ''])
  },
})

export const changePerson = defineCommand({
  name: 'people change',
  operations: ['changePerson'],
  summary: 'Changes what a person may do, and ends their sessions',
  operands: ['NAME'],
  usage: `NAME [--role ROLE] [--organization NAME... | --all-organizations] [--disable | --enable] [--passkey-only | --allow-password]`,
  options: {
    ...RIGHTS_OPTIONS,
    'all-organizations': { type: 'boolean', about: 'lift the limit to organizations' },
    disable: { type: 'boolean', about: 'the person cannot sign in any more' },
    enable: { type: 'boolean', about: 'the person can sign in again' },
    'passkey-only': { type: 'boolean', about: 'the password does not sign in any more' },
    'allow-password': { type: 'boolean', about: 'the password signs in again' },
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh people change ana --role approver --all-organizations',
  async run({ options, operands: [name = ''], show }) {
    const { role, organization, 'all-organizations': all } = options
    const disabled = eitherOf(options, 'disable', 'enable')
    const passkeyOnly = eitherOf(options, 'passkey-only', 'allow-password')
    if (all === true && organization !== undefined) {
      throw new UsageError('--organization and --all-organizations do not go together')
    }
    const change = {
      ...(role === undefined ? {} : { role: roleOf(role) }),
      ...(all === true || organization !== undefined ? { organizations: organizationsOf(organization) } : {}),
      ...(disabled === undefined ? {} : { disabled }),
      ...(passkeyOnly === undefined ? {} : { passkeyOnly }),
    }
    if (Object.keys(change).length === 0) {
      throw new UsageError('nothing to change: give --role, --organization, --disable or another of the options')
    }
    const person = await connect(options).changePerson(name, change)
    const { role: now, organizations } = person
    return show(person, () => [
      printable(`${person.name}: ${now}, ${shownLimit(organizations)}, ${shownState(person)}`),
    ])
  },
})

function shownState({ state, passkeyOnly }: Pick<PersonView, 'state' | 'passkeyOnly'>): string {
  return passkeyOnly ? `${state}, passkeys only` : state
}

/** True for the one option, false for its opposite, undefined for neither. */
function eitherOf<Name extends string>(options: { [name in Name]?: boolean | undefined }, yes: Name, no: Name) {
  if (options[yes] === true && options[no] === true) throw new UsageError(`--${yes} and --${no} do not go together`)
  return options[yes] === true ? true : options[no] === true ? false : undefined
}

export const newLink = defineCommand({
  name: 'people new-link',
  operations: ['listPeople', 'makeSignInLink'],
  summary: 'Prints a new sign-in link for a person, whose password, passkeys and sessions end',
  operands: ['NAME'],
  usage: `NAME [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh people new-link ana',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'No link was made' }
    const agreed = await agreedOn(name, asking, async () => {
      const person = await personCalled(client, name)
      const question = `Make a new sign-in link for ${person?.name}, whose password, passkeys and sessions end?`
      return person && { id: person.name, question }
    })
    return agreed === null ? 1 : printLink(await client.newSignInLink(agreed), show)
  },
})

export const removePerson = defineCommand({
  name: 'people remove',
  operations: ['listPeople', 'removePerson'],
  summary: 'Removes a person, whose sessions end; what they did stays in the trail',
  operands: ['NAME'],
  usage: `NAME [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh people remove ana',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(name, { yes: options.yes, terminal, nothing: 'Nobody was removed' }, async () => {
      const person = await personCalled(client, name)
      if (person === undefined) return undefined
      const { name: called, role, sessions } = person
      const then = 'Nobody signs in by that name then; the trail keeps what was done.'
      return { id: called, question: `Remove ${called} (${role}), with ${plural(sessions, 'session')}? ${then}` }
    })
    if (agreed === null) return 1
    const done = await client.removePerson(agreed)
    return show(done, () => [printable(`${name} is removed.`)])
  },
})

/** However it is written. */
async function personCalled(client: ServiceCenterClient, name: string): Promise<PersonView | undefined> {
  return (await client.people()).find((person) => person.name.toLowerCase() === name.toLowerCase())
}

export function printLink(link: NewLink, show: Show): Promise<ExitStatus> {
  return show(link, () => [link.signInLink])
}
