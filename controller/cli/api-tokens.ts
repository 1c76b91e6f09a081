/**
 * `patchmesh api-tokens list|revoke`: the tokens that there are. One is made beside the data (api-token.ts) or on the page.
 */
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { shownLimit } from './rights.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listApiTokens = defineCommand({
  name: 'api-tokens list',
  operations: ['listApiTokens'],
  summary: 'Lists the API tokens, what each may do and until when',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh api-tokens list',
  async run({ options, show }) {
    const tokens = await connect(options).apiTokens()
    const rows = tokens.map(({ id, name, role, organizations, expiresAt, usedAt }) => [
      ...[id, name, role, shownLimit(organizations)],
      ...[readableTime(expiresAt), usedAt === null ? 'never' : readableTime(usedAt)],
    ])
    const headings = ['ID', 'NAME', 'ROLE', 'ORGANIZATIONS', 'UNTIL', 'USED']
    return show(tokens, () => table(headings, rows, 'There is no API token.'))
  },
})

export const revokeApiToken = defineCommand({
  name: 'api-tokens revoke',
  operations: ['listApiTokens', 'revokeApiToken'],
  summary: 'Takes an API token back; whatever uses it is refused from then on',
  operands: ['ID'],
  usage: `ID [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh api-tokens revoke 0f3a9c1b2d4e',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'No token was revoked' }, async () => {
      const found = (await client.apiTokens()).find((token) => token.id === id)
      return (
        found && {
          id,
          question: `Revoke the API token ${found.name} (${found.role}) for good? Whatever uses it is refused then.`,
        }
      )
    })
    if (agreed === null) return 1
    const done = await client.revokeApiToken(agreed)
    return show(done, () => [printable(`The API token ${id} is revoked.`)])
  },
})
